"""When does a member stand, and how does it win?

The bully's order says who begins: of those who are alive and fit, the most suitable (then the
highest member id) at once, the others a little later. Whoever begins asks around first and gives
way to a better one; only when enough would vote for it does a term begin.
"""

from random import Random
from typing import TYPE_CHECKING

import msgspec

from habactors.protocol.ballots import Candidacy, Canvass, Leaning, Release, Vote
from habactors.protocol.electorate import Electorate
from habactors.protocol.limits import WHOLE_MAX
from habactors.roles.polls import Poll

if TYPE_CHECKING:
    from habactors.roles.contest import Contest

SETTLE_SECONDS = 1.0
"""How long the members of a new group must have been the same before its first election."""
STAGGER_SECONDS = 0.3
"""How much later the next in the bully's order stands."""
ANSWER_SECONDS = 0.5
"""How long a candidate waits for answers."""
MEASURE_SECONDS = 0.5
"""How long to wait for a fresh measurement of suitability after the leader was lost."""
DEFERENCE_SECONDS = (0.2, 0.4)
DEFERENCES_MAX = 2
"""How often a candidate steps back for one who says that it is better."""
BACKOFF_SECONDS = (0.1, 0.4)
DOUBLINGS_MAX = 3


class Run(msgspec.Struct):
    """One attempt to win a term: with which electorate, since when, and who is for it.

    First the others are only asked whether they would vote (`counts` is False), then to do it.
    """

    term: int
    electorate: Electorate
    began: float
    needed: int
    supporters: dict[str, None]
    counts: bool = False


