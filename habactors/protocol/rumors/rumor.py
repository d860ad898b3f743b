"""What is every rumor?

A rumor is a statement with a key, and two rumors with one key are joined into the one that stands:
the join is commutative, associative and idempotent, so the table of all rumors is a
join-semilattice, and any order, repetition or loss of messages ends in the same state.
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

    @property
    def subject(self) -> str:
        """The member (by id) without whom the rumor means nothing, if there is one."""
        return ""

    @property
    def ended(self) -> int | None:
        """When what it speaks of ended (epoch seconds); None when it has not."""
        return None

    @property
    def content(self) -> tuple[Any, ...]:
        """All that is said: it decides between equals, arbitrarily but everywhere alike."""
        return msgspec.structs.astuple(self)

    def joined(self, other: Self) -> Self:
        """What stands when both are said, of the same key.

        Joined with itself, a rumor of strange origin gets its canonical form.
        """
        mine, theirs = self.precedence, other.precedence
        if mine == theirs:
            return self._joined_equal(other)
        return self if mine > theirs else other

    def _joined_equal(self, other: Self) -> Self:
        """What stands when both are said with equal precedence."""
        return self if self.content >= other.content else other

    def adds_to(self, other: Self) -> bool:
        """Whether this rumor says more than `other`, of the same key."""
        return self.joined(self).joined(other) != other
