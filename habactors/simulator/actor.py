"""How does an imagined actor live?

From its `Start` to its crash it drives one role as a real body does: one message at a time, then
the outbox is emptied. A crash loses the letters that are under way to it; what is said while it is
down waits for its successor, as letters in real sockets do.
"""

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from habactors.protocol.lifecycle import Start, Wake
from habactors.roles.role import Role

if TYPE_CHECKING:
    from habactors.simulator.host import Host

WAKE = Wake()
WAKES_MAX = 100
"""A role that wants to be woken so often at one instant will never sleep again."""


class Actor:
    """One life of an actor of a host."""

    __slots__ = (
        "_alarm",
        "_attentive",
        "_ended",
        "_host",
        "_rang",
        "_started",
        "_waiting",
        "_wakes",
        "name",
        "role",
    )

    def __init__(self, host: "Host", name: str, role: Role) -> None:
        self.name = name
        self.role = role
        self._host = host
        self._started = False
        self._attentive = False
        self._ended = False
        self._waiting: list[Any] = []
        self._alarm = inf
        self._rang = -inf
        self._wakes = 0

    def start(self, kept: Mapping[str, bytes]) -> None:
        """Begin to live with the records of the life before; then hear what waited meanwhile."""
        if not self._ended:
            self._started = True
            self._waiting.insert(0, Start(dict(kept)))
            self.attend()

    def end(self) -> None:
        """Live no more: whatever still arrives is lost."""
        self._ended = True
        self._attentive = False
        self._waiting.clear()

    def pause(self) -> None:
        """Let everything wait."""
        self._attentive = False

    def attend(self) -> None:
        """Hear what waited, and everything from now on."""
        if self._started and not self._ended and not self._host.paused:
            self._attentive = True
            waiting, self._waiting = self._waiting, []
            for message in waiting:
                self.hear(message)

    def hear(self, message: Any) -> None:
        """Hear a message now, or when the actor attends again, or never after its end."""
        if not self._attentive:
            if not self._ended:
                self._waiting.append(message)
            return
        host = self._host
        agenda = host.agenda
        clock = host.clock
        role = self.role
        try:
            role.hear(message, agenda.now if clock is None else clock.now())
        except Exception as error:
            place = f"{host.name} {self.name} at {agenda.elapsed:.3f} s, hearing {message!r}"
            error.add_note(place)
            raise
        out = role.out
        if out.said or out.sent or out.kept:
            host.empty(self.name, out)
        wake = out.wake
        if wake is not None:
            if clock is not None:
                wake = clock.when(wake)
            if wake < self._alarm:
                self._alarm = max(agenda.now, wake)
                agenda.at(self._alarm, self._ring, self._alarm)

    def set_alarm_anew(self) -> None:
        """Reckon again when the role is to be woken, after the clock was disturbed."""
        self._alarm = inf
        clock, wake = self._host.clock, self.role.out.wake
        if clock is not None and wake is not None and not self._ended:
            self._alarm = max(self._host.agenda.now, clock.when(wake))
            self._host.agenda.at(self._alarm, self._ring, self._alarm)

    def _ring(self, alarm: float) -> None:
        """Wake the role, unless it has put its deadline off since, or an earlier alarm was set."""
        wake = self.role.out.wake
        if alarm != self._alarm or self._ended:
            return
        self._alarm = inf
        if wake is None:
            return
        agenda, clock = self._host.agenda, self._host.clock
        due = wake if clock is None else clock.when(wake)
        if due <= agenda.now:
            if clock is not None:
                clock.reach(wake)
            self._count_wakes(alarm)
            self.hear(WAKE)
        else:
            self._alarm = due
            agenda.at(due, self._ring, due)

    def _count_wakes(self, alarm: float) -> None:
        self._wakes = self._wakes + 1 if alarm == self._rang else 0
        self._rang = alarm
        assert self._wakes < WAKES_MAX, f"{self._host.name} {self.name} asks for Wake without end"
