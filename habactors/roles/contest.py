"""Who leads one group?

The bully's order, the majority's word: whoever stands needs the votes of a majority, and leads
only as long as a majority renews its lease. So there is at most one leader a term, and no two
leases overlap as long as clocks drift by no more than `DRIFT`.
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
from habactors.roles.candidate import Candidate
from habactors.roles.polls import Poll, Polls
from habactors.roles.reign import Reign
from habactors.roles.role import Role
from habactors.roles.voter import VOTE_SHARE, Record, Voter

NOBODY = ("", 0)


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
        self.isolated = False
        self.lost_at = float("-inf")
        self._candidate = Candidate(self, rng)
        self._life = life
        self._service_by = float("-inf")
        self._leader = NOBODY
        self._told_leader = NOBODY
        self._released_term = 0
        self._suitability: dict[str, int] = {}
        self._said: Leadership | None = None
        self._is_asked = False
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
            self._service_by = now + self.lease_seconds
            self.reign.hope(self._service_by)

    def stand(self, standing: Stand | None, now: float) -> None:
        """What the service here is worth; None when there is none any more."""
        self.standing, self._service_by = standing, now
        if self.reign and standing and standing.eligible:
            self.reign.is_idle = False

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
        self.isolated = isolated
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
            self._candidate.rest(now + self.lease_seconds, successor)
            if self.reign.is_idle:
                self._end()

    def demoted(self, term: int) -> None:
        """The service here leads no more: others may, unless it is about to do so again."""
        if self.reign and term >= self.reign.term:
            self.reign.is_idle = True
            if self.reign.resigning:
                self._end()

    def tick(self, now: float) -> None:
        """Do what is due; `wake` is when to do it again."""
        if self.reign and self.reign.is_over(now):
            if self.reign.resigning:
                self._end()
            else:
                self._lose("no majority has renewed its lease", now)
        self._check_fitness(now)
        if self._said and self._said.leader and not self._known_leader(now)[0]:
            self.lost_at = now
        if self.reign is None:
            self._candidate.go_on(now)
        self.wake = self.reign.go_on(now) if self.reign else self._next_look(now)
        self._tell(now)

    def _next_look(self, now: float) -> float | None:
        """When to stand, or to find the leader gone, whichever is earlier."""
        times = [self._candidate.wake, self.voter.bond.until]
        return min((time for time in times if time is not None and time > now), default=None)

    def _check_fitness(self, now: float) -> None:
        """Lead no more without a service, nor with one that is not fit while another is."""
        if self.reign is None or self.reign.resigning:
            return
        if self.standing is None and now >= self._service_by:
            self.resign("its service was stopped or unloaded", "", now)
        elif self.standing and not self.standing.eligible and self.reign.has_heir():
            self.resign(self.standing.why, "", now)

    def worth(self, member_id: str) -> tuple[int, str]:
        """What decides between members: the greater one is to lead."""
        if member_id == self.me:
            return (self.standing.suitability if self.standing else 0, member_id)
        return (self._suitability.get(member_id, 0), member_id)

    def win(self, term: int, electorate: Electorate, began: float, now: float) -> None:
        """Enough have voted for this member, at its word of `began` or later."""
        self._candidate.follow()
        self._stepped_down = ""
        agreed = Electorate(term, 0, electorate.members)
        self.voter.record = Record(term, self.me, agreed, won=True, life=self._life)
        self.keep()
        self.reign = Reign(self, term, now)
        self.reign.lease(began, self.lease_seconds * VOTE_SHARE)

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
        self._candidate.give_up(now)

    # Hearing others

    def hear(self, peer: Peer, ballot: Any, now: float) -> None:
        """Another member of the group speaks."""
        match ballot:
            case Renewal():
                self._hear_renewal(peer, ballot, now)
            case Renewed(known_term=known, suitability=suitability):
                self._note(peer, suitability)
                if self.reign and not self.reign.hear(peer.id, ballot):
                    self._lose(f"term {known} has begun", now)
            case Canvass():
                self._hear_canvass(peer, ballot, now)
            case Leaning():
                self._note(peer, ballot.suitability)
                self._candidate.hear_leaning(peer.id, ballot, now)
            case Candidacy():
                self._hear_candidacy(peer, ballot, now)
            case Vote():
                self._candidate.hear_vote(peer.id, ballot, now)
            case Release(successor=successor):
                if self.voter.released(peer.id, ballot):
                    self._leader, self._released_term = NOBODY, ballot.term
                    self._candidate.hand_over(successor, now)

    def _note(self, peer: Peer, suitability: int) -> None:
        """How suitable a member is by its own word; of strangers nothing is kept."""
        if self.polls.address(peer.id):
            self._suitability[peer.id] = suitability

    def _hear_renewal(self, peer: Peer, ballot: Renewal, now: float) -> None:
        before = self.voter.record
        granted = self.voter.renews(peer.id, ballot, now)
        if granted:
            if self.voter.record != before:
                self.keep()
            if self.reign:
                self._lose(f"{self.polls.name(peer.id)} leads in term {ballot.term}", now)
            self._candidate.follow()
            self._leader = (peer.id, ballot.term)
            self._stepped_down = ""
        known, standing = self.voter.record.term, self.standing
        suitability, _ = self.worth(self.me)
        eligible = bool(standing and standing.eligible)
        answer = Renewed(
            self.group, ballot.term, ballot.round, granted, known, suitability, eligible
        )
        self.send(peer.id, answer)

    def _hear_canvass(self, peer: Peer, ballot: Canvass, now: float) -> None:
        self._note(peer, ballot.suitability)
        willing = self.agrees(ballot.electorate) and self.voter.would(peer.id, ballot, now)
        better = willing and self._candidate.is_better(peer.id, ballot.suitability, now)
        record, bond = self.voter.record, self.voter.bond
        leader = bond.leader if now < bond.until else ""
        term, electorate, (mine, _) = record.term, record.electorate, self.worth(self.me)
        answer = Leaning(self.group, ballot.term, willing, better, term, electorate, leader, mine)
        self.send(peer.id, answer)

    def agrees(self, electorate: Electorate) -> bool:
        """Whether this is whom I would ask too.

        That matters where no one of the last electorate votes: before the first leader, or when
        all have departed.
        """
        known = self.voter.record.electorate
        is_last = electorate.version == known.version
        if not is_last or any(one in electorate.members for one in known.members):
            return True
        return electorate.members == self.poll.electorate.members

    def _hear_candidacy(self, peer: Peer, ballot: Candidacy, now: float) -> None:
        before = self.voter.record
        granted = self.agrees(ballot.electorate) and self.voter.votes(peer.id, ballot, now)
        if granted and self.voter.record != before:
            self.keep()
        if granted:
            self._candidate.support()
        self.send(peer.id, Vote(self.group, ballot.term, granted, self.voter.record.term))

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
        if fresh != self._said or self._is_asked:
            self._said, self._is_asked = fresh, False
            self.role.say(fresh)

    def tell_again(self) -> None:
        """Somebody asks how this node stands."""
        self._is_asked = True

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
            {one: self.worth(one)[0] for one in poll.electorate.members if self._knows(one)},
        )

    def _knows(self, member_id: str) -> bool:
        return member_id == self.me or member_id in self._suitability

    def _known_leader(self, now: float) -> tuple[str, int]:
        """Who leads, as far as this member knows, and in which term.

        What the ring was told counts no more of a leader that has set this member free, or has
        renewed nothing with it for the time of a lease.
        """
        if self.reign:
            leads = now < self.reign.lease_until and not self.reign.resigning
            return (self.me, self.reign.term) if leads else NOBODY
        if now < self.voter.bond.until and self._leader[1] == self.voter.bond.term:
            return self._leader if self.polls.is_alive(self._leader[0]) else NOBODY
        told, term = self._told_leader
        is_over = term <= max(self._released_term, self.voter.bond.term)
        is_current = term >= self.voter.record.term and told != self.me and not is_over
        if is_current and self.poll.is_quorate and self.polls.is_alive(told):
            return self._told_leader
        return NOBODY

    def _why(self, poll: Poll) -> str:
        """Why nobody leads."""
        reasons = (self._stepped_down, self._candidate.obstacle(poll))
        return "; ".join(filter(None, reasons)) or "an election is under way"
