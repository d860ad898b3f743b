"""Who may vote in a group?"""

from typing import Annotated

import msgspec
from msgspec import Meta

from habactors.protocol.limits import MemberId, Whole

ELECTORATE_MAX = 255


class Electorate(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """Who may vote in a group, as a leader of that term has agreed with a majority.

    Changed one member at a time, counted by `serial`, so that any majority of one electorate meets
    any majority of the next (Ongaro 2014, section 4.1). Ids ascend.
    """

    term: Whole = 0
    serial: Whole = 0
    members: Annotated[tuple[MemberId, ...], Meta(max_length=ELECTORATE_MAX)] = ()

    @property
    def version(self) -> tuple[int, int]:
        """What tells which of two electorates is the later one; (0, 0) is none at all."""
        return (self.term, self.serial)

    @property
    def majority(self) -> int:
        """How many of the members are enough."""
        return len(self.members) // 2 + 1
