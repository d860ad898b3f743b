"""Which links stand between the imagined hosts, and when does a sender hear that one fell?

As over real tcp. A node that sends keeps the link that it sent by. When the node at the other end
is killed, the link falls at once; where a machine runs no node, connecting is refused within one
round trip. Who says nothing more is found out by a watched link, which has heartbeats, or by one
that something was sent over in vain. Nothing is noted ahead of time: a quiet ring costs nothing.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import Enum
from random import Random

from habactors.protocol.hands import LinkFell
from habactors.simulator.agenda import Agenda
from habactors.simulator.conditions import Conditions

LINKS_MAX = 64
"""How many links a node keeps; the one that was used least recently gives way."""
HEARTBEAT_SECONDS = (1.5, 2.0)
"""When a watched link falls, after the first heartbeat that fails to come."""
UNANSWERED_SECONDS = 2.0
"""How long tcp sends the same again, and how long a link waits for the other end's greeting."""
CONNECTING_SECONDS = 1.0
"""How long a link tries to reach a machine that does not answer."""
CLOSING_SECONDS = (0.001, 0.002)
"""How long the end of a node takes to be noticed at the other end of its links."""


class Presence(Enum):
    """What is at an address."""

    NODE = "a node that runs"
    STOPPED = "a node that stands still, while its machine still acknowledges what comes"
    NOBODY = "a machine without a node: it refuses"
    NOTHING = "no machine: silence"


class Link:
    """One kept link of a host.

    `life` counts the nodes that have lived at the other end; to a later one the link is unknown.
    `beats` when it was made to be watched.
    """

    __slots__ = ("beats", "doomed", "hushed", "life", "unanswered")

    def __init__(self, life: int, *, beats: bool) -> None:
        self.life = life
        self.beats = beats
        self.doomed = False
        self.hushed = -1.0
        self.unanswered = -1.0


