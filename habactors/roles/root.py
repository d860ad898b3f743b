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
    Expelled,
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
from habactors.protocol.news import Leave, Left
from habactors.roles.deadlines import Deadlines
from habactors.roles.jobs import Jobs
from habactors.roles.role import Role

PAUSE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 30.0
EARLY_DEATH_SECONDS = 1.0
EARLY_PAUSE_SECONDS = 0.1
EXPELLED = 5
"""The exit code of a node that was told to depart."""

END_SECONDS = 2.0
LEAVE_SECONDS_MAX = 1.0
REMINDER_SECONDS = 1.0
DOUBLINGS_MAX = 16


class Child(msgspec.Struct):
    """An actor in root's eyes.

    `deaths` are the times of its latest deaths, `early` how often in a row it ended by itself at
    its start, `excess` how many deaths ago they became too many. `wanted`: an operator wants it
    ended and started anew. `cause` is what its last death came of.
    """

    name: str
    state: str = "backoff"
    pid: int = 0
    since: float = 0.0
    restarts: int = 0
    deaths: list[float] = []
    early: int = 0
    excess: int = 0
    wanted: bool = False
    cause: str = ""


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
        self._end = Finish(0)
        self._deadlines: Deadlines[tuple[str, str]] = Deadlines()
        self._jobs = Jobs(self, self._deadlines)

    def hear(self, message: Any, now: float) -> None:
        match message:
            case ActorEnded(actor, pid, cause):
                self._bury(self.children[actor], pid, cause, now)
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
            case Expelled(why):
                self._expel(why, now)
            case Left():
                if self._stage == "leaving":
                    self._deadlines.clear(("leave", ""))
                    self._end_actors(now)
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
        if child.restarts:
            self.report(now, "actor", child.name, child.name, "restarting", "running", child.cause)
        child.state, child.pid, child.since = "running", pid, now
        self._say_roster()
        if self._stage == "services" and child.name == "services":
            self.say(StopServices())
        elif self._stage == "leaving" and child.name == "disseminator":
            self.say(Leave())

    def _bury(self, child: Child, pid: int, cause: str, now: float) -> None:
        """An actor is gone; `pid` 0 means that it never came to be."""
        self._deadlines.clear(("kill", child.name))
        if self._stage == "actors":
            child.state, child.pid = "stopped", 0
            self._end_next(now)
            return
        if self._stage == "given up":
            return
        child.restarts += 1
        child.cause = cause
        self.report(now, "actor", child.name, child.name, child.state, "restarting", cause)
        if child.wanted and pid:
            self._fork(child)
            return
        lived_seconds = now - child.since if pid else 0.0
        if lived_seconds >= EARLY_DEATH_SECONDS:
            child.early = 0
        elif not cause.startswith("killed"):
            child.early += 1
        if child.early > self.settings.intensity:
            self._give_up(child, cause)
            return
        self._revive(child, lived_seconds, now)

    def _fork(self, child: Child) -> None:
        child.wanted = False
        self._deadlines.clear(("revive", child.name))
        self.say(Fork(child.name))

    def _revive(self, child: Child, lived_seconds: float, now: float) -> None:
        """At once while deaths stay within the intensity, beyond it after a pause that doubles.

        A life of a whole period makes it short again.
        """
        recent = [time for time in child.deaths if time > now - self.settings.period_seconds]
        child.deaths = [*recent, now]
        if lived_seconds >= self.settings.period_seconds:
            child.excess = 0
        if child.excess or len(child.deaths) > self.settings.intensity:
            child.excess += 1
        pause_seconds = max(
            _pause_seconds(EARLY_PAUSE_SECONDS, child.early),
            _pause_seconds(PAUSE_SECONDS, child.excess),
        )
        if not pause_seconds:
            self._fork(child)
            return
        child.state, child.pid = "backoff", 0
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
        if self._stage:
            hint = "start the node again"
            self.say(Answered(request, f"{self.me.name} is stopping", "conflict", hint))
            return
        self.say(Answered(request, f"{actor} is being restarted"))  # control itself hears it yet
        if child.state == "backoff":
            self._fork(child)
        elif not child.wanted:
            child.wanted = True
            self._ask_to_end(child, now)

    def _ask_to_end(self, child: Child, now: float) -> None:
        self.say(EndActor(child.name, kill=False))
        self._deadlines.set(("kill", child.name), now + END_SECONDS)

    def _begin_stop(self, request: int, now: float) -> None:
        """Actors that die while services stop and the node leaves are started again as ever."""
        if request:
            self.say(Answered(request, f"{self.me.name} is stopping"))
        if self._stage:
            return
        self._stage = "services"
        self.report(now, "node", self.me.id, self.me.name, "running", "stopping", "")
        for child in self.children.values():
            if child.state == "backoff":
                self._fork(child)
        self._remind_services(now)

    def _expel(self, why: str, now: float) -> None:
        """The ring has done with this node for ever."""
        self._end = Finish(EXPELLED, why)
        self._begin_stop(0, now)

    def _remind_services(self, now: float) -> None:
        """Said again and again, because letters may be lost."""
        self.say(StopServices())
        self._deadlines.set(("remind", "services"), now + REMINDER_SECONDS)

    def _leave_ring(self, now: float) -> None:
        self._stage = "leaving"
        self._deadlines.clear(("remind", "services"))
        self.say(Leave())
        self._deadlines.set(("leave", ""), now + LEAVE_SECONDS_MAX)

    def _end_actors(self, now: float) -> None:
        self._stage = "actors"
        self._jobs.end_all()
        for child in self.children.values():
            if child.state == "backoff":
                child.state = "stopped"
                self._deadlines.clear(("revive", child.name))
        self._end_next(now)

    def _end_next(self, now: float) -> None:
        """End the actors one after the other, in reverse order of their start."""
        for child in reversed(self.children.values()):
            if child.state == "running":
                child.state = "stopping"
                self._say_roster()
                self._ask_to_end(child, now)
                return
            if child.state == "stopping":
                return
        self.say(self._end)

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
                    self._fork(self.children[name])
                case "kill":
                    self.say(EndActor(name, kill=True))
                case "remind":
                    self._remind_services(now)
                case "leave":
                    self._end_actors(now)
        self.wake_at(self._deadlines.next)


def _pause_seconds(first: float, count: int) -> float:
    """The pause before the start after `count` deaths that were too many; none after none."""
    doublings = min(count - 1, DOUBLINGS_MAX)
    return min(first * 2.0**doublings, PAUSE_SECONDS_MAX) if count else 0.0
