"""Does a member answer?

One trial is a ping; without an answer in time the same through helpers; and in the end what that
has shown. A member whose own host refuses the connection, to us and to a helper, is gone; who just
does not answer may be slow, or the network, or we ourselves.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from habactors.protocol.lifecycle import Peer
from habactors.protocol.limits import EVIDENCE_CHARACTERS_MAX, INTRODUCTIONS_MAX
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import Membership
from habactors.roles.deadlines import Deadlines
from habactors.roles.helping import helping_seconds
from habactors.roles.trial import Trial

if TYPE_CHECKING:
    from habactors.roles.detector import Detector

PINGS_MAX = 3


class Trials:
    """The trials of one detector, by sequence number; `conclude` hears of those that failed."""

    def __init__(
        self,
        detector: "Detector",
        deadlines: Deadlines[str | int],
        conclude: Callable[[Trial, str], None],
    ) -> None:
        self._role = detector
        self._deadlines = deadlines
        self._conclude = conclude
        self._trials: dict[int, Trial] = {}

    def __len__(self) -> int:
        return len(self._trials)

    def clear(self) -> None:
        """Expect no more answers."""
        self._trials.clear()

    def forget(self, member_id: str) -> None:
        """Nobody knows the member any more: its trials are over."""
        for trial in [one for one in self._trials.values() if one.target == member_id]:
            self._end(trial)

    def of(self, member_id: str) -> Trial | None:
        """The trial of a member that is under way."""
        return next((one for one in self._trials.values() if one.target == member_id), None)

    def begin(
        self, member: Membership, now: float, *, urgent: bool, doubt: Membership | None
    ) -> None:
        """Ping a member and expect its Ack, or a helper's, within the period."""
        sequence = self._role.next_sequence()
        incarnation = doubt.incarnation if doubt else member.incarnation
        trial = Trial(
            sequence, member.id, member.address, incarnation, now, urgent=urgent, doubt=doubt
        )
        self._trials[sequence] = trial
        self._ping(trial)
        self._deadlines.set(sequence, now + self._timeout_seconds)
        if urgent:
            self._ask_helpers(trial, now)

    def doubt(self, trial: Trial, rumor: Membership, now: float) -> None:
        """Let a trial that is under way check what somebody else says."""
        if trial.doubt is None:
            trial.doubt, trial.incarnation = rumor, rumor.incarnation
            self._ping(trial)
            self._weigh(trial, now)

    def note_lost(self, address: str, now: float, *, refused: bool) -> bool:
        """The link to an address fell: whether anybody there is being tried.

        What went down with the link is sent again; a refusal is an answer too.
        """
        tried = [trial for trial in self._trials.values() if trial.address == address]
        for trial in tried:
            if refused:
                trial.refused = True
                if trial.helpers is None and not trial.doubt:
                    self._ask_helpers(trial, now)
                self._weigh(trial, now)
            elif trial.pings < PINGS_MAX:
                trial.pings += 1
                self._ping(trial)
        return bool(tried)

    def press_on(self, sequence: int, now: float) -> None:
        """No answer in time: ask helpers; no answer from them either: it has failed.

        Helpers are asked even when this node itself was late: that is nobody else's fault.
        """
        trial = self._trials.get(sequence)
        if trial is None:
            return
        if trial.helpers is None:
            self._ask_helpers(trial, now)
        else:
            self._fail(trial, now)

    def hear_ack(self, peer: Peer, ack: Ack, now: float) -> None:
        """The member lives."""
        trial = self._trials.get(ack.sequence)
        if trial is None or trial.target != ack.target:
            return
        self._end(trial)
        role, seconds = self._role, now - trial.began
        role.awareness.improve()
        role.dossier.answer(trial.target, now, seconds)
        if trial.helpers is not None:
            helper = role.members.get(peer.id)
            way = f" through {helper.name}" if helper and helper.id != trial.target else ""
            role.dossier.note(trial.target, now, f"answered{way} after {seconds:.3f} s")

    def hear_nack(self, peer: Peer, nack: Nack, now: float) -> None:
        """A helper could not reach the member."""
        trial = self._trials.get(nack.sequence)
        if trial is None or trial.target != nack.target or peer.id not in (trial.helpers or ()):
            return
        if peer.id not in trial.heard:
            trial.heard = (*trial.heard, peer.id)
        if nack.refused and peer.id not in trial.refusals:
            trial.refusals = (*trial.refusals, peer.id)
        self._weigh(trial, now)

    def _weigh(self, trial: Trial, now: float) -> None:
        """End a trial as soon as nothing else can come of it."""
        if trial.is_proven or trial.is_told:
            self._fail(trial, now)

    def _end(self, trial: Trial) -> None:
        self._trials.pop(trial.sequence, None)
        self._deadlines.clear(trial.sequence)

    def _ping(self, trial: Trial) -> None:
        introductions = self._role.introduce(trial.target)
        if trial.doubt and trial.doubt not in introductions:
            introductions = (*introductions[: INTRODUCTIONS_MAX - 1], trial.doubt)
        ping = Ping(trial.sequence, trial.target, introductions)
        self._role.send(Peer(trial.target, trial.address), ping)

    def _ask_helpers(self, trial: Trial, now: float) -> None:
        role = self._role
        trial.helpers = role.pick_helpers(trial.target)
        for helper_id in trial.helpers:
            request = PingRequest(
                trial.sequence, trial.target, trial.address, role.introduce(helper_id)
            )
            role.send(Peer(helper_id, role.members[helper_id].address), request)
        end = max(self._end_of(trial), now + self._patience_seconds)
        self._deadlines.set(trial.sequence, end)

    @property
    def _timeout_seconds(self) -> float:
        return self._role.settings.ping_timeout_seconds * self._role.awareness.factor

    @property
    def _patience_seconds(self) -> float:
        """What helpers are given."""
        return helping_seconds(self._role.settings) * self._role.awareness.factor

    def _end_of(self, trial: Trial) -> float:
        """The end of the period, or for urgent trials of the ping timeout."""
        if trial.urgent:
            return trial.began + self._timeout_seconds
        return trial.began + self._role.settings.period_seconds * self._role.awareness.factor

    def _fail(self, trial: Trial, now: float) -> None:
        """There was no answer: ours may be the fault, and the member may be gone."""
        self._end(trial)
        why = self._evidence(trial, now)
        self._role.dossier.fail(trial.target, now, why)
        member = self._role.members.get(trial.target)
        if member and not member.is_gone and not trial.refused:
            self._role.awareness.worsen(trial.silent if trial.helpers else 1)
        self._conclude(trial, why)

    def _evidence(self, trial: Trial, now: float) -> str:
        """What the trial has shown, in words."""
        me, members = self._role.me, self._role.members
        if trial.refused:
            refused = [members[one].name for one in trial.refusals if one in members]
            why = f"connection refused to {', '.join([me.name, *refused])}"
        else:
            helpers = [members[one].name for one in trial.helpers or () if one in members]
            why = f"no answer to a ping by {me.name} in {now - trial.began:.1f} s"
            why += f", nor through {', '.join(helpers)}" if helpers else ""
        return why[:EVIDENCE_CHARACTERS_MAX]