class Candidate:
    """This member's attempts to lead one group; `wake` is when to go on with them."""

    def __init__(self, contest: "Contest", rng: Random) -> None:
        self.wake: float | None = None
        self._contest = contest
        self._rng = rng
        self._run: Run | None = None
        self._until = 0.0
        self._not_before = float("-inf")
        self._called = False
        self._heir = ""
        self._attempts = 0
        self._deferences = 0

    def go_on(self, now: float) -> None:
        """Do what is due."""
        self.wake = None
        if self._run:
            self._press_on(self._run, now)
        else:
            self._consider(now)

    def rest(self, until: float, heir: str) -> None:
        """Others are to lead: do not stand before that time."""
        self._not_before, self._heir = until, heir

    def follow(self) -> None:
        """Somebody leads: all is forgotten that was undertaken without a leader."""
        self._run, self._heir = None, ""
        self._attempts = self._deferences = 0

    def support(self) -> None:
        """This member has voted for another."""
        self._run = None

    def hand_over(self, successor: str, now: float) -> None:
        """The leader has released its voters, and whom it names is let by."""
        self._heir = successor
        self._called = successor == self._contest.me
        if self._called:
            self._not_before = now
        elif successor:
            self._not_before = now + MEASURE_SECONDS + ANSWER_SECONDS

    def give_up(self, now: float) -> None:
        """Try again later, ever more seldom; whoever voted for it is free at once."""
        contest = self._contest
        run, self._run = self._run, None
        if run and run.counts:
            release = Release(contest.group, run.term, "")
            contest.voter.released(contest.me, release)
            contest.send_all(run.electorate, release)
        pause = self._rng.uniform(*BACKOFF_SECONDS) * 2 ** min(self._attempts, DOUBLINGS_MAX)
        self._attempts += 1
        self._not_before = self.wake = now + pause

    # Whether and when

    def obstacle(self, poll: Poll) -> str:
        """Why this member does not stand, whatever the others do; empty when it may."""
        contest, electorate = self._contest, poll.electorate
        polls, standing = contest.polls, contest.standing
        if standing is None:
            return "no service of the group is loaded here"
        if not standing.eligible:
            return standing.why
        if poll.known < polls.minimum:
            return f"{poll.known} of at least {polls.minimum} members are known"
        if not poll.is_quorate:
            missing = ", ".join(polls.missing(electorate))
            who = f"{poll.alive} of {poll.known} members are alive, without {missing}"
            if electorate.version == (0, 0):
                return f"{who}; the first election needs them all: wait for them or depart them"
            return f"{who}; {poll.quorum} are needed"
        if contest.me not in electorate.members and any(map(polls.is_alive, electorate.members)):
            return "this member may not vote yet"
        if contest.isolated and not contest.voter.record.electorate.members:
            return "this node can reach no majority of the ring"
        return ""

    def is_better(self, candidate: str, suitability: int, now: float) -> bool:
        """Whether this member would rather stand itself than have that one win; else it waits."""
        contest = self._contest
        counts = self._run is not None and self._run.counts
        if counts or self.obstacle(contest.poll):
            return False
        preferred = self._heir == contest.me or contest.worth(contest.me) > (
            suitability,
            candidate,
        )
        if candidate != self._heir and preferred:
            self._called = self._called or self._run is None
            return True
        self._step_back(now)
        return False

    def _consider(self, now: float) -> None:
        """Stand when it is time for it, and something could come of it."""
        voter, poll = self._contest.voter, self._contest.poll
        if self.obstacle(poll):
            return
        start = max(voter.free_at(), self._not_before)
        if not voter.record.electorate.members:
            start = max(start, self._contest.polls.settled_since + SETTLE_SECONDS)
        if not self._called:
            start = max(start, self._fresh_at()) + self._rank(poll) * STAGGER_SECONDS
        if start > now:
            self.wake = start
        else:
            self._begin(poll, now)

    def _fresh_at(self) -> float:
        """Since when it is known how suitable this member is now that the leader is lost.

        The hook that measures it is waited for, but not for ever.
        """
        standing, lost_at = self._contest.standing, self._contest.lost_at
        measured_at = standing.measured_at if standing else None
        if measured_at is None or measured_at >= lost_at:
            return lost_at
        return lost_at + MEASURE_SECONDS

    def _rank(self, poll: Poll) -> int:
        """How many come before this member, as far as it knows."""
        contest = self._contest
        mine = contest.worth(contest.me)
        return sum(
            contest.worth(one) > mine
            for one in poll.electorate.members
            if one != contest.me and contest.polls.is_alive(one)
        )

    def _step_back(self, now: float) -> None:
        """Let a better one try."""
        self._run = None
        pause = self._rng.uniform(*DEFERENCE_SECONDS)
        self._not_before = max(self._not_before, now + pause)

    # Asking

    def _begin(self, poll: Poll, now: float) -> None:
        """Ask around first: as long as nobody can win, nothing changes."""
        contest, electorate = self._contest, poll.electorate
        self._called = False
        term = min(contest.voter.record.term + 1, WHOLE_MAX)
        self._run = Run(term, electorate, now, poll.quorum, self._myself(electorate))
        self._until = now + ANSWER_SECONDS
        suitability, _ = contest.worth(contest.me)
        contest.send_all(electorate, Canvass(contest.group, term, electorate, suitability))
        self._press_on(self._run, now)

    def _myself(self, electorate: Electorate) -> dict[str, None]:
        """The first supporter; who may not vote has to find them all among those who may."""
        return {self._contest.me: None} if self._contest.me in electorate.members else {}

    def _press_on(self, run: Run, now: float) -> None:
        """Give up when time is over, go on when there are enough."""
        if now >= self._until:
            self.give_up(now)
        elif len(run.supporters) < run.needed:
            self.wake = self._until
        elif run.counts:
            self._run = None
            self._contest.win(run.term, run.electorate, run.began, now)
        else:
            self._campaign(run, now)

    def _campaign(self, run: Run, now: float) -> None:
        """Vote for oneself, and ask for the votes of the others.

        Nobody pledges itself to a first electorate that is not the one it sees any more.
        """
        contest, electorate = self._contest, run.electorate
        ballot = Candidacy(contest.group, run.term, electorate)
        if not contest.agrees(electorate) or not contest.voter.votes(contest.me, ballot, now):
            self.give_up(now)
            return
        contest.keep()
        self._run = Run(run.term, electorate, now, run.needed, self._myself(electorate), True)
        self._until = now + ANSWER_SECONDS
        contest.send_all(electorate, ballot)
        self._press_on(self._run, now)

    def hear_leaning(self, member_id: str, ballot: Leaning, now: float) -> None:
        """Somebody who was asked whether it would vote answers."""
        contest, run = self._contest, self._run
        if run is None or run.counts or ballot.term != run.term:
            return
        if contest.voter.learn(ballot.known_term, ballot.leader, ballot.electorate):
            contest.keep()
            self.give_up(now)
        elif ballot.better and self._deferences < DEFERENCES_MAX:
            self._deferences += 1
            self._step_back(now)
        elif ballot.willing and member_id in run.electorate.members:
            run.supporters[member_id] = None

    def hear_vote(self, member_id: str, ballot: Vote, now: float) -> None:
        """Somebody who was asked to vote answers."""
        contest, run = self._contest, self._run
        if run is None or not run.counts or ballot.term != run.term:
            return
        if ballot.granted and member_id in run.electorate.members:
            run.supporters[member_id] = None
        elif ballot.known_term > run.term:
            if contest.voter.learn(ballot.known_term, "", Electorate()):
                contest.keep()
            self.give_up(now)
