"""What time does an imagined host believe it to be?

The clock of a host may be wrong: it jumps, or runs fast or slow. It never runs backwards while the
node runs, for that is what roles are promised: a jump back makes it stand still for as long, and
shows in full when the node starts again.
"""

from math import inf

from habactors.simulator.agenda import Agenda


class Clock:
    """Epoch seconds in the eyes of one host; right until it is disturbed."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._rate = 1.0
        self._set_at = agenda.now
        self._set_to = agenda.now
        self._shown = -inf

    def now(self) -> float:
        """What the clock shows."""
        self._shown = max(self._shown, self._read())
        return self._shown

    def when(self, time: float) -> float:
        """The virtual time when it will show that, as things are."""
        return self._set_at + (time - self._set_to) / self._rate

    def jump(self, seconds: float) -> None:
        """Go forward, or back when that is negative."""
        self.now()
        self._set_at, self._set_to = self._agenda.now, self._read() + seconds

    def run_at(self, rate: float) -> None:
        """Go on at so many seconds a second."""
        self._set_at, self._set_to = self._agenda.now, self._read()
        self._rate = rate

    def restart(self) -> None:
        """The node starts: no promise binds the clock any more."""
        self._shown = -inf

    def reach(self, time: float) -> None:
        """Show at least that: it was waited for, and is missed by what rounding takes away."""
        self._shown = max(self._shown, time)

    def _read(self) -> float:
        return self._set_to + (self._agenda.now - self._set_at) * self._rate
