"""Who leads one group?

The bully's order, the majority's word: of those who are alive and fit, the most suitable stands
first (then the highest member id), the others a little later; but whoever stands needs the votes
of a majority, and leads only as long as a majority renews its lease. So there is at most one
leader a term, and no two leases overlap as long as clocks drift by no more than `DRIFT`.
"""

from random import Random
from typing import Any

import msgspec

from habactors.config import ElectionConfig
from habactors.protocol.ballots import (
    Candidacy,
    Canvass,
    Leaning,
    Release,
    Renewal,
    Renewed,
    Vote,
)
from habactors.protocol.electorate import Electorate
from habactors.protocol.leadership import Leadership, Stand
from habactors.protocol.lifecycle import Peer
from habactors.protocol.views import GroupView, MemberView
from habactors.roles.polls import Poll, Polls
from habactors.roles.reign import Reign
from habactors.roles.role import Role
from habactors.roles.voter import VOTE_SHARE, Record, Voter

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
NOBODY = ("", 0)


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


class Contest:
    """One group, from the seat of one node. `life` tells this life of the node from others."""

    def __init__(
        self,
        role: Role,
        service_group: str,
        settings: ElectionConfig,
        rng: Random,
        record: Record,
        *,
        life: str,
        quiet_until: float,
    ) -> None:
        self.role = role
        self.group = service_group
        self.lease_seconds = settings.lease_seconds
        self.voter = Voter(record, settings.lease_seconds, quiet_until)
        self.polls = Polls(settings.quorum_minimum)
        self.standing: Stand | None = None
        self.reign: Reign | None = None
        self.wake: float | None = None
        self._rng = rng
        self._life = life
        self._run: Run | None = None
        self._until = 0.0
        self._not_before = float("-inf")
        self._called = False
        self._attempts = 0
        self._deferences = 0
        self._leader = NOBODY
        self._heir = ""
        self._told_leader = NOBODY
        self._suitability: dict[str, int] = {}
        self._isolated = False
        self._said: Leadership | None = None
        self._lost_at = float("-inf")
        self._stepped_down = ""

    @property
    def me(self) -> str:
        """This node's member id."""
        return self.role.me.id

    @property
    def poll(self) -> Poll:
        """Whom this member would ask now."""
        return self.polls.poll(self.voter.record.electorate)

    def resume(self, now: float) -> None:
        """The actor has been restarted: if it led in this life of the node, it asks to go on."""
        record = self.voter.record
        if record.won and record.life == self._life and record.vote == self.me:
            self.reign = Reign(self, record.term, now)
            self.reign.hope(now + self.lease_seconds)

    def stand(self, standing: Stand | None, now: float) -> None:
        """What the service here is worth; None when there is none any more."""
        self.standing = standing
        if self.reign and standing is None:
            self.resign("unloaded", "", now)
        elif self.reign and standing and not standing.eligible and self.reign.has_heir():
            self.resign(standing.why, "", now)

    def see(
        self,
        group: GroupView | None,
        members: dict[str, MemberView],
        now: float,
        *,
        isolated: bool,
    ) -> None:
        """The census has changed."""
        self.polls.see(group, members, now)
        self._isolated = isolated
        if group is None or not group.term:
            return
        self._told_leader = (group.leader, group.term)
        if self.voter.learn(group.term, group.leader, group.electorate):
            self.keep()
        if self.reign and self.voter.record.term > self.reign.term:
            self._lose(f"{self.polls.name(group.leader)} was elected", now)

    def resign(self, why: str, successor: str, now: float) -> None:
        """Lead no more, but keep the group from others until the service here has stopped."""
        if self.reign and not self.reign.resigning:
            self.reign.resign(successor)
            self._stepped_down = why
            self._not_before = now + self.lease_seconds
            self._heir = successor

    def demoted(self, term: int) -> None:
        """The service here leads no more: others may."""
        if self.reign and self.reign.resigning and term >= self.reign.term:
            self._end()

    def tick(self, now: float) -> None:
        """Do what is due; `wake` is when to do it again."""
        if self.reign and self.reign.is_over(now):
            if self.reign.resigning:
                self._end()
            else:
                self._lose("no majority has renewed its lease", now)
        if self.reign:
            self.wake = self.reign.go_on(now)
        elif self._run:
            self._press_on(self._run, now)
        else:
            self._consider(now)
        self._tell(now)

    # Standing

    def _consider(self, now: float) -> None:
        """Stand when it is time for it, and something could come of it."""
        poll = self.poll
        self.wake = None
        if self._obstacle(poll):
            return
        start = max(self.voter.free_at(), self._not_before)
        if not self.voter.record.electorate.members:
            start = max(start, self.polls.settled_since + SETTLE_SECONDS)
        start = max(start, self._fresh_at())
        if not self._called:
            start += self._rank(poll) * STAGGER_SECONDS
        if start > now:
            self.wake = start
            return
        self._begin(poll, now)

    def _fresh_at(self) -> float:
        """Since when it is known how suitable this member is now that the leader is lost.

        The hook that measures it is waited for, but not for ever.
        """
        measured_at = self.standing.measured_at if self.standing else None
        if measured_at is None or measured_at >= self._lost_at:
            return self._lost_at
        return self._lost_at + MEASURE_SECONDS

    def _obstacle(self, poll: Poll) -> str:
        """Why this member does not stand, whatever the others do; empty when it may."""
        electorate = poll.electorate
        if self.standing is None:
            return "no service of the group is loaded here"
        if not self.standing.eligible:
            return self.standing.why
        if poll.known < self.polls.minimum:
            return f"{poll.known} of at least {self.polls.minimum} members are known"
        if not poll.is_quorate:
            missing = ", ".join(self.polls.missing(electorate))
            who = f"{poll.alive} of {poll.known} members are alive, without {missing}"
            if electorate.version == (0, 0):
                return f"{who}; the first election needs them all: wait for them or depart them"
            return f"{who}; {poll.quorum} are needed"
        if self.me not in electorate.members:
            return "this member may not vote yet"
        if self._isolated and not self.voter.record.electorate.members:
            return "this node can reach no majority of the ring"
        return ""

    def _rank(self, poll: Poll) -> int:
        """How many come before this member, as far as it knows."""
        mine = self._worth(self.me)
        return sum(
            self._worth(one) > mine
            for one in poll.electorate.members
            if one != self.me and self.polls.is_alive(one)
        )

    def _worth(self, member_id: str) -> tuple[int, str]:
        if member_id == self.me:
            return (self.standing.suitability if self.standing else 0, member_id)
        return (self._suitability.get(member_id, 0), member_id)

    def _begin(self, poll: Poll, now: float) -> None:
        """Ask around first: as long as nobody can win, nothing changes."""
        self._called = False
        term = self.voter.record.term + 1
        self._run = Run(term, poll.electorate, now, poll.quorum, {self.me: None})
        self._until = now + ANSWER_SECONDS
        suitability, _ = self._worth(self.me)
        self.send_all(poll.electorate, Canvass(self.group, term, poll.electorate, suitability))
        self._press_on(self._run, now)

    def _press_on(self, run: Run, now: float) -> None:
        """Go on when there are enough, give up when time is over."""
        if len(run.supporters) >= run.needed:
            if run.counts:
                self._win(run, now)
            else:
                self._campaign(run, now)
        elif now >= self._until:
            self._give_up(now)
        else:
            self.wake = self._until

    def _campaign(self, run: Run, now: float) -> None:
        """Vote for oneself, and ask for the votes of the others."""
        ballot = Candidacy(self.group, run.term, run.electorate)
        if not self.voter.votes(self.me, ballot, now):
            self._give_up(now)
            return
        self.keep()
        self._run = Run(run.term, run.electorate, now, run.needed, {self.me: None}, counts=True)
        self._until = self.wake = now + ANSWER_SECONDS
        self.send_all(run.electorate, ballot)
        if run.needed == 1:
            self._win(self._run, now)

    def _win(self, run: Run, now: float) -> None:
        self._run = None
        self._attempts = self._deferences = 0
        self._stepped_down = self._heir = ""
        electorate = Electorate(run.term, 0, run.electorate.members)
        self.voter.record = Record(run.term, self.me, electorate, won=True, life=self._life)
        self.keep()
        self.reign = Reign(self, run.term, now)
        self.reign.lease(run.began, self.lease_seconds * VOTE_SHARE)
        self.wake = self.reign.go_on(now)

    def _give_up(self, now: float) -> None:
        """Try again later, ever more seldom; whoever voted for it is free at once."""
        run, self._run = self._run, None
        if run and run.counts:
            release = Release(self.group, run.term, "")
            self.voter.released(self.me, release)
            self.send_all(run.electorate, release)
        pause = self._rng.uniform(*BACKOFF_SECONDS) * 2 ** min(self._attempts, DOUBLINGS_MAX)
        self._attempts += 1
        self._not_before = self.wake = now + pause

    def _end(self) -> None:
        if self.reign:
            self.reign.end()
            self._abdicate()

    def _abdicate(self) -> None:
        """Not even a restarted actor may believe that it still leads."""
        self.reign = None
        self.voter.record = msgspec.structs.replace(self.voter.record, won=False)
        self.keep()

    def _lose(self, why: str, now: float) -> None:
        self._abdicate()
        self._stepped_down = why
        self._give_up(now)

    # Hearing others

    def hear(self, peer: Peer, ballot: Any, now: float) -> None:
        """Another member of the group speaks."""
        match ballot:
            case Renewal():
                self._hear_renewal(peer, ballot, now)
            case Renewed(known_term=known, suitability=suitability):
                self._suitability[peer.id] = suitability
                if self.reign and not self.reign.hear(peer.id, ballot):
                    self._lose(f"term {known} has begun", now)
            case Canvass():
                self._hear_canvass(peer, ballot, now)
            case Leaning():
                self._hear_leaning(peer, ballot, now)
            case Candidacy():
                self._hear_candidacy(peer, ballot, now)
            case Vote():
                self._hear_vote(peer, ballot, now)
            case Release(successor=successor):
                if self.voter.released(peer.id, ballot):
                    self._leader, self._heir = NOBODY, successor
                    self._called = successor == self.me
                    if self._called:
                        self._not_before = now
                    elif successor:
                        self._not_before = now + MEASURE_SECONDS + ANSWER_SECONDS

    def _hear_renewal(self, peer: Peer, ballot: Renewal, now: float) -> None:
        before = self.voter.record
        granted = self.voter.renews(peer.id, ballot, now)
        if granted:
            if self.voter.record != before:
                self.keep()
            if self.reign:
                self._lose(f"{self.polls.name(peer.id)} leads in term {ballot.term}", now)
            self._run = None
            self._attempts = self._deferences = 0
            self._leader = (peer.id, ballot.term)
            self._stepped_down = self._heir = ""
        known, standing = self.voter.record.term, self.standing
        suitability, _ = self._worth(self.me)
        eligible = bool(standing and standing.eligible)
        answer = Renewed(
            self.group, ballot.term, ballot.round, granted, known, suitability, eligible
        )
        self.send(peer.id, answer)

    def _hear_canvass(self, peer: Peer, ballot: Canvass, now: float) -> None:
        self._suitability[peer.id] = ballot.suitability
        willing = self._agrees(ballot.electorate) and self.voter.would(peer.id, ballot, now)
        counts = self._run is not None and self._run.counts
        could = willing and not counts and not self._obstacle(self.poll)
        mine = self._worth(self.me)
        preferred = self._heir == self.me or mine > (ballot.suitability, peer.id)
        better = could and peer.id != self._heir and preferred
        if better:
            self._called = self._called or self._run is None
        elif could:
            self._step_back(now)
        record, bond = self.voter.record, self.voter.bond
        leader = bond.leader if now < bond.until else ""
        term, electorate = record.term, record.electorate
        answer = Leaning(
            self.group, ballot.term, willing, better, term, electorate, leader, mine[0]
        )
        self.send(peer.id, answer)

    def _step_back(self, now: float) -> None:
        """Let a better one try."""
        self._run = None
        pause = self._rng.uniform(*DEFERENCE_SECONDS)
        self._not_before = max(self._not_before, now + pause)

    def _agrees(self, electorate: Electorate) -> bool:
        """Whether this is whom I would ask too; that matters before the first leader only."""
        if self.voter.record.electorate.members or electorate.version != (0, 0):
            return True
        return electorate.members == self.poll.electorate.members

    def _hear_leaning(self, peer: Peer, ballot: Leaning, now: float) -> None:
        self._suitability[peer.id] = ballot.suitability
        run = self._run
        if run is None or run.counts or ballot.term != run.term:
            return
        if self.voter.learn(ballot.known_term, ballot.leader, ballot.electorate):
            self.keep()
            self._give_up(now)
        elif ballot.better and self._deferences < DEFERENCES_MAX:
            self._deferences += 1
            self._step_back(now)
        elif ballot.willing and peer.id in run.electorate.members:
            run.supporters[peer.id] = None

    def _hear_candidacy(self, peer: Peer, ballot: Candidacy, now: float) -> None:
        before = self.voter.record
        granted = self._agrees(ballot.electorate) and self.voter.votes(peer.id, ballot, now)
        if granted and self.voter.record != before:
            self.keep()
        if granted:
            self._run = None
        self.send(peer.id, Vote(self.group, ballot.term, granted, self.voter.record.term))

    def _hear_vote(self, peer: Peer, ballot: Vote, now: float) -> None:
        run = self._run
        if run is None or not run.counts or ballot.term != run.term:
            return
        if ballot.granted and peer.id in run.electorate.members:
            run.supporters[peer.id] = None
        elif ballot.known_term > run.term:
            if self.voter.learn(ballot.known_term, "", Electorate()):
                self.keep()
            self._give_up(now)

    # Speaking

    def send_all(self, electorate: Electorate, ballot: Any) -> None:
        """To all of them but this member."""
        for member_id in electorate.members:
            if member_id != self.me:
                self.send(member_id, ballot)

    def send(self, member_id: str, ballot: Any) -> None:
        """To one member, if it is known where it lives."""
        address = self.polls.address(member_id)
        if address:
            self.role.send(Peer(member_id, address), ballot)

    def keep(self) -> None:
        """Let the voter's record survive before anything is said that rests on it."""
        record = msgspec.msgpack.encode(self.voter.record)
        self.role.keep(f"ballot/{self.group}", record, durable=True)

    def _tell(self, now: float) -> None:
        """Say how this node stands, when that has changed; in a hope it is as it was."""
        if self.reign and not self.reign.resigning and now >= self.reign.lease_until:
            return
        fresh = self.leadership(now)
        if self._said and self._said.leader and not fresh.leader:
            self._lost_at = now
        if fresh != self._said:
            self._said = fresh
            self.role.say(fresh)

    def leadership(self, now: float) -> Leadership:
        """How this node stands in the group."""
        poll = self.poll
        leader, term = self._known_leader(now)
        leads = leader == self.me and self.reign is not None
        status = "finished" if leader else "in-progress"
        if not leader and (not poll.is_quorate or poll.known < self.polls.minimum):
            status = "no-quorum"
        why = f"{self.polls.name(leader)} was elected" if leader else self._why(poll)
        return Leadership(
            self.group,
            term if leader else self.voter.record.term,
            leader,
            "leader" if leads else "follower" if leader else "",
            self.reign.lease_until if leads and self.reign else 0.0,
            status,
            poll.electorate.members,
            poll.quorum,
            poll.alive,
            why,
            {one: self._worth(one)[0] for one in poll.electorate.members if self._knows(one)},
        )

    def _knows(self, member_id: str) -> bool:
        return member_id == self.me or member_id in self._suitability

    def _known_leader(self, now: float) -> tuple[str, int]:
        """Who leads, as far as this member knows, and in which term."""
        if self.reign:
            leads = now < self.reign.lease_until and not self.reign.resigning
            return (self.me, self.reign.term) if leads else NOBODY
        if now < self.voter.bond.until and self._leader[1] == self.voter.bond.term:
            return self._leader if self.polls.is_alive(self._leader[0]) else NOBODY
        told, term = self._told_leader
        is_current = term >= self.voter.record.term and told != self.me
        return (told, term) if is_current and self.polls.is_alive(told) else NOBODY

    def _why(self, poll: Poll) -> str:
        """Why nobody leads."""
        reasons = (self._stepped_down, self._obstacle(poll))
        return "; ".join(filter(None, reasons)) or "an election is under way"
