"""Whom does a member keep a link to?

All members stand in a circle in the order of the hashes of their ids, and each keeps links with
heartbeats to the next few: so everybody is watched by just as many others, nobody has to agree on
anything, and members that share a rack do not stand together.
"""

from bisect import bisect_left, insort
from hashlib import blake2b

PLACE_BYTES = 8


class Circle:
    """The ids in hash order."""

    def __init__(self) -> None:
        self._places: list[tuple[bytes, str]] = []

    def __len__(self) -> int:
        return len(self._places)

    def add(self, member_id: str) -> None:
        """Let a member, who is not there yet, take its place."""
        insort(self._places, _place(member_id))

    def remove(self, member_id: str) -> None:
        """Take a member, who is there, out."""
        del self._places[bisect_left(self._places, _place(member_id))]

    def after(self, member_id: str, count: int) -> list[str]:
        """The next `count` others after a place, nearest first; fewer when there are fewer."""
        places = self._places
        start = bisect_left(places, _place(member_id))
        steps = range(min(count + 1, len(places)))
        near = (places[(start + step) % len(places)][1] for step in steps)
        return [other for other in near if other != member_id][:count]


def _place(member_id: str) -> tuple[bytes, str]:
    return blake2b(member_id.encode(), digest_size=PLACE_BYTES).digest(), member_id
