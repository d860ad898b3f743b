"""How does a member vote, and to whom is it bound?

One vote a term, kept before it is said. A vote binds for a moment, a renewed lease for its whole
time: meanwhile nobody else gets a vote. The leader counts its lease from when it asked, the voter
its bond from when it answered, which is later: so a lease is over before any of those who granted
it is free.
"""

from typing import NamedTuple

import msgspec

from habactors.protocol.ballots import Candidacy, Canvass, Release, Renewal
from habactors.protocol.electorate import Electorate

VOTE_SHARE = 1 / 3
"""The part of a lease for which a vote binds."""


class Record(msgspec.Struct, frozen=True):
    """What a voter must not forget.

    Its latest term, its vote in it, the latest electorate, and whether it won that term itself,
    in which `life` of its node.
    """

    term: int = 0
    vote: str = ""
    electorate: Electorate = Electorate()
    won: bool = False
    life: str = ""


class Bond(NamedTuple):
    """The leader, or candidate, that has this member's word, and until when."""

    leader: str = ""
    term: int = 0
    until: float = float("-inf")


class Voter:
    """One member's word in one group; after a restart it says nothing until `quiet_until`."""

    def __init__(self, record: Record, lease_seconds: float, quiet_until: float) -> None:
        self.record = record
        self.bond = Bond()
        self._lease_seconds = lease_seconds
        self._quiet_until = quiet_until

    def free_at(self) -> float:
        """When it may vote for anybody, or stand."""
        return max(self.bond.until, self._quiet_until)

    def would(self, candidate: str, canvass: Canvass, now: float) -> bool:
        """Whether it would vote so, if it were asked now."""
        return self._may(candidate, now) and self._suits(canvass.term, canvass.electorate)

    def votes(self, candidate: str, ballot: Candidacy, now: float) -> bool:
        """Vote, if it may; the record has changed then.

        A vote in the first election of a group binds to its electorate too: it may have been won.
        One that comes after the renewals of the same leader does not shorten their bond.
        """
        record = self.record
        again = ballot.term == record.term and record.vote == candidate
        suits = self._suits(ballot.term, ballot.electorate)
        if not self._may(candidate, now) or not (again or suits):
            return False
        self.record = Record(
            ballot.term, candidate, _pledged(record.electorate, ballot.electorate)
        )
        until = now + VOTE_SHARE * self._lease_seconds
        if self.bond.leader == candidate:
            until = max(until, self.bond.until)
        self.bond = Bond(candidate, ballot.term, until)
        return True

    def renews(self, leader: str, ballot: Renewal, now: float) -> bool:
        """Grant a lease to whoever has won that term, unless a later one is known."""
        record = self.record
        if ballot.term < record.term:
            return False
        electorate = max(record.electorate, ballot.electorate, key=lambda each: each.version)
        if ballot.term > record.term or electorate != record.electorate or record.vote != leader:
            won = record.won and ballot.term == record.term
            self.record = Record(ballot.term, leader, electorate, won, record.life)
        self.bond = Bond(leader, ballot.term, now + self._lease_seconds)
        return True

    def released(self, leader: str, ballot: Release) -> bool:
        """Whether that sets it free."""
        if (self.bond.leader, self.bond.term) != (leader, ballot.term):
            return False
        self.bond = Bond()
        return True

    def learn(self, term: int, leader: str, electorate: Electorate) -> bool:
        """Take in what the ring tells of a term; True when the record has changed.

        In a term that was won without it, it has no vote left.
        """
        record = self.record
        fresh = max(record.electorate, electorate, key=lambda each: each.version)
        if term <= record.term and fresh == record.electorate:
            return False
        if term > record.term:
            self.record = Record(term, leader or "nobody", fresh)
        else:
            self.record = msgspec.structs.replace(record, electorate=fresh)
        return True

    def _may(self, candidate: str, now: float) -> bool:
        bound = now < self.bond.until and self.bond.leader != candidate
        return not bound and now >= self._quiet_until

    def _suits(self, term: int, electorate: Electorate) -> bool:
        """Nobody wins a term that is over, or with an electorate that is."""
        return term > self.record.term and electorate.version >= self.record.electorate.version


def _pledged(known: Electorate, asked: Electorate) -> Electorate:
    return known if known.members else Electorate(0, 1, asked.members)
