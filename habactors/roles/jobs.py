"""What becomes of each process that root runs for the services?"""

from typing import NamedTuple

from habactors.protocol.errands import Ended, Halt, Running, Spawn
from habactors.protocol.hands import JobEnded, JobStarted, Launch, SignalJob
from habactors.roles.deadlines import Deadlines
from habactors.roles.role import Role

KILL_REPEAT_SECONDS = 1.0


class Job(NamedTuple):
    """A job's process: `pid` 0 until it runs; `halted` while it is being ended."""

    pid_file: str
    pid: int = 0
    started: float = 0.0
    adopted: bool = False
    halted: bool = False


class Jobs:
    """Idempotent spawn and halt.

    `deadlines` of the root role carry the time limits under ("job", name).
    """

    def __init__(self, role: Role, deadlines: Deadlines[tuple[str, str]]) -> None:
        self._role = role
        self._deadlines = deadlines
        self._jobs: dict[str, Job] = {}

    def spawn(self, spawn: Spawn) -> None:
        """Nothing is said of a job that is just being ended: its `Ended` will be."""
        job = self._jobs.get(spawn.job)
        if job is None:
            self._jobs[spawn.job] = Job(spawn.pid_file)
            self._role.say(Launch(spawn))
        elif job.pid and not job.halted:
            self._role.say(Running(spawn.job, job.pid, job.started, job.adopted))

    def started(self, news: JobStarted) -> None:
        self._jobs[news.job] = self._jobs[news.job]._replace(
            pid=news.pid, started=news.started, adopted=news.adopted
        )
        self._role.say(Running(news.job, news.pid, news.started, news.adopted))

    def ended(self, news: JobEnded) -> None:
        self._jobs.pop(news.job, None)
        self._deadlines.clear(("job", news.job))
        self._role.say(Ended(news.job, news.pid, news.code, news.error))

    def halt(self, halt: Halt, now: float) -> None:
        """Signal once; what is asked again goes on under the first time limit."""
        job = self._jobs.get(halt.job, Job(halt.pid_file))
        if job.halted:
            return
        self._jobs[halt.job] = job._replace(halted=True)
        self._deadlines.set(("job", halt.job), now + halt.timeout_seconds)
        self._role.say(SignalJob(halt.job, job.pid_file, halt.signal, tree=False))

    def overdue(self, name: str, now: float) -> None:
        """The time limit is over: kill the whole tree, until it is gone."""
        self._deadlines.set(("job", name), now + KILL_REPEAT_SECONDS)
        self._kill(name)

    def end_all(self) -> None:
        """The node is about to end: whatever still runs, such as a hook, ends before it."""
        for name in self._jobs:
            self._kill(name)

    def _kill(self, name: str) -> None:
        self._role.say(SignalJob(name, self._jobs[name].pid_file, "KILL", tree=True))