class Links:
    """The links of all hosts, by the two addresses; `hear` brings a LinkFell to an address."""

    def __init__(
        self,
        agenda: Agenda,
        rng: Random,
        conditions: Conditions,
        hear: Callable[[str, LinkFell], None],
    ) -> None:
        self._agenda = agenda
        self._rng = rng
        self._conditions = conditions
        self._hear = hear
        self._links: dict[str, OrderedDict[str, Link]] = {}
        self._watched: dict[str, dict[str, None]] = {}
        self._presences: dict[str, Presence] = {}
        self._lives: dict[str, int] = {}

    def stand(self, source: str, target: str) -> bool:
        """Whether a host keeps a link to an address, so that an answer can come back over it."""
        link = self._kept(source, target)
        return link is not None and not link.doomed and link.life == self._lives.get(target, 0)

    def use(self, source: str, target: str) -> bool:
        """Send something over a link, made if need be: whether it leaves."""
        kept = self._links.get(source)
        link = kept.get(target) if kept else None
        if kept is None or link is None:
            link = self._open(source, target)
        else:
            kept.move_to_end(target)
        if link.doomed:
            return False
        if link.life != self._lives.get(target, 0) and not self._is_silent(source, target):
            self._doom(source, target, link, self._round_trip())
            return False
        if link.unanswered < 0 and self._is_silent(source, target):
            self._expect_answer(source, target, link, self._is_silent)
        return True

    def watch(self, source: str, addresses: Iterable[str]) -> None:
        """Have a host make links with heartbeats to these addresses, where it has none yet."""
        before = self._watched.get(source, {})
        self._watched[source] = dict.fromkeys(addresses)
        for target in self._watched[source]:
            if target not in before:
                if self._kept(source, target):
                    del self._links[source][target]
                self._open(source, target)

    def set_presence(self, address: str, presence: Presence) -> None:
        """A node starts or ends at an address, or stands still, or the machine is gone."""
        self._presences[address] = presence
        if presence is Presence.STOPPED:
            self.hush(lambda source, target: address in {source, target})
        elif presence is not Presence.NODE:
            self.end(address)

    def hush(self, between: Callable[[str, str], bool]) -> None:
        """No heartbeats go over the links between such a source and target any more."""
        for source in self._watched:
            for target, link in self._links.get(source, {}).items():
                if link.beats and between(source, target):
                    self._hush(source, target, link)

    def end(self, address: str) -> None:
        """All links of an address end; whoever can still hear it hears its links to it fall."""
        self._lives[address] = self._lives.get(address, 0) + 1
        self._links.pop(address, None)
        self._watched.pop(address, None)
        for source, kept in self._links.items():
            link = kept.get(address)
            if link and self._is_silent(source, address):
                self._hush(source, address, link)
            elif link and not link.doomed:
                self._doom(source, address, link, self._rng.uniform(*CLOSING_SECONDS))

    def _kept(self, source: str, target: str) -> Link | None:
        kept = self._links.get(source)
        return kept.get(target) if kept else None

    def _open(self, source: str, target: str) -> Link:
        """Connect; a link that will not come about falls in its time."""
        kept = self._links.setdefault(source, OrderedDict())
        watched = self._watched.get(source, {})
        if len(kept) >= LINKS_MAX:
            del kept[next((old for old in kept if old not in watched), next(iter(kept)))]
        link = kept[target] = Link(self._lives.get(target, 0), beats=target in watched)
        presence = self._presences.get(target, Presence.NOTHING)
        if self._is_silent(source, target):
            self._doom(source, target, link, CONNECTING_SECONDS)
        elif presence is Presence.NOBODY:
            self._doom(source, target, link, self._round_trip(), refused=True)
        elif presence is Presence.STOPPED:
            self._expect_answer(source, target, link, self._is_mute)
        return link

    def _expect_answer(
        self, source: str, target: str, link: Link, fails: Callable[[str, str], bool]
    ) -> None:
        """Let a link fall if the other end fails it still after that time."""
        asked = link.unanswered = self._agenda.now

        def check(_: object) -> None:
            if link.unanswered == asked:
                link.unanswered = -1.0
                if fails(source, target) and not link.doomed:
                    self._fall(source, target, link)

        self._agenda.at(asked + UNANSWERED_SECONDS, check, None)

    def _hush(self, source: str, target: str, link: Link) -> None:
        """Let a watched link fall unless heartbeats come again in time."""
        if link.doomed or not link.beats or not self._is_mute(source, target):
            return
        began = link.hushed = self._agenda.now

        def check(_: object) -> None:
            if link.hushed == began and self._is_mute(source, target):
                self._fall(source, target, link)

        self._agenda.at(began + self._rng.uniform(*HEARTBEAT_SECONDS), check, None)

    def _doom(
        self, source: str, target: str, link: Link, seconds: float, *, refused: bool = False
    ) -> None:
        """Let a link fall after that time: nothing goes over it any more."""
        link.doomed = True
        self._agenda.at(
            self._agenda.now + seconds,
            lambda _: self._fall(source, target, link, refused=refused),
            None,
        )

    def _fall(self, source: str, target: str, link: Link, *, refused: bool = False) -> None:
        """Tell the host whose link it was, unless it has closed the link itself meanwhile."""
        if self._kept(source, target) is link:
            del self._links[source][target]
            self._hear(source, LinkFell(target, refused))

    def _round_trip(self) -> float:
        return self._conditions.latency() + self._conditions.latency()

    def _is_silent(self, source: str, target: str) -> bool:
        """Whether nothing comes back from an address, not even from its machine."""
        if self._presences.get(target, Presence.NOTHING) is Presence.NOTHING:
            return True
        return self._conditions.is_parted(source, target)

    def _is_mute(self, source: str, target: str) -> bool:
        """Whether no node answers, at one end or the other."""
        here = self._presences.get(source) is Presence.NODE
        there = self._presences.get(target) is Presence.NODE
        return not (here and there) or self._is_silent(source, target)
