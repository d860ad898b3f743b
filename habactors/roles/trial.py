"""What has come of one attempt to reach a member?

A trial begins with a ping. It goes on through helpers, and ends with an answer, with enough
refusals, or when its time is over.
"""

import msgspec

from habactors.protocol.rumors import Membership


class Trial(msgspec.Struct):
    """A probe under way of a member at an incarnation.

    `urgent`: helpers are asked at once, because something has happened to it. `doubt` is what
    somebody else says of it and this probe is to check. `refused`: its host refused us. `helpers`
    is None until they were asked; `heard` are those that could not reach it, `refusals` those
    among them that were refused too.
    """

    sequence: int
    target: str
    address: str
    incarnation: int
    began: float
    urgent: bool = False
    doubt: Membership | None = None
    refused: bool = False
    pings: int = 1
    helpers: tuple[str, ...] | None = None
    heard: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def silent(self) -> int:
        """How many helpers did not answer at all."""
        return len(self.helpers or ()) - len(self.heard)

    @property
    def is_proven(self) -> bool:
        """Whether the member's host says to enough observers that no node lives there.

        Of those who check what others said, and of those who have nobody to ask, one is enough.
        """
        if not self.refused:
            return False
        return bool(self.doubt or self.refusals or self.helpers == ())

    @property
    def is_told(self) -> bool:
        """Whether nothing more can come: its host refused us, and all helpers have answered."""
        return self.refused and self.helpers is not None and self.silent == 0
