"""Whose turn is it to be probed?

Round robin over a shuffled list, reshuffled after each round, newcomers at a random place: between
two probes of a member by another lie at most 2(N-1)-1 periods (SWIM 2002, section 4.3).
"""

from random import Random


class Rotation:
    """An endless fair order of member ids."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._order: list[str] = []
        self._at = 0

    def __len__(self) -> int:
        return len(self._order)

    def add(self, member_id: str) -> None:
        """Let a newcomer in at a random place among those whose turn is still to come."""
        self._order.insert(self._rng.randint(self._at, len(self._order)), member_id)

    def remove(self, member_id: str) -> None:
        """Take a member out; whose turn comes next stays as it is."""
        place = self._order.index(member_id)
        del self._order[place]
        if place < self._at:
            self._at -= 1

    def next(self) -> str | None:
        """The next in turn; None when there is nobody."""
        if self._at >= len(self._order):
            self._rng.shuffle(self._order)
            self._at = 0
        if not self._order:
            return None
        member_id = self._order[self._at]
        self._at += 1
        return member_id
