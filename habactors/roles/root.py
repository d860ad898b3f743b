"""Which actors should be running?

One for one: whoever dies is started again, at once at first, then after a growing pause. An actor
that cannot even start, again and again, ends the node with an error; its services go on and are
adopted by the next start. Root is also the parent of every service and hook.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from habactors.config import RootConfig
from habactors.protocol.commands import Answered
from habactors.protocol.errands import (
    ActorRow,
    CallRoll,
    Halt,
    RestartActor,
    Roster,
    ServicesStopped,
    Spawn,
    StopNode,
    StopServices,
)
from habactors.protocol.hands import (
    ActorEnded,
    EndActor,
    Finish,
    Fork,
    Forked,
    JobEnded,
    JobStarted,
)
from habactors.protocol.lifecycle import Identity, Start, Wake
from habactors.protocol.news import Leave
from habactors.roles.deadlines import Deadlines
from habactors.roles.jobs import Jobs
from habactors.roles.role import Role

PAUSE_SECONDS_MAX = 30.0
EARLY_DEATH_SECONDS = 1.0
END_SECONDS = 2.0
LEAVE_SECONDS = 0.3
REMINDER_SECONDS = 1.0


class Child(msgspec.Struct):
    """An actor in root's eyes.

    `deaths` are the times of its latest restarts, `early` how often in a row it died at its start.
    """

    name: str
    state: str = "backoff"
    pid: int = 0
    since: float = 0.0
    restarts: int = 0
    deaths: list[float] = []
    early: int = 0
    wanted: bool = False


class Root(Role):
    """The supervisor of the actors named in `actors`, in start order."""

    NAME = "root"

    def __init__(
        self, me: Identity, settings: RootConfig, actors: Sequence[str], pid: int
    ) -> None:
        super().__init__(me)
        self.settings = settings
        self.pid = pid
        self.started = 0.0
        self.children = {name: Child(name) for name in actors}
        self._stage = ""
        self._deadlines: Deadlines[tuple[str, str]] = Deadlines()
        self._jobs = Jobs(self, self._deadlines)

    def hear(self, message: Any, now: float) -> None:
        match message:
            case ActorEnded(actor, _, cause):
                self._bury(self.children[actor], cause, now)
            case Forked(actor, pid):
                self._welcome(self.children[actor], pid, now)
            case JobEnded():
                self._jobs.ended(message)
            case JobStarted():
                self._jobs.started(message)
            case Spawn():
                self._jobs.spawn(message)
            case Halt():
                self._jobs.halt(message, now)
            case CallRoll():
                self._say_roster()
            case RestartActor(request, actor):
                self._restart(request, actor, now)
            case StopNode(request):
                self._begin_stop(request, now)
            case ServicesStopped():
                if self._stage == "services":
                    self._leave_ring(now)
            case Start():
                self.started = now
                for name in self.children:
                    self.say(Fork(name))
            case Wake():
                pass
        self._keep_time(now)

    def _welcome(self, child: Child, pid: int, now: float) -> None:
        child.state, child.pid, child.since, child.wanted = "running", pid, now, False
        self._say_roster()

    def _bury(self, child: Child, cause: str, now: float) -> None:
        self._deadlines.clear(("kill", child.name))
        if self._stage:
            child.state, child.pid = "stopped", 0
            if self._stage == "actors":
                self._end_next(now)
            return
        child.restarts += 1
        self.report(now, "actor", child.name, child.name, child.state, "restarting", cause)
        if child.wanted:
            self.say(Fork(child.name))
            return
        lived_seconds = now - child.since
        child.early = child.early + 1 if lived_seconds < EARLY_DEATH_SECONDS else 0
        if child.early > self.settings.intensity:
            self._give_up(child, cause)
            return
        self._revive(child, now)

    def _revive(self, child: Child, now: float) -> None:
        """At once while restarts stay within the intensity; beyond it after a pause that doubles."""
        recent = [time for time in child.deaths if time > now - self.settings.period_seconds]
        child.deaths = [*recent, now]
        excess = max(len(child.deaths) - self.settings.intensity, child.early)
        if excess <= 0:
            self.say(Fork(child.name))
            return
        child.state, child.pid = "backoff", 0
        pause_seconds = min(2.0 ** (excess - 1), PAUSE_SECONDS_MAX)
        if excess == child.early:
            pause_seconds = min(0.1 * 2.0 ** (excess - 1), PAUSE_SECONDS_MAX)
        self._deadlines.set(("revive", child.name), now + pause_seconds)
        self._say_roster()

    def _give_up(self, child: Child, cause: str) -> None:
        """Escalate.

        What cannot start here may start in a fresh node, under whoever supervises this one.
        """
        self._stage = "given up"
        self.say(
            Finish(
                1, f"{child.name} cannot start ({cause}): see the lines above, its services go on"
            )
        )

    def _restart(self, request: int, actor: str, now: float) -> None:
        child = self.children.get(actor)
        if child is None:
            hint = f"the actors are {', '.join(self.children)}"
            self.say(Answered(request, f"there is no actor {actor}", "not-found", hint))
            return
        child.wanted = True
        if child.state == "running":
            self.say(EndActor(actor, kill=False))
            self._deadlines.set(("kill", actor), now + END_SECONDS)
        else:
            self._deadlines.clear(("revive", actor))
            self.say(Fork(actor))
        self.say(Answered(request, f"{actor} is being restarted"))

    def _begin_stop(self, request: int, now: float) -> None:
        if request:
            self.say(Answered(request, f"{self.me.name} is stopping"))
        if not self._stage:
            self._stage = "services"
            self.report(now, "node", self.me.id, self.me.name, "running", "stopping", "")
            self._remind_services(now)

    def _remind_services(self, now: float) -> None:
        """Said again and again, because the services actor may have died over it."""
        child = self.children["services"]
        if child.state == "stopped":
            child.state = "running"
            self.say(Fork("services"))
        self.say(StopServices())
        self._deadlines.set(("remind", "services"), now + REMINDER_SECONDS)

    def _leave_ring(self, now: float) -> None:
        self._stage = "leaving"
        self._deadlines.clear(("remind", "services"))
        self.say(Leave())
        self._deadlines.set(("leave", ""), now + LEAVE_SECONDS)

    def _end_next(self, now: float) -> None:
        """End the actors one after the other, in reverse order of their start."""
        for child in reversed(self.children.values()):
            if child.state == "running":
                child.state = "stopping"
                self.say(EndActor(child.name, kill=False))
                self._deadlines.set(("kill", child.name), now + END_SECONDS)
                return
            if child.state == "stopping":
                return
        self.say(Finish(0))

    def _say_roster(self) -> None:
        rows = [ActorRow("root", self.pid, "running", self.started, 0)]
        rows.extend(
            ActorRow(child.name, child.pid, child.state, child.since, child.restarts)
            for child in self.children.values()
        )
        self.say(Roster(self.started, tuple(rows)))

    def _keep_time(self, now: float) -> None:
        for what, name in self._deadlines.due(now):
            match what:
                case "job":
                    self._jobs.overdue(name, now)
                case "revive":
                    self.say(Fork(name))
                case "kill":
                    self.say(EndActor(name, kill=True))
                case "remind":
                    self._remind_services(now)
                case "leave":
                    self._stage = "actors"
                    self._end_next(now)
        self.wake_at(self._deadlines.next)
