"""Which service does a member run, in which group?"""

from typing import ClassVar

from habactors.protocol.limits import Exports, Ident, MemberId, ServiceGroup, Topology, Whole
from habactors.protocol.rumors.rumor import Key, Rumor


class Service(Rumor, frozen=True, tag=2):
    """One service of one member; only that member speaks of it, counting `incarnation` up.

    `exports` and `sys` are JSON objects: the exported part of its configuration, and where its
    node is reached. `at` is when it was withdrawn (epoch seconds).
    """

    KIND: ClassVar[str] = "service"
    PRIORITY: ClassVar[int] = 2

    member_id: MemberId
    service_group: ServiceGroup
    ident: Ident
    incarnation: Whole
    exports: Exports = b"{}"
    sys: Exports = b"{}"
    topology: Topology = "standalone"
    withdrawn: bool = False
    at: Whole = 0

    @property
    def key(self) -> Key:
        return ("service", self.service_group, self.member_id)

    @property
    def subject(self) -> str:
        return self.member_id

    @property
    def ended(self) -> int | None:
        return self.at if self.withdrawn else None

    @property
    def precedence(self) -> tuple[int, ...]:
        return (self.incarnation,)
