"""What should everyone know?

The only actor that merges. It owns the table of rumors, their heat and this member's incarnation,
keeps them through crashes, gossips while something is hot, and closes the residue by comparing
digests with a random member from time to time.
"""

from collections.abc import Iterable
from random import Random
from typing import Any

from habactors.config import DisseminatorConfig
from habactors.protocol.commands import ApplyConfig
from habactors.protocol.gossip import Digest, Hello, Outline, Rumors, Want
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.heat import Heat, budget
from habactors.protocol.lifecycle import Identity, Peer, Start, Wake
from habactors.protocol.limits import CHUNK_BYTES, RUMORS_MAX, WHOLE_MAX
from habactors.protocol.news import (
    Accusation,
    CatchUp,
    Known,
    Leave,
    News,
    Offer,
    Overheard,
    Snapshot,
    Withdraw,
)
from habactors.protocol.rumors import AnyRumor, Departure, Key, Membership, Service
from habactors.protocol.table import Table, chunks
from habactors.protocol.transport import Gossiped
from habactors.roles.apply import Applications
from habactors.roles.deadlines import Deadlines
from habactors.roles.offers import Offers
from habactors.roles.records import INCARNATION, Shelf
from habactors.roles.role import Role

GREETING_SECONDS_MIN = 1.0
GREETING_SECONDS_MAX = 10.0
FAREWELLS = 10
GREETED_MEMBERS = 3


