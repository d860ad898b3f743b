"""Who is alive?

SWIM's failure detector (Das, Gupta, Motivala 2002): each period it pings one member in turn;
without an answer in time it asks helpers to ping for it; without any answer by the end of the
period it says that the member is suspect. A suspect that does not refute in time is said to be
confirmed. Lifeguard (Dadgar, Phillips, Currey 2018) makes it patient where it may be slow itself,
and kept links to a few members make it quick where it is certain. What it finds are accusations:
only the disseminator turns them into rumors, and the accused refute them there.
"""

from random import Random
from typing import Any

from habactors.config import DetectorConfig
from habactors.protocol.commands import ExplainMember, LocalHealth, ReadHealth
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.heat import Heat, budget
from habactors.protocol.lifecycle import Identity, Peer, Start, Wake
from habactors.protocol.limits import ENVELOPE_BYTES_MAX, WATCHED_MAX
from habactors.protocol.news import (
    Accusation,
    CatchUp,
    Doubted,
    Known,
    News,
    Overheard,
    Snapshot,
)
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import Departure, Key, Membership
from habactors.protocol.transport import LinkLost, Probed, Watch, WireStarted
from habactors.roles.awareness import Awareness
from habactors.roles.deadlines import Deadlines
from habactors.roles.dossier import Dossier
from habactors.roles.explain import explain_member
from habactors.roles.follower import Follower, Step
from habactors.roles.helping import PATIENCE, Helping, helping_seconds
from habactors.roles.role import Role
from habactors.roles.rotation import Rotation
from habactors.roles.suspicions import Patience, Suspicions
from habactors.roles.trial import Trial
from habactors.roles.trials import Trials
from habactors.roles.watching import Circle

