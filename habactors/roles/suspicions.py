"""Who is suspected, and until when may they refute it?

Lifeguard's suspicion (Dadgar, Phillips, Currey 2018, section IV-B): one accuser alone may be wrong
because it is slow itself, so a suspicion starts long and shrinks with every further accuser. Whom
its own host refuses to several observers is not given time at all: no node lives there.
"""

from math import inf, log, log10
from typing import NamedTuple

from habactors.config import DetectorConfig
from habactors.protocol.limits import EVIDENCE_MAX
from habactors.protocol.rumors import Membership

REFUSALS = 2
"""So many observers must be refused; one alone could stand before a firewall."""


class Patience(NamedTuple):
    """How long a suspicion lasts, in a ring with `others` besides observer and suspect."""

    settings: DetectorConfig
    others: int

    def seconds(self, member: Membership) -> float:
        """The whole span from the first suspicion on.

        Between the least and the most it falls with the logarithm of the confirmations, which are
        the accusers after the first.
        """
        if member.refusals >= min(REFUSALS, self.others + 1):
            return 0.0
        least = self._least_seconds
        needed = min(self.settings.suspicion_confirmations, self.others, EVIDENCE_MAX - 1)
        if not needed:
            return least
        most = least * self.settings.suspicion_max_factor
        confirmations = max(0, len(member.evidence) - 1)
        return max(least, most - (most - least) * log(confirmations + 1) / log(needed + 1))

    @property
    def _least_seconds(self) -> float:
        members = self.others + 2
        settings = self.settings
        return settings.suspicion_min_periods * settings.period_seconds * max(1.0, log10(members))


class Suspicion(NamedTuple):
    """A suspect at an incarnation: since when, and until when."""

    incarnation: int
    since: float
    deadline: float


class Suspicions:
    """The suspects of one observer."""

    def __init__(self) -> None:
        self._suspects: dict[str, Suspicion] = {}

    def note(self, member: Membership, since: float, seconds: float) -> None:
        """Let the suspicion of a member last `seconds` from its beginning on.

        It began at `since`, unless this incarnation was suspected before. More evidence only ever
        shortens it.
        """
        known = self._suspects.get(member.id)
        deadline = since + seconds
        if known and known.incarnation == member.incarnation:
            since, deadline = known.since, min(known.deadline, known.since + seconds)
        self._suspects[member.id] = Suspicion(member.incarnation, since, deadline)

    def since(self, member_id: str) -> float:
        """When the suspicion began; infinity when there is none."""
        known = self._suspects.get(member_id)
        return known.since if known else inf

    def extend(self, member_id: str, deadline: float) -> None:
        """Give one suspect until then, whatever the evidence."""
        known = self._suspects[member_id]
        self._suspects[member_id] = known._replace(deadline=deadline)

    def postpone(self, seconds: float) -> None:
        """Give all of them so much more time."""
        for member_id, known in self._suspects.items():
            self._suspects[member_id] = Suspicion(
                known.incarnation, known.since + seconds, known.deadline + seconds
            )

    def clear(self, member_id: str) -> None:
        self._suspects.pop(member_id, None)

    def expired(self, now: float) -> list[str]:
        """The members whose time is over."""
        return [member for member, known in self._suspects.items() if known.deadline <= now]

    @property
    def next(self) -> float | None:
        """When the first of them is over."""
        return min((known.deadline for known in self._suspects.values()), default=None)
