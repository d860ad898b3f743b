"""How do actors follow what the disseminator knows?

Snapshot, then gapless news: each `News` follows the version before it in the same epoch (one life
of the disseminator). Whoever finds a gap says `CatchUp` and hears a `Snapshot`.
"""

from habactors.protocol.letter import Letter
from habactors.protocol.limits import MemberId, Reason, ServiceGroup
from habactors.protocol.rumors import AnyRumor, Key, Membership


class Known(Letter, frozen=True):
    """A rumor that stands, and since when (epoch seconds) in this observer's eyes."""

    rumor: AnyRumor
    since: float


class Snapshot(Letter, frozen=True):
    """All that stands at a version."""

    epoch: int
    version: int
    known: tuple[Known, ...]


class News(Letter, frozen=True):
    """What changed between the version before and this one; `gone` are keys forgotten."""

    epoch: int
    version: int
    known: tuple[Known, ...]
    gone: tuple[Key, ...] = ()


class CatchUp(Letter, frozen=True):
    """I missed some news: a snapshot, please."""


class Accusation(Letter, frozen=True):
    """The detector's finding: this member, at this incarnation, is at this level of health.

    `why` is its own evidence in words; empty when that of others is all there is. `refused`: the
    member's own host refused the connection.
    """

    member_id: MemberId
    incarnation: int
    level: int
    why: Reason
    refused: bool = False


class Doubted(Letter, frozen=True):
    """Somebody holds a member for dead that we hold alive: see for yourself."""

    rumor: Membership


class Overheard(Letter, frozen=True):
    """Introductions on probes that say more than the news did."""

    introductions: tuple[Membership, ...]


class Offer(Letter, frozen=True):
    """This node runs a service: tell the ring. `exports` and `sys` are JSON objects."""

    service_group: ServiceGroup
    ident: str
    topology: str
    exports: bytes
    sys: bytes


class Withdraw(Letter, frozen=True):
    """This node no longer runs a service of that group: tell the ring."""

    service_group: ServiceGroup


class Leave(Letter, frozen=True):
    """The node is about to stop: tell the ring."""


class Left(Letter, frozen=True):
    """The ring knows that this node leaves, as far as it can be known."""
