"""What time is it?

Epoch seconds that never run backwards: the wall clock as it stood when the node started, carried
on by the clock that also counts suspended time. All actors of a node share the anchor, so they
agree to the microsecond.
"""

import time


class Clock:
    """`now()` in epoch seconds; steps of the wall clock after the start do not show."""

    def __init__(self) -> None:
        self._anchor = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    def now(self) -> float:
        return self._anchor + time.clock_gettime(time.CLOCK_BOOTTIME)
