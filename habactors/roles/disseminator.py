"""What should everyone know?

The only actor that merges. It owns the table of rumors, their heat and this member's incarnation, keeps them through crashes, gossips while
something is hot, and closes the residue by comparing digests with a random member from time to time.
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
from habactors.protocol.limits import CHUNK_BYTES, RUMORS_MAX
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
from habactors.roles.records import INCARNATION, Shelf
from habactors.roles.role import Role

GREETING_SECONDS_MIN = 1.0
GREETING_SECONDS_MAX = 10.0
FAREWELLS = 10
GREETED_MEMBERS = 3


class Disseminator(Role):
    """Table, heat and incarnation of one member; `peers` are addresses to greet until a member answers there."""

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
            case Offer():
                self._offer(message, now)
            case Withdraw(service_group):
                self._withdraw(service_group, now)
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

    def learn(self, rumor: AnyRumor, now: float, *, durable: bool = False, hot: bool = True) -> bool:
        """Merge a rumor, and if it changed anything keep it, tell it on and publish it."""
        if isinstance(rumor, Membership) and rumor.id == self.me.id:
            return self._hear_of_myself(rumor, now)
        return self._take_in(rumor, now, durable=durable, hot=hot)

    def _take_in(self, rumor: AnyRumor, now: float, *, durable: bool, hot: bool) -> bool:
        key = rumor.key
        before = self.table.get(key)
        if not self.table.merge(rumor):
            return False
        if isinstance(rumor, Membership):
            self._note_membership(before, rumor, now)
        elif isinstance(rumor, Departure):
            self.reachable.pop(rumor.member_id, None)
            self.since[key] = now
        else:
            self.since[key] = now
        known = Known(rumor, self.since[key])
        self._fresh[key] = known
        self._shelf.put(known, durable=durable)
        if hot:
            self.heat.kindle(rumor)
        return True

    def _note_membership(self, before: AnyRumor | None, rumor: Membership, now: float) -> None:
        """Keep the list of whom to talk to, and report a change of health."""
        previous = before.health if isinstance(before, Membership) else None
        departed = self.table.departure(rumor.id) is not None
        if rumor.health in REACHABLE and not departed and rumor.id != self.me.id:
            self.reachable[rumor.id] = rumor
        else:
            self.reachable.pop(rumor.id, None)
        if previous != rumor.health:
            self.since[rumor.key] = now
            if rumor.id != self.me.id:
                was = previous.word if previous else "unknown"
                self.report(now, "member", rumor.id, rumor.name, was, rumor.health.word, rumor.why)

    def _hear_of_myself(self, rumor: Membership, now: float) -> bool:
        """Refute whatever outweighs my own word (SWIM 2002, section 4.2): say it again at a higher incarnation."""
        own = self.table.membership(self.me.id)
        if self.leaving or own is None or not rumor.beats(own):
            return False
        self.report(
            now,
            "member",
            self.me.id,
            self.me.name,
            rumor.health.word,
            Health.ALIVE.word,
            f"refuted {rumor.health.word}@{rumor.incarnation} of {rumor.accuser or 'a former life'}",
        )
        self._speak_of_myself(rumor.incarnation + 1, now)
        return True

    def _speak_of_myself(
        self, incarnation: int, now: float, level: Health = Health.ALIVE, why: str = ""
    ) -> None:
        self.incarnation = incarnation
        self.keep(INCARNATION, str(incarnation).encode(), durable=True)
        me = self.me
        own = Membership(
            me.id, me.name, me.address, incarnation, int(level), me.permanent, accuser="", why=why
        )
        self._take_in(own, now, durable=True, hot=True)

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
        self._speak_of_myself(max(incarnation, own.incarnation if own else 0) + 1, now)
        self._fresh.clear()
        self._say_snapshot()
        self._greet_acquaintances()
        self._deadlines.set("greet", now)
        self._deadlines.set("sync", now + self.settings.sync_interval_seconds * self.rng.random())

    def _greet_acquaintances(self) -> None:
        """Say Hello to a few members of the life before, however they fared."""
        others = [
            rumor
            for rumor in self.table
            if isinstance(rumor, Membership)
            and rumor.id != self.me.id
            and not self.table.departure(rumor.id)
        ]
        for member in self.rng.sample(others, min(GREETED_MEMBERS, len(others))):
            self.send(Peer(member.id, member.address), self._hello())

    def _hello(self) -> Hello:
        own = self.table.membership(self.me.id)
        assert own is not None, "a member that does not know itself"
        return Hello(own, self.table.checksum)

    def _converse(self, peer: Peer, gossip: Any, now: float) -> None:
        match gossip:
            case Rumors(rumors, hot):
                for rumor in rumors:
                    self.learn(rumor, now, hot=hot)
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

    def _offer(self, offer: Offer, now: float) -> None:
        mine = self.table.get(("service", offer.service_group, self.me.id))
        count = mine.incarnation if isinstance(mine, Service) else 0
        service = Service(
            self.me.id,
            offer.service_group,
            offer.ident,
            count,
            offer.exports,
            offer.sys,
            offer.topology,
        )
        if service != mine:
            self._say_service(service, now)

    def _withdraw(self, service_group: str, now: float) -> None:
        mine = self.table.get(("service", service_group, self.me.id))
        if isinstance(mine, Service) and not mine.withdrawn:
            gone = Service(mine.member_id, service_group, mine.ident, mine.incarnation, withdrawn=True)
            self._say_service(gone, now)

    def _say_service(self, service: Service, now: float) -> None:
        renewed = Service(
            service.member_id,
            service.service_group,
            service.ident,
            service.incarnation + 1,
            service.exports,
            service.sys,
            service.topology,
            service.withdrawn,
        )
        self.learn(renewed, now)

    def _leave(self, now: float) -> None:
        """A graceful end: nobody needs to find out by probing."""
        self.leaving = True
        self._speak_of_myself(self.incarnation, now, Health.CONFIRMED, "left")
        own = self.table.membership(self.me.id)
        assert own is not None, "a member that does not know itself"
        for member in self._some_members(FAREWELLS):
            self.send(Peer(member.id, member.address), Rumors((own,)))

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
                    self._compare_digests(now)
        self.wake_at(deadlines.next)

    def _gossip_round(self, now: float) -> None:
        self._last_round = now
        targets = self._some_members(self.settings.gossip_fanout)
        sends_max = budget(len(self.reachable) + 1)
        rumors = self.heat.take(len(targets), sends_max, CHUNK_BYTES, RUMORS_MAX)
        batch = Rumors(tuple(rumors))
        for member in targets:
            self.send(Peer(member.id, member.address), batch)
        if self.heat and self.reachable:
            self._deadlines.set("round", now + self.settings.gossip_interval_seconds)

    def _greet_peers(self, now: float) -> None:
        """Knock at configured peers where no member is known to live, ever more seldom but for ever: a late seed still joins."""
        if not self.peers:
            return
        homes = {member.address: None for member in self.reachable.values()}
        strangers = [address for address in self.peers if address not in homes]
        for address in strangers:
            self.send(Peer("", address), self._hello())
        seconds = self._greeting_seconds if strangers else GREETING_SECONDS_MAX
        self._greeting_seconds = min(seconds * 2, GREETING_SECONDS_MAX)
        self._deadlines.set("greet", now + seconds)

    def _compare_digests(self, now: float) -> None:
        for member in self._some_members(1):
            self.send(Peer(member.id, member.address), Digest(self.table.checksum))
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
