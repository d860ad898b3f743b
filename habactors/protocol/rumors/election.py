"""Who leads a service group?"""

from typing import ClassVar

from habactors.protocol.electorate import Electorate
from habactors.protocol.limits import MemberId, MemberIdOrNone, ServiceGroup, Whole
from habactors.protocol.rumors.rumor import Key, Rumor


class Election(Rumor, frozen=True, tag=5):
    """The outcome of a term, told by its leader; the later `serial` of a term is the later word.

    Without a leader, that of the term has given up. `electorate` is who may vote.
    """

    KIND: ClassVar[str] = "election"
    PRIORITY: ClassVar[int] = 1

    service_group: ServiceGroup
    term: Whole
    serial: Whole
    leader: MemberIdOrNone
    source: MemberId
    electorate: Electorate = Electorate()

    @property
    def key(self) -> Key:
        return ("election", self.service_group)

    @property
    def precedence(self) -> tuple[int, ...]:
        return (self.term, self.serial)
