"""Who is a member of the ring, where, and how well?"""

from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from habactors.protocol.health import Health
from habactors.protocol.limits import EVIDENCE_MAX, Address, MemberId, Name, Reason, Whole
from habactors.protocol.rumors.rumor import Key, Rumor

Claimed = Annotated[int, Meta(ge=int(Health.ALIVE), le=int(Health.CONFIRMED))]


class Evidence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one observer holds against a member, found at `at` (epoch seconds).

    `refused`: the member's own host refused the connection, so no node lives there.
    """

    accuser: MemberId
    at: Whole
    refused: bool
    why: Reason


class Membership(Rumor, frozen=True, tag=1):
    """A member at one incarnation, in the health that some observer saw (SWIM 2002, section 4.2).

    Only the member itself raises its incarnation, to refute what is said of it. The evidence for a
    health other than alive is that of several observers: of equal statements it adds up, for whose
    suspicion is shared by others has less time to refute it (Lifeguard 2018, section IV-B). A
    departure is a rumor of its own and outweighs every membership.
    """

    KIND: ClassVar[str] = "membership"
    PRIORITY: ClassVar[int] = 0

    id: MemberId
    name: Name
    address: Address
    incarnation: Whole
    level: Claimed = Health.ALIVE
    permanent: bool = False
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=EVIDENCE_MAX)] = ()

    @property
    def key(self) -> Key:
        return ("membership", self.id)

    @property
    def precedence(self) -> tuple[int, ...]:
        return (self.incarnation, self.level)

    @property
    def health(self) -> Health:
        """The claimed health; never departed."""
        return Health(self.level)

    @property
    def subject(self) -> str:
        return self.id

    @property
    def ended(self) -> int | None:
        return max((found.at for found in self.evidence), default=0) if self.is_gone else None

    @property
    def accusers(self) -> tuple[str, ...]:
        """The members (by id) whose evidence this is."""
        return tuple(found.accuser for found in self.evidence)

    @property
    def refusals(self) -> int:
        """How many observers the member's own host has refused."""
        return sum(found.refused for found in self.evidence)

    @property
    def is_gone(self) -> bool:
        """Whether the member is held for dead, or said itself that it goes."""
        return self.level == Health.CONFIRMED

    @property
    def left(self) -> bool:
        """Whether the member said itself that it goes."""
        return self.is_gone and self.id in self.accusers

    @property
    def why(self) -> str:
        """The evidence in words."""
        return "; ".join(found.why for found in self.evidence)

    def is_suspected_anew(self, previous: "Membership | None") -> bool:
        """Whether it refuted meanwhile, though that passed us by, and is suspected again."""
        is_other_life = previous is not None and self.incarnation != previous.incarnation
        return is_other_life and self.level == Health.SUSPECT

    def at_level(self, level: int, evidence: tuple[Evidence, ...]) -> Self:
        """The same member in another health, on that evidence."""
        return msgspec.structs.replace(self, level=level, evidence=evidence)

    def _joined_equal(self, other: Self) -> Self:
        """The evidence of both: the member's own word, and of the accusers with the lowest ids."""
        if self == other and len(self.evidence) <= 1:
            return self
        bare, others = (msgspec.structs.replace(each, evidence=()) for each in (self, other))
        weightier = bare if bare.content >= others.content else others
        found: dict[str, Evidence] = {}
        for piece in sorted((*self.evidence, *other.evidence), key=msgspec.structs.astuple):
            found[piece.accuser] = piece
        few = sorted(found, key=lambda accuser: (accuser != self.id, accuser))[:EVIDENCE_MAX]
        evidence = tuple(found[accuser] for accuser in sorted(few))
        return msgspec.structs.replace(weightier, evidence=evidence)