INTRODUCTIONS = 5


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
        self.awareness = Awareness(settings.local_health_max)
        self.dossier = Dossier()
        self.fresh = Heat()
        self.circle = Circle()
        self.watched: tuple[str, ...] = ()
        self._probed: dict[str, None] = {}
        self._standing: dict[str, None] = {}
        self._refuted = 0
        self._health_told = 0
        self._circle_changed = False
        self._sequence = 0
        self._helping = Helping(self, self.introduce)
        self._follower = Follower()
        self._deadlines: Deadlines[str | int] = Deadlines()
        self.trials = Trials(self, self._deadlines, self._accuse)

    def hear(self, message: Any, now: float) -> None:
        self._excuse_lateness(now)
        match message:
            case Probed(peer, Ping() as ping):
                self._answer(peer, ping)
            case Probed(peer, Ack() as ack):
                self._hear_ack(peer, ack, now)
            case Wake():
                pass
            case Probed(peer, PingRequest() as request):
                self._help(peer, request, now)
            case Probed(peer, Nack() as nack):
                self.trials.hear_nack(peer, nack, now)
            case News(epoch, version, known, gone):
                self._follow(epoch, version, known, gone, now)
            case Snapshot(epoch, version, known):
                self._take_up(epoch, version, known, now)
            case LinkLost(address, refused):
                self._note_lost(address, now, refused=refused)
            case Doubted(rumor):
                self._check(rumor, now)
            case ExplainMember():
                self.say(explain_member(self, message))
            case ReadHealth():
                self.say(LocalHealth(self.awareness.score))
            case WireStarted():
                self.say(Watch(self.watched))
            case Start():
                self.say(CatchUp())
        self._keep_watch()
        self._keep_time(now)
        self._tell_health()

    @property
    def patience(self) -> Patience:
        """How long suspicions last in a ring of this size."""
        return Patience(self.settings, max(0, len(self.circle) - 1))

    def _excuse_lateness(self, now: float) -> None:
        """While this node stood still, nobody could answer it: that counts against nobody.

        What came meanwhile waits to be heard, so trials are dropped and suspects get a period more
        than they had left (Lifeguard starts from the same observation, and waits for its effects).
        """
        wake = self.out.wake
        late_seconds = now - wake if wake is not None else 0.0
        if late_seconds > self.settings.ping_timeout_seconds / 2:
            self.awareness.worsen()
        if late_seconds > self.settings.ping_timeout_seconds:
            self.trials.clear()
            self.suspicions.postpone(late_seconds + self.settings.period_seconds)

    def _take_up(self, epoch: int, version: int, known: tuple[Known, ...], now: float) -> None:
        if not self._follower.reset(epoch, version):
            return
        listed = {item.rumor.id: None for item in known if isinstance(item.rumor, Membership)}
        self.departed = {}
        for member_id in [member for member in self.members if member not in listed]:
            self._forget(member_id)
        self._refuted = 0
        self._note_all(known, now)

    def _follow(
        self, epoch: int, version: int, known: tuple[Known, ...], gone: tuple[Key, ...], now: float
    ) -> None:
        step = self._follower.step(epoch, version)
        if step is Step.GAP:
            self.say(CatchUp())
        if step is not Step.NEXT:
            return
        self._note_all(known, now)
        for item in known:
            if isinstance(item.rumor, Membership):
                self.fresh.kindle(item.rumor)
        for key in gone:
            self._unlearn(key)

    def _note_all(self, known: tuple[Known, ...], now: float) -> None:
        """Suspicions come last: how long they last depends on how many members there are."""
        for item in known:
            self._note(item)
        for item in known:
            if isinstance(item.rumor, Membership) and item.rumor.id != self.me.id:
                self._suspect(item.rumor, min(now, item.since))

    def _note(self, item: Known) -> None:
        match item.rumor:
            case Departure(member_id=member_id, why=why):
                self.departed[member_id] = None
                if member_id in self.members:
                    self.dossier.note(member_id, item.since, f"departed: {why}")
                    self._place(self.members[member_id])
                self.suspicions.clear(member_id)
            case Membership(id=self.me.id, incarnation=incarnation):
                if 0 < self._refuted < incarnation:
                    self.awareness.worsen()
                self._refuted = incarnation
            case Membership() as member:
                self._note_health(member, item.since)
                self.members[member.id] = member
                self._place(member)

    def _note_health(self, member: Membership, since: float) -> None:
        known = self.members.get(member.id)
        before = known.health.word if known else "unknown"
        if before != member.health.word:
            because = f": {member.why}" if member.why else ""
            self.dossier.note(member.id, since, f"{before} to {member.health.word}{because}")

    def _unlearn(self, key: Key) -> None:
        match key:
            case (Membership.KIND, member_id):
                self._forget(member_id)
            case (Departure.KIND, member_id):
                self.departed.pop(member_id, None)
                if member_id in self.members:
                    self._place(self.members[member_id])

    def _suspect(self, member: Membership, since: float) -> None:
        if member.health is Health.SUSPECT and member.id not in self.departed:
            self.suspicions.note(member, since, self.patience.seconds(member))
        else:
            self.suspicions.clear(member.id)

    def _place(self, member: Membership) -> None:
        """Watch and probe the reachable; and probe permanent members for ever."""
        self._circle_changed = True
        counts = member.id not in self.departed
        reachable = counts and member.health in REACHABLE
        _enlist(self._standing, self.circle, member.id, wanted=reachable)
        wanted = reachable or (counts and member.permanent)
        _enlist(self._probed, self.rotation, member.id, wanted=wanted)

    def _forget(self, member_id: str) -> None:
        member = self.members.pop(member_id, None)
        if member is None:
            return
        self._circle_changed = True
        _enlist(self._standing, self.circle, member_id, wanted=False)
        _enlist(self._probed, self.rotation, member_id, wanted=False)
        self.suspicions.clear(member_id)
        self.trials.forget(member_id)
        self.dossier.forget(member_id)
        self.fresh.quench(member)

    def _keep_watch(self) -> None:
        """Tell the wire whom to keep links to, when that has changed."""
        if not self._circle_changed:
            return
        self._circle_changed = False
        others = self.circle.after(self.me.id, min(self.settings.watchers, WATCHED_MAX))
        watched = tuple(self.members[member_id].address for member_id in others)
        if watched != self.watched:
            self.watched = watched
            self.say(Watch(watched))

    def _tell_health(self) -> None:
        if self.awareness.score != self._health_told:
            self._health_told = self.awareness.score
            self.say(LocalHealth(self._health_told))

    def _take_turn(self, now: float) -> None:
        target = self.rotation.next()
        if target:
            self._try(target, now)
            period_seconds = self.settings.period_seconds * self.awareness.factor
            self._deadlines.set("turn", now + period_seconds)

    def _try(
        self, member_id: str, now: float, *, urgent: bool = False, doubt: Membership | None = None
    ) -> None:
        self.trials.begin(self.members[member_id], now, urgent=urgent, doubt=doubt)

    def _note_lost(self, address: str, now: float, *, refused: bool) -> None:
        """A broken link is evidence: who watches looks at once whether anybody still lives there.

        Whoever was refused has looked already.
        """
        for sequence in self._helping.note_lost(address, refused=refused):
            self._deadlines.clear(sequence)
        is_tried = self.trials.note_lost(address, now, refused=refused)
        if not is_tried and (refused or address in self.watched):
            self._look_after(address, now, refused=refused)

    def _look_after(self, address: str, now: float, *, refused: bool) -> None:
        for member_id in list(self._standing):
            if self.members[member_id].address == address:
                what = "connection refused" if refused else "link lost"
                self.dossier.note(member_id, now, what)
                self._try(member_id, now, urgent=True)

    def pick_helpers(self, target: str) -> tuple[str, ...]:
        """Some members that are held for alive, to reach the target through."""
        alive = [
            member_id
            for member_id in self._standing
            if member_id != target and self.members[member_id].health is Health.ALIVE
        ]
        return tuple(self.rng.sample(alive, min(self.settings.helpers, len(alive))))

    def _accuse(self, trial: Trial, why: str) -> None:
        """Say what the trial has shown, unless the target has spoken since.

        Then that silence was of a former life.
        """
        member = self.members.get(trial.target)
        if member is None or member.id in self.departed or member.health not in REACHABLE:
            return
        if member.incarnation > trial.incarnation:
            return
        if trial.is_proven or trial.doubt:
            level = Health.CONFIRMED
        elif self._is_worth_saying(member):
            level = Health.SUSPECT
        else:
            return
        self.say(Accusation(member.id, trial.incarnation, int(level), why, trial.refused))

    def _is_worth_saying(self, member: Membership) -> bool:
        """Whether a suspicion says more than others have; after enough of them nobody need to."""
        if member.health is Health.ALIVE:
            return True
        enough = len(member.evidence) > self.settings.suspicion_confirmations
        return not enough and self.me.id not in member.accusers

    def _check(self, rumor: Membership, now: float) -> None:
        """Probe whom somebody else holds for dead; it hears of that with the ping."""
        member = self.members.get(rumor.id)
        if member is None or member.health not in REACHABLE or member.id in self.departed:
            return
        under_way = self.trials.of(rumor.id)
        if under_way:
            self.trials.doubt(under_way, rumor, now)
        else:
            self._try(rumor.id, now, doubt=rumor)

    def _confirm_expired(self, now: float) -> None:
        """Confirm the suspects whose time is over, again each period until the news agrees.

        Who answers us since then is not dead, whatever others saw: it hears of the suspicion with
        another ping, and refutes it.
        """
        for member_id in self.suspicions.expired(now):
            member = self.members[member_id]
            self.suspicions.extend(member_id, now + self.settings.period_seconds)
            if self.dossier.answers_since(member_id, self.suspicions.since(member_id)):
                if not self.trials.of(member_id):
                    self._try(member_id, now)
            else:
                self.say(Accusation(member.id, member.incarnation, int(Health.CONFIRMED), ""))

    def _answer(self, peer: Peer, ping: Ping) -> None:
        self._overhear(ping.introductions)
        if ping.target == self.me.id:
            self.send(peer, Ack(ping.sequence, ping.target, self.introduce(peer.id)))

    def _help(self, peer: Peer, request: PingRequest, now: float) -> None:
        self._overhear(request.introductions)
        sequence = self.next_sequence()
        if self._helping.begin(sequence, peer, request):
            seconds = PATIENCE * helping_seconds(self.settings)
            self._deadlines.set(sequence, now + seconds)

    def _hear_ack(self, peer: Peer, ack: Ack, now: float) -> None:
        self._overhear(ack.introductions)
        if self._helping.hear(ack):
            self._deadlines.clear(ack.sequence)
        else:
            self.trials.hear_ack(peer, ack, now)

    def introduce(self, receiver: str) -> tuple[Membership, ...]:
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
        if rumor.id == self.me.id:  # an incarnation above mine is of a namesake
            return rumor.health is not Health.ALIVE or rumor.incarnation > self._refuted
        known = self.members.get(rumor.id)
        return known is None or rumor.adds_to(known)

    def next_sequence(self) -> int:
        """A number for a ping that no other one of this life bears."""
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
                    self._helping.give_up(name)
                    self.trials.press_on(name, now)
        times = (self._deadlines.next, self.suspicions.next)
        self.wake_at(min((time for time in times if time is not None), default=None))


def _enlist(
    roll: dict[str, None], order: Rotation | Circle, member_id: str, *, wanted: bool
) -> None:
    """See to it that a member is in an order of members, or is not."""
    if wanted and member_id not in roll:
        roll[member_id] = None
        order.add(member_id)
    elif not wanted and member_id in roll:
        del roll[member_id]
        order.remove(member_id)
