"""What happens next in virtual time?

A heap of events. Those of one instant happen in the order in which they were noted, so a run
depends on nothing but its seed.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

DAWN = 1_000_000_000.0
"""Epoch seconds when every imagined ring begins: zero would hide who takes a time for none."""


class Agenda:
    """The one clock of a simulation and what is to come; `now` is epoch seconds."""

    def __init__(self) -> None:
        self.now = DAWN
        self.noted = 0
        self._events: list[tuple[float, int, Callable[[Any], None], Any]] = []

    @property
    def elapsed(self) -> float:
        """Virtual seconds since the beginning."""
        return self.now - DAWN

    def at(self, time: float, action: Callable[[Any], None], subject: Any) -> None:
        """Note that `action(subject)` is to happen at `time`; the past is now."""
        self.noted += 1
        heappush(self._events, (time, self.noted, action, subject))

    def run(self, seconds: float) -> None:
        """Let everything happen that is due in the next so many seconds."""
        until = self.now + seconds
        events = self._events
        while events and events[0][0] <= until:
            time, _, action, subject = heappop(events)
            if time > self.now:  # noqa: PLR1730 - this is the innermost loop, and a call costs
                self.now = time
            action(subject)
        self.now = until
