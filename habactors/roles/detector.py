"""Who is alive?

SWIM's failure detector (Das, Gupta, Motivala 2002): each period it pings one member in turn;
without an answer in time it asks helpers to ping for it; without any answer by the end of the
period it says that the member is suspect. A suspect that does not refute in time is said to be
confirmed. What it finds are accusations: only the disseminator turns them into rumors, and the
accused refute them there.
"""

from random import Random
from typing import Any, NamedTuple

from habactors.config import DetectorConfig
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.heat import Heat, budget
from habactors.protocol.lifecycle import Identity, Peer, Start, Wake
from habactors.protocol.limits import ENVELOPE_BYTES_MAX, WHY_CHARACTERS_MAX
from habactors.protocol.news import Accusation, CatchUp, Known, News, Overheard, Snapshot
from habactors.protocol.probes import Ack, Ping, PingRequest
from habactors.protocol.rumors import Departure, Key, Membership
from habactors.protocol.transport import LinkLost, Probed
from habactors.roles.deadlines import Deadlines
from habactors.roles.follower import Follower, Step
from habactors.roles.role import Role
from habactors.roles.rotation import Rotation
from habactors.roles.suspicions import Suspicions, suspicion_seconds

INTRODUCTIONS = 5
ERRANDS_MAX = 256


class Trial(NamedTuple):
    """A probe under way: whom, at which incarnation, since when, and by whom else, once asked."""

    sequence: int
    target: str
    incarnation: int
    began: float
    helpers: tuple[str, ...] | None = None


class Errand(NamedTuple):
    """A ping on behalf of another member, to be answered to it under its own sequence number."""

    asker: Peer
    sequence: int
    target: str


