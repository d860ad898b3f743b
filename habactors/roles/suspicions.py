"""Who is suspected, and until when may they refute it?

A suspicion lasts `SUSPICION_FACTOR * ceil(ln(N + 1))` periods: long enough, at 10 % loss, for a
refutation to win everywhere (SWIM 2002, section 4.2; the 99.9 % point of a simulation of rings of
8 to 1000).
"""

from math import ceil, log

from habactors.protocol.rumors import Membership

SUSPICION_FACTOR = 3


def suspicion_seconds(members: int, period_seconds: float) -> float:
    """How long a suspicion lasts in a ring of so many members."""
    return SUSPICION_FACTOR * ceil(log(members + 1)) * period_seconds


class Suspicions:
    """The suspects of one observer: each has a deadline, for the incarnation that is suspected."""

    def __init__(self) -> None:
        self._deadlines: dict[str, tuple[int, float]] = {}

    def note(self, member: Membership, deadline: float) -> None:
        """Start the clock, unless it runs already for this incarnation."""
        known = self._deadlines.get(member.id)
        if known is None or known[0] != member.incarnation:
            self._deadlines[member.id] = (member.incarnation, deadline)

    def postpone(self, seconds: float) -> None:
        """Give all of them so much more time."""
        for member_id, (incarnation, deadline) in self._deadlines.items():
            self._deadlines[member_id] = (incarnation, deadline + seconds)

    def clear(self, member_id: str) -> None:
        self._deadlines.pop(member_id, None)

    def expired(self, now: float) -> list[str]:
        """The members whose time is over; they are forgotten."""
        over = [
            member_id for member_id, (_, deadline) in self._deadlines.items() if deadline <= now
        ]
        for member_id in over:
            del self._deadlines[member_id]
        return over

    @property
    def next(self) -> float | None:
        """When the first of them is over."""
        return min((deadline for _, deadline in self._deadlines.values()), default=None)
