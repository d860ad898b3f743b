"""How does a leader go on leading?

It renews its lease with a majority several times before it would run out, and stops by itself
when that fails: at that moment nobody else can have been elected yet. Meanwhile it lets newcomers
vote and takes the vote from those who are gone, one at a time. Who wants to stop leading keeps the
group to itself until its service has stopped, and then sets all voters free.
"""

from typing import TYPE_CHECKING

import msgspec

from habactors.protocol.ballots import Release, Renewal, Renewed
from habactors.protocol.electorate import Electorate
from habactors.protocol.leadership import Elected

if TYPE_CHECKING:
    from habactors.roles.contest import Contest

DRIFT = 0.01
"""By how much the rates of two clocks may differ."""
RENEWALS = 6
"""How often a lease is renewed before it would run out."""
ROUNDS_KEPT = 32
ROUNDS_PER_SECOND = 1_000
"""Rounds are numbered from the time on: no late answer to a former life of this actor counts."""


class Reign:
    """One term of this member as leader.

    `resigning`: it is about to stop, and does not renew. `is_idle`: its process has ended, nothing
    leads. `agreed` is the latest electorate to which a majority has agreed in this term.
    """

    def __init__(self, contest: "Contest", term: int, now: float) -> None:
        self.term = term
        self.lease_until = now
        self.resigning = False
        self.is_idle = False
        self._contest = contest
        self._hope_until = now
        self._successor = ""
        self._round = int(now * ROUNDS_PER_SECOND)
        self._asked: dict[int, float] = {}
        self._granted: dict[str, int] = {}
        self._fit: dict[str, bool] = {}
        self._changed = self._round + 1
        self._next_renewal = now
        self.agreed: Electorate | None = None

    def lease(self, began: float, seconds: float) -> None:
        """Count on a lease that was asked for at `began`, whatever the clocks do."""
        until = began + seconds * (1 - DRIFT) / (1 + DRIFT)
        self.lease_until = max(self.lease_until, until)

    def hope(self, until: float) -> None:
        """Ask for renewals until then, although there is no lease: the actor was restarted."""
        self._hope_until = until

    def is_over(self, now: float) -> bool:
        """Whether the lease has run out, and all hope with it."""
        return now >= max(self.lease_until, self._hope_until)

    def go_on(self, now: float) -> float:
        """Do what is due, and tell when to do it again."""
        if self.resigning:
            return max(self.lease_until, self._hope_until)
        self._adjust(now)
        if now >= self._next_renewal:
            self._renew(now)
        electorate = self._contest.voter.record.electorate
        change = self._contest.polls.next_change(electorate, now)
        times = [self._next_renewal, max(self.lease_until, self._hope_until)]
        return min(times if change is None else [*times, change])

    def hear(self, member_id: str, ballot: Renewed) -> bool:
        """A voter answers; False when it knows a later term."""
        if ballot.term != self.term:
            return True
        self._fit[member_id] = ballot.eligible
        if ballot.granted:
            self._granted[member_id] = max(self._granted.get(member_id, 0), ballot.round)
            if not self.resigning:
                self._count()
        return ballot.granted or ballot.known_term <= self.term

    def resign(self, successor: str) -> None:
        """Renew no more; the service here is to stop meanwhile.

        After a restart the lease of the life before is not known: it ends with the hope.
        """
        self.resigning = True
        self._successor = successor

    def end(self) -> None:
        """The service here has stopped, or its lease has run out: others may stand at once."""
        contest = self._contest
        release = Release(contest.group, self.term, self._successor)
        contest.voter.released(contest.me, release)
        if self.agreed is not None:
            self._announce("", self.agreed)
        contest.send_all(contest.voter.record.electorate, release)

    def has_heir(self) -> bool:
        """Whether somebody else could lead."""
        polls = self._contest.polls
        return any(fit and polls.is_alive(one) for one, fit in self._fit.items())

    def _renew(self, now: float) -> None:
        contest = self._contest
        electorate = contest.voter.record.electorate
        self._round += 1
        self._asked[self._round] = now
        self._asked.pop(self._round - ROUNDS_KEPT, None)
        self._next_renewal = now + contest.lease_seconds / RENEWALS
        renewal = Renewal(contest.group, self.term, self._round, electorate)
        contest.voter.renews(contest.me, renewal, now)
        self._granted[contest.me] = self._round
        contest.send_all(electorate, renewal)
        self._count()

    def _count(self) -> None:
        """The lease began when the latest round was sent that a majority has granted."""
        electorate = self._contest.voter.record.electorate
        rounds = sorted((self._granted.get(one, 0) for one in electorate.members), reverse=True)
        settled = rounds[electorate.majority - 1]
        if settled in self._asked:
            self.lease(self._asked[settled], self._contest.lease_seconds)
        if settled >= self._changed and self.agreed != electorate:
            self._announce(self._contest.me, electorate)

    def _announce(self, leader: str, electorate: Electorate) -> None:
        """Let the whole ring know what a majority has agreed upon."""
        self.agreed = electorate
        serial = 2 * electorate.serial + (not leader)
        contest = self._contest
        contest.role.say(Elected(contest.group, self.term, serial, leader, electorate))

    def _adjust(self, now: float) -> None:
        """Change the electorate by one member, once a majority has agreed to the last change."""
        contest = self._contest
        record = contest.voter.record
        if self.agreed != record.electorate or now >= self.lease_until:
            return
        fresh = contest.polls.change(record.electorate, contest.me, now)
        if fresh:
            contest.voter.record = msgspec.structs.replace(record, electorate=fresh)
            contest.keep()
            self._changed = self._round + 1
            self._next_renewal = now