class Disseminator(Role):
    """Table, heat and incarnation of one member.

    `peers` are addresses to greet until a member is known to live there.
    """

    NAME = "disseminator"

    def __init__(
        self, me: Identity, settings: DisseminatorConfig, peers: tuple[str, ...], rng: Random
    ) -> None:
        super().__init__(me)
        self.settings = settings
        self.peers = tuple(peer for peer in peers if peer != me.address)
        self.rng = rng
        self.table = Table()
        self.heat = Heat()
        self.incarnation = 0
        self.leaving = False
        self.since: dict[Key, float] = {}
        self.reachable: dict[str, Membership] = {}
        self.epoch = 0
        self.version = 0
        self._fresh: dict[Key, Known] = {}
        self._shelf = Shelf(self)
        self._applications = Applications(self)
        self._offers = Offers(self)
        self._deadlines: Deadlines[str] = Deadlines()
        self._greeting_seconds = GREETING_SECONDS_MIN
        self._last_round = float("-inf")

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Gossiped(peer, gossip):
                self._converse(peer, gossip, now)
            case Wake():
                pass
            case Overheard(introductions):
                for rumor in introductions:
                    self.learn(rumor, now)
            case Accusation():
                self._accuse(message, now)
            case Offer() | Withdraw():
                self._offers.take_up(message, now)
            case ApplyConfig():
                self._applications.take_up(message, now)
            case CatchUp():
                self._say_snapshot()
            case Leave():
                self._leave(now)
            case Start():
                self._start(message, now)
        self._publish()
        self._keep_time(now)

    def learn(
        self, rumor: AnyRumor, now: float, *, durable: bool = False, hot: bool = True
    ) -> None:
        """Merge a rumor, and if it changed anything keep it, tell it on and publish it."""
        match rumor:
            case Membership(id=self.me.id):
                self._hear_of_myself(rumor, now)
            case Service(member_id=self.me.id):
                self._offers.hear_of_mine(rumor, now, hot=hot)
            case _:
                self.take_in(rumor, now, durable=durable, hot=hot)

    def take_in(self, rumor: AnyRumor, now: float, *, durable: bool, hot: bool) -> None:
        """The same, without asking whether the rumor speaks of this node."""
        key = rumor.key
        before = self.table.get(key)
        if not self.table.merge(rumor):
            return
        if isinstance(rumor, Membership):
            self._note_membership(before, rumor, now)
        else:
            self.since[key] = now
            if isinstance(rumor, Departure) and before is None:
                self._note_departure(rumor, now)
        known = Known(rumor, self.since[key])
        self._fresh[key] = known
        self._shelf.put(known, durable=durable)
        if hot:
            self.heat.kindle(rumor)

    def _note_membership(self, before: AnyRumor | None, rumor: Membership, now: float) -> None:
        """Keep the list of whom to talk to, and report a change of health."""
        previous = before if isinstance(before, Membership) else None
        was = previous.health if previous else None
        counts = rumor.id != self.me.id and self.table.departure(rumor.id) is None
        if counts and rumor.health in REACHABLE:
            self.reachable[rumor.id] = rumor
        else:
            self.reachable.pop(rumor.id, None)
        if was is not rumor.health or _is_suspected_anew(previous, rumor):
            self.since[rumor.key] = now
        if was is not rumor.health and counts:
            before_word = was.word if was else "unknown"
            after = rumor.health.word
            self.report(now, "member", rumor.id, rumor.name, before_word, after, rumor.why)

    def _note_departure(self, rumor: Departure, now: float) -> None:
        self.reachable.pop(rumor.member_id, None)
        member = self.table.membership(rumor.member_id)
        was, name = (member.health.word, member.name) if member else ("unknown", "")
        departed = Health.DEPARTED.word
        self.report(now, "member", rumor.member_id, name, was, departed, rumor.why)

    def _hear_of_myself(self, rumor: Membership, now: float) -> None:
        """Refute whatever outweighs my own word, at a higher incarnation (SWIM 2002, section 4.2).

        Nothing is higher than the highest one: who spoke that has spoken for ever.
        """
        own = self.table.membership(self.me.id)
        if self.leaving or own is None or not rumor.beats(own):
            return
        if rumor.incarnation >= WHOLE_MAX:
            return
        was, after = rumor.health.word, Health.ALIVE.word
        why = f"refuted {was}@{rumor.incarnation} of {rumor.accuser or 'a former life'}"
        self.report(now, "member", self.me.id, self.me.name, was, after, why)
        self._speak_of_myself(rumor.incarnation + 1, now)

    def _speak_of_myself(
        self, incarnation: int, now: float, level: Health = Health.ALIVE, why: str = ""
    ) -> None:
        self.incarnation = incarnation
        self.keep(INCARNATION, str(incarnation).encode(), durable=True)
        me = self.me
        own = Membership(
            me.id, me.name, me.address, incarnation, int(level), me.permanent, accuser="", why=why
        )
        self.take_in(own, now, durable=True, hot=True)

    def _start(self, start: Start, now: float) -> None:
        self.epoch = self.rng.getrandbits(48)
        incarnation, known = self._shelf.restore(start.kept)
        for item in known:
            if self.table.merge(item.rumor):
                self.since[item.rumor.key] = item.since
        for rumor in self.table:
            if isinstance(rumor, Membership) and self.table.health(rumor.id) in REACHABLE:
                self.reachable[rumor.id] = rumor
        self.reachable.pop(self.me.id, None)
        own = self.table.membership(self.me.id)
        self._applications.restore(start.kept)
        last = max(incarnation, own.incarnation if own else 0)
        self._speak_of_myself(min(last + 1, WHOLE_MAX), now)
        self._say_snapshot()
        self._greet_acquaintances()
        self._deadlines.set("greet", now)
        self._deadlines.set("sync", now + self.settings.sync_interval_seconds * self.rng.random())

    def _greet_acquaintances(self) -> None:
        """Say Hello to a few members of the life before, however they fared."""
        self._greet([*self.reachable.values(), *self._lost()], GREETED_MEMBERS)

    def _lost(self) -> list[Membership]:
        """The members that are held for dead, but did not depart."""
        return [
            rumor
            for rumor in self.table
            if isinstance(rumor, Membership)
            and rumor.id not in self.reachable
            and rumor.id != self.me.id
            and not self.table.departure(rumor.id)
        ]

    def _greet(self, members: list[Membership], count: int) -> None:
        for member in self.rng.sample(members, min(count, len(members))):
            self.send(Peer(member.id, member.address), self._hello())

    def _hello(self) -> Hello:
        return Hello(self._own(), self.table.checksum)

    def _own(self) -> Membership:
        own = self.table.membership(self.me.id)
        assert own is not None, "a member that does not know itself"
        return own

    def _converse(self, peer: Peer, gossip: Any, now: float) -> None:
        match gossip:
            case Rumors(rumors, hot):
                self._listen(peer, rumors, now, hot=hot)
            case Digest(checksum):
                if checksum != self.table.checksum:
                    self.send(peer, Outline(self.table.outline()))
            case Outline(entries):
                lacking, wanted = self.table.compare(entries)
                self._send_rumors(peer, lacking, hot=True)
                if wanted:
                    self.send(peer, Want(wanted))
            case Want(key_hashes):
                self._send_rumors(peer, self.table.chosen(key_hashes), hot=True)
            case Hello(member, checksum):
                if checksum != self.table.checksum:
                    self._send_rumors(peer, self.table, hot=False)
                self.learn(member, now)

    def _listen(self, peer: Peer, rumors: tuple[AnyRumor, ...], now: float, *, hot: bool) -> None:
        """Learn; and whoever tells me of my end is the first to hear that I live."""
        before = self.incarnation
        for rumor in rumors:
            self.learn(rumor, now, hot=hot)
        if self.incarnation != before and any(map(self._buries_me, rumors)):
            self.send(peer, Rumors((self._own(),)))

    def _buries_me(self, rumor: AnyRumor) -> bool:
        return (
            isinstance(rumor, Membership)
            and rumor.id == self.me.id
            and rumor.health is not Health.ALIVE
        )

    def _send_rumors(self, peer: Peer, rumors: Iterable[AnyRumor], *, hot: bool) -> None:
        for chunk in chunks(rumors, CHUNK_BYTES):
            self.send(peer, Rumors(chunk, hot))

    def _accuse(self, accusation: Accusation, now: float) -> None:
        """Turn the detector's finding into a rumor, unless the member has moved on."""
        member = self.table.membership(accusation.member_id)
        if member is None or member.incarnation != accusation.incarnation:
            return
        self.learn(
            Membership(
                member.id,
                member.name,
                member.address,
                member.incarnation,
                accusation.level,
                member.permanent,
                self.me.id,
                accusation.why,
            ),
            now,
        )

    def _leave(self, now: float) -> None:
        """A graceful end: nobody needs to find out by probing, and nothing hot is left untold."""
        self.leaving = True
        self._speak_of_myself(self.incarnation, now, Health.CONFIRMED, "left")
        own = self._own()
        members = self._some_members(FAREWELLS)
        hot = self._cool(len(members))
        farewell = Rumors((own, *(rumor for rumor in hot if rumor != own)))
        for member in members:
            self.send(Peer(member.id, member.address), farewell)

    def _some_members(self, count: int) -> list[Membership]:
        members = list(self.reachable.values())
        return self.rng.sample(members, min(count, len(members)))

    def _keep_time(self, now: float) -> None:
        deadlines = self._deadlines
        if self.heat and self.reachable and "round" not in deadlines:
            deadlines.set("round", self._last_round + self.settings.gossip_interval_seconds)
        for name in deadlines.due(now):
            match name:
                case "round":
                    self._gossip_round(now)
                case "greet":
                    self._greet_peers(now)
                case "sync":
                    self._look_around(now)
        self.wake_at(deadlines.next)

    def _gossip_round(self, now: float) -> None:
        self._last_round = now
        targets = self._some_members(self.settings.gossip_fanout)
        rumors = self._cool(len(targets))
        if rumors:
            batch = Rumors(tuple(rumors))
            for member in targets:
                self.send(Peer(member.id, member.address), batch)
        if self.heat and self.reachable:
            self._deadlines.set("round", now + self.settings.gossip_interval_seconds)

    def _cool(self, sends: int) -> list[AnyRumor]:
        """What is hot, for one message to so many members."""
        sends_max = budget(len(self.reachable) + 1)
        return self.heat.take(sends, sends_max, CHUNK_BYTES, RUMORS_MAX - 1)

    def _greet_peers(self, now: float) -> None:
        """Knock at configured peers where no member is known to live.

        Ever more seldom, but for ever: a late seed still joins.
        """
        if not self.peers:
            return
        homes = {member.address: None for member in self.reachable.values()}
        strangers = [address for address in self.peers if address not in homes]
        for address in strangers:
            self.send(Peer("", address), self._hello())
        seconds = self._greeting_seconds if strangers else GREETING_SECONDS_MAX
        self._greeting_seconds = min(seconds * 2, GREETING_SECONDS_MAX)
        self._deadlines.set("greet", now + seconds)

    def _look_around(self, now: float) -> None:
        """Compare tables with somebody who lives, and greet somebody who is held for dead.

        Two halves of a split ring find each other by that greeting.
        """
        for member in self._some_members(1):
            self.send(Peer(member.id, member.address), Digest(self.table.checksum))
        self._greet(self._lost(), 1)
        self._deadlines.set("sync", now + self.settings.sync_interval_seconds)

    def _publish(self) -> None:
        if self._fresh:
            self.version += 1
            self.say(News(self.epoch, self.version, tuple(self._fresh.values())))
            self._fresh.clear()

    def _say_snapshot(self) -> None:
        known = tuple(Known(rumor, self.since.get(rumor.key, 0.0)) for rumor in self.table)
        self._fresh.clear()
        self.say(Snapshot(self.epoch, self.version, known))


def _is_suspected_anew(previous: Membership | None, rumor: Membership) -> bool:
    """Whether a suspect refuted and was suspected again, though the refutation passed us by."""
    return (
        previous is not None
        and rumor.health is Health.SUSPECT
        and rumor.incarnation != previous.incarnation
    )
