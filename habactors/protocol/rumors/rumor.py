"""What is every rumor?

A rumor is a statement with a key, and of two rumors with one key the one of higher rank stands.
Rank is a total order over the whole content, so the table of all rumors is a join-semilattice: any
order, repetition or loss of messages ends in the same state.
"""

from typing import Any, ClassVar, Self

import msgspec

Key = tuple[str, ...]


class Rumor(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The base of all kinds.

    A kind names its `KIND`, its `PRIORITY` (0 is told first), its key and its precedence.
    """

    KIND: ClassVar[str] = ""
    PRIORITY: ClassVar[int] = 9

    @property
    def key(self) -> Key:
        """What the rumor is about, beginning with its kind."""
        raise NotImplementedError

    @property
    def precedence(self) -> tuple[int, ...]:
        """What decides between two rumors of one key, weightiest first."""
        raise NotImplementedError

    def beats(self, other: Self) -> bool:
        """Whether this rumor replaces `other`, of the same key; nothing beats its equal."""
        mine, theirs = self.precedence, other.precedence
        if mine != theirs:
            return mine > theirs
        return _content(self) > _content(other)


def _content(rumor: Rumor) -> tuple[Any, ...]:
    """The tie-break of rumors of equal precedence: arbitrary, but the same everywhere."""
    return msgspec.structs.astuple(rumor)
