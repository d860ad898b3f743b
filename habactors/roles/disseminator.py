"""What should everyone know?

The only actor that merges. It owns the table of rumors, their heat and this member's incarnation,
keeps them through crashes, gossips while something is hot, and closes the residue by comparing
digests with a random member from time to time.
"""

from collections.abc import Iterable
from random import Random
from typing import Any

from habactors.config import DisseminatorConfig
from habactors.protocol.commands import ApplyConfig, DepartMember
from habactors.protocol.gossip import Digest, Hello, Noted, Outline, Rumors, Want
from habactors.protocol.hands import PeersFound
from habactors.protocol.health import Health
from habactors.protocol.heat import Heat, budget
from habactors.protocol.leadership import Elected
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
from habactors.protocol.rumors import AnyRumor, Departure, Evidence, Key, Membership, Service
from habactors.protocol.table import Table, by_priority, chunks
from habactors.protocol.transport import Gossiped, RingMet, WireStarted
from habactors.roles.apply import Applications
from habactors.roles.deadlines import Deadlines
from habactors.roles.departures import Departures
from habactors.roles.doubts import Doubts
from habactors.roles.farewell import Farewell
from habactors.roles.greetings import Greetings
from habactors.roles.namesake import Namesake
from habactors.roles.offers import Offers
from habactors.roles.outcomes import report_outcome, tell_outcome
from habactors.roles.records import INCARNATION, Shelf
from habactors.roles.ring_name import FOUNDING_SECONDS, RingName
from habactors.roles.role import Role
from habactors.roles.tombstones import Tombstones, sweep_seconds


