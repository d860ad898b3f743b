"""What do election and services say to each other about who leads?"""

import msgspec

from habactors.protocol.electorate import Electorate
from habactors.protocol.letter import Letter
from habactors.protocol.limits import MemberIdOrNone, ServiceGroup, Whole


class Stand(Letter, frozen=True):
    """This node runs a service of a group that elects its leader.

    `eligible`: it could lead now; else `why` not. The most suitable one leads; `measured_at` is
    when it was asked how suitable it is (epoch seconds), None when nobody measures that.
    """

    service_group: ServiceGroup
    eligible: bool
    suitability: Whole
    why: str = ""
    measured_at: float | None = None


class AskStandings(Letter, frozen=True):
    """What does this node stand for?"""


class Withdrawn(Letter, frozen=True):
    """This node no longer runs a service of that group."""

    service_group: ServiceGroup


class Demoted(Letter, frozen=True):
    """The service of that group leads no more: it was told so, or it has ended."""

    service_group: ServiceGroup
    term: Whole


class Elected(Letter, frozen=True):
    """This node leads a group in a term, or has given that up (`leader` empty): tell the ring."""

    service_group: ServiceGroup
    term: Whole
    serial: Whole
    leader: MemberIdOrNone
    electorate: Electorate


class Leadership(Letter, frozen=True):
    """How this node stands in a group: `role` is leader, follower or empty while nobody leads.

    `lease_until` (epoch seconds) is when a leader must stop unless it hears otherwise; `status`
    is one of none, in-progress, no-quorum, finished, and `why` says it in words. `suitability` is
    that of the members of whom it is known.
    """

    service_group: ServiceGroup
    term: int
    leader: str
    role: str
    lease_until: float
    status: str
    electorate: tuple[str, ...]
    quorum: int
    alive: int
    why: str
    suitability: dict[str, int] = msgspec.field(default_factory=dict)


class AskLeadership(Letter, frozen=True):
    """How do we stand in all groups?"""


class StepDown(Letter, frozen=True):
    """An operator wants this group led by another member, by `to` if that is given."""

    request: int
    service_group: ServiceGroup
    to: MemberIdOrNone = ""
