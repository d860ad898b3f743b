"""Who may vote in a group, and are there enough of them?

The electorate is what a leader has agreed upon with a majority. It grows with newcomers, and loses
who is gone as long as enough remain, one member at a time. Before the first leader nothing is
agreed, so all who are known to be in the group must take part: two halves of a ring could
otherwise each elect a leader of their own.
"""

from typing import NamedTuple

from habactors.protocol.electorate import ELECTORATE_MAX, Electorate
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.views import GroupView, MemberView

GONE_SECONDS = 5.0
"""How long somebody must be gone before it loses its vote."""


class Poll(NamedTuple):
    """An electorate, how many of it are alive, and how many are needed."""

    electorate: Electorate
    alive: int
    quorum: int

    @property
    def known(self) -> int:
        """How many there are."""
        return len(self.electorate.members)

    @property
    def is_quorate(self) -> bool:
        """Whether enough are alive."""
        return self.alive >= self.quorum


class Polls:
    """The members of one group, as the census shows them."""

    def __init__(self, minimum: int) -> None:
        self.minimum = minimum
        self.settled_since = float("-inf")
        self._members: dict[str, MemberView] = {}
        self._group: tuple[str, ...] = ()
        self._gone_since: dict[str, float] = {}

    def see(self, group: GroupView | None, members: dict[str, MemberView], now: float) -> None:
        """The census has changed."""
        self._members = members
        listed = tuple(sorted(each.member_id for each in group.members)) if group else ()
        if listed != self._group:
            self._group, self.settled_since = listed, now
        for member_id in dict.fromkeys((*listed, *self._gone_since)):
            if self.is_alive(member_id):
                self._gone_since.pop(member_id, None)
            else:
                self._gone_since.setdefault(member_id, now)

    def address(self, member_id: str) -> str:
        """Where a member is reached; empty for strangers."""
        view = self._members.get(member_id)
        return view.address if view else ""

    def name(self, member_id: str) -> str:
        """What people call a member."""
        view = self._members.get(member_id)
        return view.name if view else member_id

    def is_alive(self, member_id: str) -> bool:
        """Whether a member can be reached and serves in the group."""
        return self.can_vote(member_id) and member_id in self._group

    def can_vote(self, member_id: str) -> bool:
        """Whether a member can be reached; it votes even if it serves in the group no more."""
        view = self._members.get(member_id)
        return bool(view and view.health in REACHABLE)

    def has_departed(self, member_id: str) -> bool:
        """Whether an operator told a member to leave for ever."""
        view = self._members.get(member_id)
        return bool(view and view.health == Health.DEPARTED)

    def missing(self, electorate: Electorate) -> list[str]:
        """The names of those who cannot be asked."""
        return [self.name(one) for one in electorate.members if not self.can_vote(one)]

    def poll(self, agreed: Electorate) -> Poll:
        """Whom to ask.

        The agreed electorate; those who departed count only as long as there are enough without
        them. Where that leaves fewer than the minimum, members of the group fill it up, and all
        are needed, or two halves of a ring could each fill up what is left.
        """
        whole = self._count(agreed if agreed.members else self._everybody())
        if whole.is_quorate or not any(map(self.has_departed, agreed.members)):
            return whole
        left = [member for member in agreed.members if not self.has_departed(member)]
        if len(left) >= self.minimum:
            return self._count(Electorate(agreed.term, agreed.serial, tuple(left)))
        members = (*left, *self._substitutes(left))
        electorate = Electorate(agreed.term, agreed.serial, tuple(sorted(members)))
        return self._count(electorate)._replace(quorum=len(members))

    def _substitutes(self, left: list[str]) -> list[str]:
        """Who takes the places of those who departed; where nobody is left, it begins anew."""
        if not left:
            return list(self._everybody().members)
        others = [one for one in self._group if one not in left and self.is_alive(one)]
        return others[: self.minimum - len(left)]

    def change(self, agreed: Electorate, me: str, now: float) -> Electorate | None:
        """The next electorate, which differs by one member; None when it may stay as it is."""
        newcomers = [
            one for one in self._group if one not in agreed.members and self.is_alive(one)
        ]
        if newcomers and len(agreed.members) < ELECTORATE_MAX:
            return _next(agreed, (*agreed.members, newcomers[0]))
        if len(agreed.members) <= self.minimum:
            return None
        for member_id in agreed.members:
            if member_id != me and self._is_gone_for_long(member_id, now):
                return _next(agreed, [one for one in agreed.members if one != member_id])
        return None

    def next_change(self, agreed: Electorate, now: float) -> float | None:
        """When somebody who is gone will have been so for long enough."""
        times = [
            self._gone_since[one] + GONE_SECONDS
            for one in agreed.members
            if one in self._gone_since
        ]
        return min((time for time in times if time > now), default=None)

    def _is_gone_for_long(self, member_id: str, now: float) -> bool:
        if self.is_alive(member_id):
            return False
        since = self._gone_since.setdefault(member_id, now)
        return self.has_departed(member_id) or now - since >= GONE_SECONDS

    def _everybody(self) -> Electorate:
        members = [one for one in self._group if not self.has_departed(one)]
        return Electorate(0, 0, tuple(members[:ELECTORATE_MAX]))

    def _count(self, electorate: Electorate) -> Poll:
        alive = sum(map(self.can_vote, electorate.members))
        is_first = electorate.version == (0, 0)
        return Poll(
            electorate, alive, len(electorate.members) if is_first else electorate.majority
        )


def _next(agreed: Electorate, members: "tuple[str, ...] | list[str]") -> Electorate:
    return Electorate(agreed.term, agreed.serial + 1, tuple(sorted(members)))