class Detector(Role):
    """The probes and suspicions of one member."""

    NAME = "detector"

    def __init__(self, me: Identity, settings: DetectorConfig, rng: Random) -> None:
        super().__init__(me)
        self.settings = settings
        self.rng = rng
        self.members: dict[str, Membership] = {}
        self.departed: dict[str, None] = {}
        self.rotation = Rotation(rng)
        self.suspicions = Suspicions()
        self.fresh = Heat()
        self._probed: dict[str, None] = {}
        self._sequence = 0
        self._trials: dict[int, Trial] = {}
        self._errands: dict[int, Errand] = {}
        self._follower = Follower()
        self._deadlines: Deadlines[str | int] = Deadlines()

    def hear(self, message: Any, now: float) -> None:
        self._excuse_lateness(now)
        match message:
            case Probed(peer, Ping() as ping):
                self._answer(peer, ping)
            case Probed(peer, Ack() as ack):
                self._hear_ack(ack)
            case Wake():
                pass
            case Probed(peer, PingRequest() as request):
                self._help(peer, request, now)
            case News(epoch, version, known, gone):
                self._follow(epoch, version, known, gone, now)
            case Snapshot(epoch, version, known):
                self._take_up(epoch, version, known, now)
            case LinkLost(address):
                self._check_home(address, now)
            case Start():
                self.say(CatchUp())
        self._keep_time(now)

    def _excuse_lateness(self, now: float) -> None:
        """While this node stood still, nobody could answer it: that counts against nobody.

        What came meanwhile waits to be heard, so trials are dropped and suspects get a period more
        than they had left (Lifeguard 2018 starts from the same observation).
        """
        wake = self.out.wake
        if wake is not None and now - wake > self.settings.ping_timeout_seconds:
            self._trials.clear()
            self.suspicions.postpone(now - wake + self.settings.period_seconds)

    def _take_up(self, epoch: int, version: int, known: tuple[Known, ...], now: float) -> None:
        if not self._follower.reset(epoch, version):
            return
        listed = {item.rumor.id: None for item in known if isinstance(item.rumor, Membership)}
        self.departed = {}
        for member_id in [member for member in self.members if member not in listed]:
            self._forget(member_id)
        for item in known:
            self._note(item, now)

    def _follow(
        self, epoch: int, version: int, known: tuple[Known, ...], gone: tuple[Key, ...], now: float
    ) -> None:
        step = self._follower.step(epoch, version)
        if step is Step.GAP:
            self.say(CatchUp())
        if step is not Step.NEXT:
            return
        for item in known:
            self._note(item, now)
            if isinstance(item.rumor, Membership):
                self.fresh.kindle(item.rumor)
        for key in gone:
            self._unlearn(key)

    def _note(self, item: Known, now: float) -> None:
        match item.rumor:
            case Departure(member_id=member_id):
                self.departed[member_id] = None
                if member_id in self.members:
                    self._set_probed(self.members[member_id])
                self.suspicions.clear(member_id)
            case Membership(id=member_id) as member if member_id != self.me.id:
                self.members[member_id] = member
                self._set_probed(member)
                self._set_suspected(member, min(now, item.since))

    def _unlearn(self, key: Key) -> None:
        match key:
            case (Membership.KIND, member_id):
                self._forget(member_id)
            case (Departure.KIND, member_id):
                self.departed.pop(member_id, None)
                if member_id in self.members:
                    self._set_probed(self.members[member_id])

    def _set_suspected(self, member: Membership, since: float) -> None:
        if member.health is Health.SUSPECT and member.id not in self.departed:
            seconds = suspicion_seconds(len(self.rotation) + 1, self.settings.period_seconds)
            self.suspicions.note(member, since + seconds)
        else:
            self.suspicions.clear(member.id)

    def _set_probed(self, member: Membership) -> None:
        """Probe the reachable; and permanent members for ever."""
        wanted = member.id not in self.departed and (
            member.permanent or member.health in REACHABLE
        )
        if wanted and member.id not in self._probed:
            self._probed[member.id] = None
            self.rotation.add(member.id)
        elif not wanted and member.id in self._probed:
            del self._probed[member.id]
            self.rotation.remove(member.id)

    def _forget(self, member_id: str) -> None:
        member = self.members.pop(member_id, None)
        if member is None:
            return
        if member_id in self._probed:
            del self._probed[member_id]
            self.rotation.remove(member_id)
        self.suspicions.clear(member_id)
        self.fresh.quench(member)

    def _take_turn(self, now: float) -> None:
        target = self.rotation.next()
        if target:
            self._try(target, now)
            self._deadlines.set("turn", now + self.settings.period_seconds)

    def _try(self, member_id: str, now: float) -> None:
        """Ping a member and expect its Ack, or a helper's, within the period."""
        sequence = self._next_sequence()
        member = self.members[member_id]
        self._trials[sequence] = Trial(sequence, member_id, member.incarnation, now)
        self._ping(sequence, member)
        self._deadlines.set(sequence, now + self.settings.ping_timeout_seconds)

    def _check_home(self, address: str, now: float) -> None:
        """A broken link is evidence: look at once whether whoever lived there still does."""
        under_way = {trial.target: None for trial in self._trials.values()}
        for member_id in self._probed:
            if self.members[member_id].address == address and member_id not in under_way:
                self._try(member_id, now)

    def _press_on(self, sequence: int, now: float) -> None:
        """No answer in time: ask helpers; no answer from them either: accuse.

        Helpers are asked even when this node itself was late: that is nobody else's fault.
        """
        trial = self._trials.get(sequence)
        if trial is None:
            self._errands.pop(sequence, None)
        elif trial.helpers is None:
            self._ask_helpers(trial, now)
        else:
            del self._trials[sequence]
            self._accuse(trial, now)

    def _ask_helpers(self, trial: Trial, now: float) -> None:
        member = self.members.get(trial.target)
        if member is None:
            del self._trials[trial.sequence]
            return
        helpers = self._pick_helpers(trial.target)
        self._trials[trial.sequence] = trial._replace(helpers=helpers)
        for helper_id in helpers:
            helper = self.members[helper_id]
            request = PingRequest(
                trial.sequence, member.id, member.address, self._introduce(helper_id)
            )
            self.send(Peer(helper_id, helper.address), request)
        patience = self.settings.period_seconds - self.settings.ping_timeout_seconds
        end = trial.began + self.settings.period_seconds
        self._deadlines.set(trial.sequence, max(end, now + patience))

    def _pick_helpers(self, target: str) -> tuple[str, ...]:
        alive = [
            member_id
            for member_id in self._probed
            if member_id != target and self.members[member_id].health is Health.ALIVE
        ]
        return tuple(self.rng.sample(alive, min(self.settings.helpers, len(alive))))

    def _accuse(self, trial: Trial, now: float) -> None:
        """Suspect the target, unless it has spoken since: that silence was of a former life."""
        member = self.members.get(trial.target)
        if member is None or member.health is not Health.ALIVE or member.id in self.departed:
            return
        if member.incarnation != trial.incarnation:
            return
        helpers = trial.helpers or ()
        names = [self.members[helper].name for helper in helpers if helper in self.members]
        why = f"no answer to a ping by {self.me.name} in {now - trial.began:.1f} s"
        if names:
            why += f", nor through {', '.join(names)}"
        self._say_accusation(member, Health.SUSPECT, why)

    def _confirm_expired(self, now: float) -> None:
        """Confirm the suspects whose time is over, again each period until the news agrees."""
        for member_id in self.suspicions.expired(now):
            member = self.members[member_id]
            why = f"{member.why or 'suspected'}; not refuted in time"
            self._say_accusation(member, Health.CONFIRMED, why)
            self.suspicions.note(member, now + self.settings.period_seconds)

    def _say_accusation(self, member: Membership, level: Health, why: str) -> None:
        why = why[:WHY_CHARACTERS_MAX]
        self.say(Accusation(member.id, member.incarnation, int(level), why))

    def _answer(self, peer: Peer, ping: Ping) -> None:
        self._overhear(ping.introductions)
        if ping.target == self.me.id:
            self.send(peer, Ack(ping.sequence, ping.target, self._introduce(peer.id)))

    def _help(self, peer: Peer, request: PingRequest, now: float) -> None:
        self._overhear(request.introductions)
        if len(self._errands) >= ERRANDS_MAX:
            return
        sequence = self._next_sequence()
        self._errands[sequence] = Errand(peer, request.sequence, request.target)
        self._deadlines.set(sequence, now + self.settings.period_seconds)
        introductions = self._introduce(request.target)
        self.send(
            Peer(request.target, request.address), Ping(sequence, request.target, introductions)
        )

    def _hear_ack(self, ack: Ack) -> None:
        self._overhear(ack.introductions)
        awaited = self._errands.get(ack.sequence) or self._trials.get(ack.sequence)
        if awaited is None or awaited.target != ack.target:
            return
        self._deadlines.clear(ack.sequence)
        if isinstance(awaited, Trial):
            del self._trials[ack.sequence]
            return
        del self._errands[ack.sequence]
        relayed = Ack(awaited.sequence, ack.target, self._introduce(awaited.asker.id))
        self.send(awaited.asker, relayed)

    def _ping(self, sequence: int, member: Membership) -> None:
        ping = Ping(sequence, member.id, self._introduce(member.id))
        self.send(Peer(member.id, member.address), ping)

    def _introduce(self, receiver: str) -> tuple[Membership, ...]:
        """Up to five fresh members, and whatever I hold against the receiver.

        It should be the first to know.
        """
        fresh: list[Any] = []
        if self.fresh:
            sends_max = budget(len(self.rotation) + 1)
            fresh = self.fresh.take(1, sends_max, ENVELOPE_BYTES_MAX, INTRODUCTIONS)
        member = self.members.get(receiver)
        if member and member.health is not Health.ALIVE and member not in fresh:
            fresh.append(member)
        return tuple(fresh)

    def _overhear(self, introductions: tuple[Membership, ...]) -> None:
        """Pass on what says more than the disseminator's news did."""
        news = [rumor for rumor in introductions if self._is_news(rumor)]
        if news:
            self.say(Overheard(tuple(news)))

    def _is_news(self, rumor: Membership) -> bool:
        if rumor.id == self.me.id:
            return rumor.health is not Health.ALIVE
        known = self.members.get(rumor.id)
        return known is None or rumor.beats(known)

    def _next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def _keep_time(self, now: float) -> None:
        if self.rotation and "turn" not in self._deadlines:
            first = now + self.settings.period_seconds * self.rng.random()
            self._deadlines.set("turn", first)
        self._confirm_expired(now)
        for name in self._deadlines.due(now):
            match name:
                case "turn":
                    self._take_turn(now)
                case int():
                    self._press_on(name, now)
        times = (self._deadlines.next, self.suspicions.next)
        self.wake_at(min((time for time in times if time is not None), default=None))
