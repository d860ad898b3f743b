"""Whom does a node look for?

At its start it greets some members of the life before, and for ever the configured peers where no
member lives: a late seed still joins. Members that are held for dead are greeted too, in the whole
ring about two a second: two halves of a split find each other by that, at once and by themselves.
"""

from typing import TYPE_CHECKING

from habactors.protocol.hands import FindPeers
from habactors.protocol.lifecycle import Peer
from habactors.protocol.rumors import Membership
from habactors.protocol.transport import RingMet

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator

KNOCK_SECONDS_MIN = 1.0
KNOCK_SECONDS_MAX = 10.0
GREETED_MEMBERS = 3
SEARCHES_PER_SECOND = 2.0
SEARCH_SECONDS_MIN = 1.0
LOST_LONG_SECONDS = 3_600.0
LOST_LONG_FACTOR = 10.0
"""After an hour the search for those who are still lost slows down by this."""


class Greetings:
    """The peers and the lost members of one node; `peers` are addresses."""

    def __init__(self, disseminator: "Disseminator", peers: tuple[str, ...]) -> None:
        self._role = disseminator
        self._peers: tuple[str, ...] = ()
        self._knock_seconds = KNOCK_SECONDS_MIN
        self._begun = False
        self.may_change = False
        self._set(peers)

    @property
    def peers(self) -> tuple[str, ...]:
        """The addresses of the configured peers, other than this node's own."""
        return self._peers

    def replace(self, peers: tuple[str, ...]) -> bool:
        """These are the configured peers now; whether some are to be greeted at once.

        They may be others later.
        """
        self.may_change = True
        return self._set(peers) and self._begun

    def _set(self, peers: tuple[str, ...]) -> bool:
        """Greeting oneself makes no sense.

        Who was configured with nobody else founds a ring; not so who finds none of its peers.
        """
        fresh = tuple(peer for peer in dict.fromkeys(peers) if peer != self._role.me.address)
        self.is_founder = not fresh and bool(peers or not self.may_change)
        if fresh == self._peers:
            return False
        self._peers, self._knock_seconds = fresh, KNOCK_SECONDS_MIN
        return True

    def begin(self) -> None:
        """Say Hello to a few members of the life before, however they fared."""
        role = self._role
        self._begun = True
        self._greet([*role.reachable.values(), *role.lost.values()], GREETED_MEMBERS)

    def knock(self) -> float:
        """Greet the peers where no member is known to live; in how many seconds to do it again.

        Ever more seldom, but for ever.
        """
        role = self._role
        role.say(FindPeers())
        homes = {member.address: None for member in role.reachable.values()}
        strangers = [address for address in self._peers if address not in homes]
        for address in strangers:
            role.send(Peer("", address), role.hello())
        seconds = self._knock_seconds if strangers else KNOCK_SECONDS_MAX
        self._knock_seconds = min(seconds * 2, KNOCK_SECONDS_MAX)
        return seconds

    def meet(self, met: RingMet, now: float) -> None:
        """Hear of another ring: answer who must hear which ring is ours.

        That is who knocks, to join it or to learn that we stay apart; and a member of ours that
        has not heard yet what our ring is called since it was joined with another.
        """
        role = self._role
        before = role.ring.id
        known = role.table.membership(met.peer.id) is not None
        alone = not role.reachable and not role.lost
        named = met.peer.address in self._peers
        joins = role.ring.meet(met, now, alone=alone, named=named, known=known)
        if before and (met.knocked or (known and met.ring > role.ring.id)):
            target = "" if joins and met.knocked else met.peer.id
            role.send(Peer(target, met.peer.address), role.hello())

    def search(self) -> None:
        """Greet somebody who is held for dead."""
        self._greet(list(self._role.lost.values()), 1)

    def search_seconds(self, now: float) -> float | None:
        """How long to wait before the next search; None when nobody is lost."""
        role = self._role
        if not role.lost:
            return None
        alive = len(role.reachable) + 1
        seconds = max(SEARCH_SECONDS_MIN, alive / SEARCHES_PER_SECOND)
        latest = max(role.since.get(member.key, 0.0) for member in role.lost.values())
        return seconds * (LOST_LONG_FACTOR if now - latest > LOST_LONG_SECONDS else 1.0)

    def _greet(self, members: list[Membership], count: int) -> None:
        role = self._role
        for member in role.rng.sample(members, min(count, len(members))):
            role.send(Peer(member.id, member.address), role.hello())