class Disseminator(Role):
    """Table, heat and incarnation of one member.

    `peers` are addresses to greet until a member is known to live there. Of the other members,
    `reachable` are those that may live, `lost` those that are held for dead and did not say
    themselves that they go.
    """

    NAME = "disseminator"

    def __init__(
        self, me: Identity, settings: DisseminatorConfig, peers: tuple[str, ...], rng: Random
    ) -> None:
        super().__init__(me)
        self.settings = settings
        self.rng = rng
        self.table = Table()
        self.heat = Heat()
        self.incarnation = 0
        self.since: dict[Key, float] = {}
        self.reachable: dict[str, Membership] = {}
        self.lost: dict[str, Membership] = {}
        self.epoch = 0
        self.version = 0
        self.ring = RingName(self, rng)
        self.greetings = Greetings(self, peers)
        self.farewell = Farewell(self)
        self._fresh: dict[Key, Known] = {}
        self._forgotten: dict[Key, None] = {}
        self._shelf = Shelf(self)
        self._applications = Applications(self)
        self._departures = Departures(self)
        self._doubts = Doubts(self)
        self._namesake = Namesake(self)
        self._offers = Offers(self)
        self._tombstones = Tombstones(self)
        self._deadlines: Deadlines[str] = Deadlines()
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
            case Elected():
                tell_outcome(self, message, now)
            case ApplyConfig():
                self._applications.take_up(message, now)
            case DepartMember():
                self._departures.take_up(message, now)
            case CatchUp():
                self._say_snapshot()
            case RingMet():
                self.greetings.meet(message, now)
            case WireStarted():
                self.ring.tell()
            case PeersFound(addresses) if self.greetings.replace(addresses):
                self._deadlines.set("knock", now)
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
            case Membership() if self._doubts.holds_back(rumor, now):
                pass
            case _ if not self._tombstones.refuse(rumor, now):
                self.take_in(rumor, now, durable=durable, hot=hot)

    def take_in(self, rumor: AnyRumor, now: float, *, durable: bool, hot: bool) -> None:
        """The same, without asking whether the rumor speaks of this node, or is to be believed.

        What must survive is this node's own word: there is always room for that.
        """
        key = rumor.key
        before = self.table.get(key)
        if before is None and self.table.is_full and not durable:
            return
        stands = self.table.merge(rumor)
        if stands is None:
            return
        if isinstance(stands, Membership):
            self._note_membership(before, stands, now)
        else:
            self.since[key] = now
            report_outcome(self, before, stands, now)
            if isinstance(stands, Departure) and before is None:
                self._note_departure(stands, now)
        known = Known(stands, self.since[key])
        self._fresh[key] = known
        self._shelf.put(known, durable=durable)
        if hot:
            self.heat.kindle(stands)

    def _note_membership(self, before: AnyRumor | None, rumor: Membership, now: float) -> None:
        """Keep the lists of whom to talk to, and report a change of health."""
        previous = before if isinstance(before, Membership) else None
        was = previous.health if previous else None
        self._enlist(rumor)
        if was is not rumor.health or rumor.is_suspected_anew(previous):
            self.since[rumor.key] = now
        counts = rumor.id != self.me.id and self.table.departure(rumor.id) is None
        if was is not rumor.health and counts:
            before_word = was.word if was else "unknown"
            after = rumor.health.word
            why = rumor.why or _good_news(before_word, rumor)
            self.report(now, "member", rumor.id, rumor.name, before_word, after, why)

    def _enlist(self, rumor: Membership) -> None:
        """The newly lost are searched for soon, however long others have been lost."""
        is_lost = rumor.is_gone and not rumor.left
        if is_lost and rumor.id not in self.lost:
            self._deadlines.clear("search")
        for members, wanted in ((self.reachable, not rumor.is_gone), (self.lost, is_lost)):
            if wanted and rumor.id != self.me.id and not self.table.departure(rumor.id):
                members[rumor.id] = rumor
            else:
                members.pop(rumor.id, None)

    def _note_departure(self, rumor: Departure, now: float) -> None:
        member = self.table.membership(rumor.member_id)
        if member:
            self._enlist(member)
        was, name = (member.health.word, member.name) if member else ("unknown", "")
        departed = Health.DEPARTED.word
        self.report(now, "member", rumor.member_id, name, was, departed, rumor.why)
        self._departures.note(rumor)

    def _hear_of_myself(self, rumor: Membership, now: float) -> None:
        """Refute whatever outweighs my own word, at a higher incarnation (SWIM 2002, section 4.2).

        Nothing is higher than the highest one: who spoke that has spoken for ever.
        """
        mine = self.table.membership(self.me.id)
        if self.farewell.begun or mine is None or not rumor.adds_to(mine):
            return
        if rumor.incarnation >= WHOLE_MAX:
            return
        of_another = rumor.health is Health.ALIVE or rumor.address != self.me.address
        if of_another and not self._namesake.answers(rumor, now):
            return
        was, after = rumor.health.word, Health.ALIVE.word
        accusers = ", ".join(rumor.accusers) or "a former life"
        why = f"refuted {was}@{rumor.incarnation} of {accusers}"
        self.report(now, "member", self.me.id, self.me.name, was, after, why)
        self.speak_of_myself(rumor.incarnation + 1, now)

    def speak_of_myself(
        self,
        incarnation: int,
        now: float,
        level: Health = Health.ALIVE,
        evidence: tuple[Evidence, ...] = (),
    ) -> None:
        """Say how this member is, at an incarnation that is kept first."""
        self.incarnation = incarnation
        self.keep(INCARNATION, str(incarnation).encode(), durable=True)
        me = self.me
        mine = Membership(
            me.id, me.name, me.address, incarnation, int(level), me.permanent, evidence
        )
        self.take_in(mine, now, durable=True, hot=True)

    def _start(self, start: Start, now: float) -> None:
        self.epoch = self.rng.getrandbits(48)
        incarnation, known = self._shelf.restore(start.kept)
        for item in known:
            if self.table.merge(item.rumor):
                self.since[item.rumor.key] = item.since
        for rumor in self.table:
            if isinstance(rumor, Membership):
                self._enlist(rumor)
        mine = self.table.membership(self.me.id)
        self._applications.restore(start.kept)
        self._departures.begin()
        self.ring.restore(start.kept, now, founder=self.greetings.is_founder)
        last = max(incarnation, mine.incarnation if mine else 0)
        self.speak_of_myself(min(last + 1, WHOLE_MAX), now)
        self._say_snapshot()
        self.greetings.begin()
        self._deadlines.set("knock", now)
        self._deadlines.set("found", now + FOUNDING_SECONDS)
        self._deadlines.set("sync", now + self.settings.sync_interval_seconds * self.rng.random())
        self._deadlines.set("sweep", now + sweep_seconds(self.settings.tombstone_seconds))

    def hello(self) -> Hello:
        """This member's greeting."""
        return Hello(self.own(), self.table.checksum)

    def own(self) -> Membership:
        """This member, as it says itself."""
        own = self.table.membership(self.me.id)
        assert own is not None, "a member that does not know itself"
        return own

    def _converse(self, peer: Peer, gossip: Any, now: float) -> None:
        if self._departures.dismiss(peer, gossip, now):
            return
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
            case Noted(incarnation):
                self.farewell.note(peer, incarnation)
            case Hello(member, checksum):
                self._welcome(peer, member, checksum, now)

    def _welcome(self, peer: Peer, member: Membership, checksum: int, now: float) -> None:
        """A stranger gets all there is; with an acquaintance it is enough to compare tables.

        That way both learn, so the halves of a split ring are one after one greeting.
        """
        if member.id == self.me.id and peer.address == self.me.address:
            return
        if checksum == self.table.checksum:
            pass
        elif self.table.membership(member.id):
            self.send(peer, Outline(self.table.outline()))
        else:
            self._send_rumors(peer, self.table, hot=False)
        self.learn(member, now)

    def _listen(self, peer: Peer, rumors: tuple[AnyRumor, ...], now: float, *, hot: bool) -> None:
        """Learn; and whoever tells me of my end is the first to hear that I live."""
        before = self.incarnation
        for rumor in by_priority(rumors):
            self.learn(rumor, now, hot=hot)
            if isinstance(rumor, Membership) and rumor.left and rumor.id == peer.id:
                self.send(peer, Noted(rumor.incarnation))
        if self.incarnation != before and any(map(self._buries_me, rumors)):
            self.send(peer, Rumors((self.own(),)))

    def _buries_me(self, rumor: AnyRumor) -> bool:
        return (
            isinstance(rumor, Membership)
            and rumor.id == self.me.id
            and rumor.health is not Health.ALIVE
        )

    def _send_rumors(self, peer: Peer, rumors: Iterable[AnyRumor], *, hot: bool) -> None:
        for chunk in chunks(by_priority(rumors), CHUNK_BYTES):
            self.send(peer, Rumors(chunk, hot))

    def _accuse(self, accusation: Accusation, now: float) -> None:
        """Turn the detector's finding into a rumor, unless the member has moved on.

        What was only checked is believed as it was said: evidence of everybody would make many
        rumors out of one.
        """
        doubted = self._doubts.settle(accusation)
        if doubted:
            self.take_in(doubted, now, durable=False, hot=True)
            return
        accused = self.table.membership(accusation.member_id)
        if accused is None or accused.incarnation != accusation.incarnation:
            return
        others = accused.evidence if accused.level > Health.ALIVE else ()
        found = Evidence(self.me.id, int(now), accusation.refused, accusation.why)
        mine = (found,) if accusation.why or not others else ()
        rumor = accused.at_level(accusation.level, others).joined(
            accused.at_level(accusation.level, mine)
        )
        self.take_in(rumor, now, durable=False, hot=True)

    def _leave(self, now: float) -> None:
        """A graceful end; said twice it is still one."""
        if not self.farewell.begun:
            self.farewell.begin(now)
        self._deadlines.set("farewell", now + self.settings.gossip_interval_seconds)

    def some_members(self, count: int) -> list[Membership]:
        """So many reachable members, chosen at random."""
        members = list(self.reachable.values())
        return self.rng.sample(members, min(count, len(members)))

    def _keep_time(self, now: float) -> None:
        deadlines = self._deadlines
        if self.heat and self.reachable and "round" not in deadlines:
            deadlines.set("round", self._last_round + self.settings.gossip_interval_seconds)
        if self.lost and "search" not in deadlines:
            self._set_search(now)
        for name in deadlines.due(now):
            match name:
                case "round":
                    self._gossip_round(now)
                case "knock":
                    if self.greetings.peers or self.greetings.may_change:
                        deadlines.set("knock", now + self.greetings.knock())
                case "search":
                    self.greetings.search()
                    self._set_search(now)
                case "sync":
                    self._compare(now)
                case "sweep":
                    deadlines.set(name, now + self._tombstones.sweep(now))
                case "found":
                    self._found(now)
                case "farewell":
                    if self.farewell.repeat():
                        deadlines.set(name, now + self.settings.gossip_interval_seconds)
        self._publish()
        self.wake_at(deadlines.next)

    def _set_search(self, now: float) -> None:
        seconds = self.greetings.search_seconds(now)
        if seconds is not None:
            self._deadlines.set("search", now + seconds * (0.5 + self.rng.random()))

    def _found(self, now: float) -> None:
        """Peers that all greet each other and have no founder among them: the lowest id begins."""
        if not self.ring.id:
            if self.reachable and self.me.id < min(self.reachable):
                self.ring.found(now)
            self._deadlines.set("found", now + FOUNDING_SECONDS)

    def _gossip_round(self, now: float) -> None:
        self._last_round = now
        targets = self.some_members(self.settings.gossip_fanout)
        rumors = self.cool(len(targets))
        if rumors:
            batch = Rumors(tuple(rumors))
            for member in targets:
                self.send(Peer(member.id, member.address), batch)
        if self.heat and self.reachable:
            self._deadlines.set("round", now + self.settings.gossip_interval_seconds)

    def cool(self, sends: int) -> list[AnyRumor]:
        """What is hot, for one message to so many members."""
        sends_max = budget(len(self.reachable) + 1)
        return self.heat.take(sends, sends_max, CHUNK_BYTES, RUMORS_MAX - 1)

    def _compare(self, now: float) -> None:
        """Compare tables with somebody who lives."""
        for member in self.some_members(1):
            self.send(Peer(member.id, member.address), Digest(self.table.checksum))
        self._deadlines.set("sync", now + self.settings.sync_interval_seconds)

    def forget(self, key: Key) -> None:
        """Drop a rumor here, and wherever it was noted."""
        rumor = self.table.get(key)
        if rumor is None:
            return
        self.table.drop(key)
        self.heat.quench(rumor)
        self.since.pop(key, None)
        self._fresh.pop(key, None)
        self._shelf.remove(key)
        self._forgotten[key] = None
        if isinstance(rumor, Membership):
            self.lost.pop(rumor.id, None)
            self.reachable.pop(rumor.id, None)
            self._doubts.forget(rumor.id)

    def _publish(self) -> None:
        if self._fresh or self._forgotten:
            self.version += 1
            known = tuple(self._fresh.values())
            self.say(News(self.epoch, self.version, known, tuple(self._forgotten)))
            self._fresh.clear()
            self._forgotten.clear()

    def _say_snapshot(self) -> None:
        known = tuple(Known(rumor, self.since.get(rumor.key, 0.0)) for rumor in self.table)
        self._fresh.clear()
        self.say(Snapshot(self.epoch, self.version, known))


def _good_news(before: str, rumor: Membership) -> str:
    """Why a member is held for alive."""
    return "joined" if before == "unknown" else f"spoke up at incarnation {rumor.incarnation}"
