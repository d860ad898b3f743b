"""Can this node reach a majority of what it knew?

A node that cannot may be the one that is cut off. Whoever left, or was told to depart, counts no
more; the dead do, as long as they are remembered.
"""

from collections.abc import Iterable

from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.views import MemberView


def reach(members: Iterable[MemberView]) -> tuple[int, int]:
    """How many members can be reached, this node among them, and how many are known."""
    reached = known = 0
    for view in members:
        if view.health == Health.DEPARTED or view.left:
            continue
        known += 1
        reached += view.health in REACHABLE
    return reached, known


def is_isolated(members: Iterable[MemberView]) -> bool:
    """Whether at most half of the known members can be reached."""
    reached, known = reach(members)
    return known > 1 and reached * 2 <= known
