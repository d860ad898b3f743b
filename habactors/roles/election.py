"""Who leads each group?

One contest for each group of leader topology that this node serves in, or has ever voted in. Votes
and the latest electorates are kept before they are said.
"""

from random import Random
from typing import Any

import msgspec

from habactors.config import ElectionConfig
from habactors.protocol.commands import Answered
from habactors.protocol.leadership import (
    AskLeadership,
    AskStandings,
    Demoted,
    Stand,
    StepDown,
    Withdrawn,
)
from habactors.protocol.lifecycle import Identity, Start, Wake
from habactors.protocol.transport import Balloted
from habactors.protocol.views import GroupView, MemberView, Recount, Views
from habactors.roles.contest import Contest
from habactors.roles.follower import Follower, Step, fold
from habactors.roles.isolation import is_isolated
from habactors.roles.role import Role
from habactors.roles.voter import Record

RECORD = "ballot/"
CONTESTS_MAX = 1_000

_decoder = msgspec.msgpack.Decoder(Record)


class Election(Role):
    """The contests of one node; `life` is another one after each start of the node."""

    NAME = "election"

    def __init__(self, me: Identity, settings: ElectionConfig, life: str, rng: Random) -> None:
        super().__init__(me)
        self.settings = settings
        self.life = life
        self.rng = rng
        self.contests: dict[str, Contest] = {}
        self._members: dict[str, MemberView] = {}
        self._groups: dict[str, GroupView] = {}
        self._answered = Answered(0, "")
        self._follower = Follower()
        self._isolated = False
        self._quiet_until = float("-inf")

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Balloted(peer, ballot):
                if self._has_room_for(ballot.service_group):
                    self._contest(ballot.service_group, now).hear(peer, ballot, now)
            case Wake():
                pass
            case Views():
                self._follow(message, now)
            case Stand(service_group=group):
                self._contest(group, now).stand(message, now)
            case Withdrawn(service_group=group):
                if group in self.contests:
                    self.contests[group].stand(None, now)
            case Demoted(service_group=group, term=term):
                if group in self.contests:
                    self.contests[group].demoted(term)
            case StepDown():
                self._step_down(message, now)
            case AskLeadership():
                for contest in self.contests.values():
                    contest.tell_again()
            case Start(kept, damaged):
                self._start(kept, now, damaged=damaged)
        self._keep_time(now)

    def _start(self, kept: dict[str, bytes], now: float, *, damaged: bool) -> None:
        """Whoever may have voted in a life before says nothing until those votes bind no more."""
        if kept or damaged:
            self._quiet_until = now + self.settings.lease_seconds
        for key, value in kept.items():
            if key.startswith(RECORD):
                try:
                    record = _decoder.decode(value)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
                self._open(key.removeprefix(RECORD), record).resume(now)
        self.say(Recount())
        self.say(AskStandings())

    def _has_room_for(self, group: str) -> bool:
        """Others may make this node vote in so many groups that it does not serve in."""
        return group in self.contests or len(self.contests) < CONTESTS_MAX

    def _contest(self, group: str, now: float) -> Contest:
        if group not in self.contests:
            self._show(self._open(group, Record()), now)
        return self.contests[group]

    def _open(self, group: str, record: Record) -> Contest:
        contest = self.contests[group] = Contest(
            self,
            group,
            self.settings,
            self.rng,
            record,
            life=self.life,
            quiet_until=self._quiet_until,
        )
        return contest

    def _follow(self, views: Views, now: float) -> None:
        step = self._follower.take(views)
        if step is Step.GAP:
            self.say(Recount())
        if step is not Step.NEXT:
            return
        fold(views, self._members, self._groups)
        self._isolated = is_isolated(self._members.values())
        for contest in self.contests.values():
            self._show(contest, now)

    def _show(self, contest: Contest, now: float) -> None:
        group = self._groups.get(contest.group)
        contest.see(group, self._members, now, isolated=self._isolated)

    def _step_down(self, order: StepDown, now: float) -> None:
        if order.request == self._answered.request:
            self.say(self._answered)
            return
        contest = self.contests.get(order.service_group)
        if contest is None or contest.reign is None:
            message = f"{self.me.name} does not lead {order.service_group}"
            hint = "habactors elections tells who does: ask there"
            self.say(Answered(order.request, message, "conflict", hint))
            return
        contest.resign("an operator wanted it", order.to, now)
        message = f"{self.me.name} hands {order.service_group} over"
        self._answered = Answered(order.request, message)
        self.say(self._answered)

    def _keep_time(self, now: float) -> None:
        for contest in self.contests.values():
            contest.tick(now)
        wakes = [contest.wake for contest in self.contests.values() if contest.wake is not None]
        self.wake_at(min(wakes, default=None))
