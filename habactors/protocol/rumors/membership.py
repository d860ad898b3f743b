"""Who is a member of the ring, where, and how well?"""

from typing import Annotated, ClassVar

from msgspec import Meta

from habactors.protocol.health import Health
from habactors.protocol.limits import Accuser, Address, MemberId, Name, Whole, Why
from habactors.protocol.rumors.rumor import Key, Rumor

Claimed = Annotated[int, Meta(ge=int(Health.ALIVE), le=int(Health.CONFIRMED))]


class Membership(Rumor, frozen=True, tag=1):
    """A member at one incarnation, in the health that some observer saw (SWIM 2002, section 4.2).

    Only the member itself raises its incarnation, to refute what is said of it. `accuser` (a
    member id) and `why` tell whose evidence a health other than alive rests on. A departure is a
    rumor of its own and outweighs every membership.
    """

    KIND: ClassVar[str] = "membership"
    PRIORITY: ClassVar[int] = 0

    id: MemberId
    name: Name
    address: Address
    incarnation: Whole
    level: Claimed = Health.ALIVE
    permanent: bool = False
    accuser: Accuser = ""
    why: Why = ""

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
