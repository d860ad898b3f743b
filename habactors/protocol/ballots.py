"""What do the election actors of a service group say to each other?

    ada                     bob, cyd
     │── Canvass(term 8) ───▶ │     would you vote for me? (changes nothing anywhere)
     │◀────────── Leaning ─── │     yes; or no, I am bound to a leader; or I am better myself
     │── Candidacy(term 8) ─▶ │     then do
     │◀───────────── Vote ─── │     kept before it is said; one a term
     │── Renewal(term 8) ───▶ │     I lead: for the time of a lease nobody else
     │◀────────── Renewed ─── │     a majority of these makes the lease
     │── Release(term 8) ───▶ │     I lead no more: you are free

Canvassing first keeps terms where they are while nobody can win (the pre-vote of Ongaro 2014,
section 9.6).
"""

import msgspec

from habactors.protocol.electorate import Electorate
from habactors.protocol.limits import MemberIdOrNone, ServiceGroup, Whole


class Ballot(msgspec.Struct, frozen=True, array_like=True):
    """The base of all of them: the group, and the term it is about."""

    service_group: ServiceGroup
    term: Whole


class Canvass(Ballot, frozen=True, tag=31):
    """Would you vote for me in that term, with that electorate?"""

    electorate: Electorate
    suitability: Whole


class Leaning(Ballot, frozen=True, tag=32):
    """Whether I would. `better`: I would rather stand myself.

    `known_term` and `electorate` are the latest that I know, `leader` is whom I am bound to.
    """

    willing: bool
    better: bool
    known_term: Whole
    electorate: Electorate
    leader: MemberIdOrNone
    suitability: Whole


class Candidacy(Ballot, frozen=True, tag=33):
    """Vote for me in that term, with that electorate."""

    electorate: Electorate


class Vote(Ballot, frozen=True, tag=34):
    """Whether I have; `known_term` is the latest that I know."""

    granted: bool
    known_term: Whole


class Renewal(Ballot, frozen=True, tag=35):
    """I lead in that term; grant me another lease. `round` counts up."""

    round: Whole
    electorate: Electorate


class Renewed(Ballot, frozen=True, tag=36):
    """Whether I do; `known_term` is the latest that I know, `suitability` mine as a successor."""

    round: Whole
    granted: bool
    known_term: Whole
    suitability: Whole
    eligible: bool


class Release(Ballot, frozen=True, tag=37):
    """I lead no more, and whatever I led has stopped; `successor` should stand at once, if any."""

    successor: MemberIdOrNone


AnyBallot = Canvass | Leaning | Candidacy | Vote | Renewal | Renewed | Release
