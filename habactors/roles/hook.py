"""How far is a hook that runs beside its service?"""

from habactors.protocol.errands import Ended, Halt, Running, Spawn

HOOK_SECONDS = 30.0
KILL_SECONDS = 2.0
REST_SECONDS = 5.0


class Hook:
    """One run of a hook, by which the process `pid` takes up the config of that print.

    It is over when root says `Ended`; at its time limit, `until`, it is ended. One without a
    `spawn` may be left over from a former life of the services actor, of which nothing is known.
    """

    def __init__(
        self,
        job: str,
        pid_file: str,
        *,
        spawn: Spawn | None = None,
        pid: int = 0,
        config: str = "",
        now: float = 0.0,
    ) -> None:
        self.job = job
        self.spawn = spawn
        self.pid = pid
        self.config = config
        self.until = now + HOOK_SECONDS
        self._pid_file = pid_file
        self._asked_at = now
        self._is_stale = spawn is None
        self._is_running = False

    def running(self, news: Running, now: float) -> None:
        """Root answers; a run that began before we asked may have read older files."""
        if self.spawn and not self._is_running:
            self._is_running = True
            self.until = now + HOOK_SECONDS
            self._is_stale = news.adopted or news.started < self._asked_at

    def limit(self, now: float) -> None:
        """Its time is over now."""
        self.until = min(self.until, now)

    def step(self, now: float) -> Spawn | Halt | None:
        """What root has to hear, until it answers."""
        if self.spawn is None:  # CONT asks nothing of it, but root will say when it has ended
            return Halt(self.job, self._pid_file, "CONT", REST_SECONDS)
        if now >= self.until:
            return Halt(self.job, self._pid_file, "TERM", KILL_SECONDS)
        return None if self._is_running else self.spawn

    def is_over(self, news: Ended, now: float) -> bool:
        """Whether that is the end of this run, not a late answer to the Halt of an earlier one."""
        return bool(news.pid or news.error or self.spawn is None or now >= self.until)

    def was_for(self, pid: int) -> bool:
        """Whether the process with that pid has now taken up the config."""
        return self.pid == pid and not self._is_stale

    def is_worth_telling(self, news: Ended) -> bool:
        """Whether there was a run at all."""
        return bool(self.spawn or news.pid)
