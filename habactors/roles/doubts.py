"""Whose word do I not take for a member's end?

That somebody is dead whom I hold alive, or have suspected for a moment only, may be news, or the
view of one who is cut off. So my own detector looks first, and tells the accused, who then refutes
it. Who comes back from the other side of a split ring brings many such words; nobody should die of
them.
"""

from typing import TYPE_CHECKING

from habactors.protocol.health import Health
from habactors.protocol.news import Accusation, Doubted
from habactors.protocol.rumors import Membership

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator

AGAIN_SECONDS = 1.0
YOUNG_SECONDS = 1.0
"""A suspicion that is younger has not given the accused the time to refute it."""


class Doubts:
    """What is said of members and waits to be checked; when, by member id."""

    def __init__(self, disseminator: "Disseminator") -> None:
        self._role = disseminator
        self._held: dict[str, tuple[Membership, float]] = {}

    def holds_back(self, rumor: Membership, now: float) -> bool:
        """Whether a rumor has to wait for what the detector finds."""
        standing = self._role.table.membership(rumor.id)
        if (
            not rumor.is_gone
            or rumor.left
            or standing is None
            or self._is_believed(standing, rumor, now)
            or rumor.incarnation < standing.incarnation
        ):
            return False
        held = self._held.get(rumor.id)
        if held is None or held[0].incarnation != rumor.incarnation or _is_old(held[1], now):
            self._held[rumor.id] = rumor, now
            self._role.say(Doubted(rumor))
        return True

    def _is_believed(self, standing: Membership, rumor: Membership, now: float) -> bool:
        """Who was suspected for long enough to refute it, or is refused by its own host, is dead.

        Who comes back from the other side tells its suspicions first, and confirms them at once.
        """
        if standing.health is Health.ALIVE:
            return False
        since = self._role.since.get(standing.key, now)
        return rumor.refusals > 0 or now - since >= YOUNG_SECONDS

    def settle(self, accusation: Accusation) -> Membership | None:
        """The detector has found a member dead: what was held back of it, if that is meant."""
        if accusation.level < Health.CONFIRMED:
            return None
        held = self._held.pop(accusation.member_id, None)
        is_meant = held is not None and held[0].incarnation == accusation.incarnation
        return held[0] if held and is_meant else None

    def forget(self, member_id: str) -> None:
        """The member is forgotten."""
        self._held.pop(member_id, None)


def _is_old(since: float, now: float) -> bool:
    return now - since >= AGAIN_SECONDS
