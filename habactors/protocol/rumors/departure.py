"""Who has been told to leave for ever?"""

from typing import ClassVar

from habactors.protocol.limits import MemberId, Whole, Why
from habactors.protocol.rumors.rumor import Key, Rumor


class Departure(Rumor, frozen=True, tag=4):
    """An operator's word, at `at` (epoch seconds), that a member may never return under its id.

    Absorbing: whatever its membership says, a departed member stays departed.
    """

    KIND: ClassVar[str] = "departure"
    PRIORITY: ClassVar[int] = 1

    member_id: MemberId
    source: MemberId
    why: Why = ""
    at: Whole = 0

    @property
    def key(self) -> Key:
        return ("departure", self.member_id)

    @property
    def precedence(self) -> tuple[int, ...]:
        return ()
