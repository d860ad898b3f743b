"""What may be forgotten?

Whoever is gone is remembered for a time, so that old rumors do not bring it back. The time of the
evidence decides, which is the same everywhere: so all forget at once, and nobody is told again by
somebody who has not forgotten yet.
"""

from typing import TYPE_CHECKING

from habactors.protocol.limits import DEPARTURES_MAX
from habactors.protocol.rumors import AnyRumor, Departure, Key, Membership
from habactors.protocol.table import Table

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator

SWEEP_SECONDS_MAX = 60.0
SWEEPS = 10
"""So many sweeps in the lifetime of a tombstone, at least."""


def sweep_seconds(tombstone_seconds: float) -> float:
    """How often to look for what may be forgotten."""
    return min(SWEEP_SECONDS_MAX, tombstone_seconds / SWEEPS)


class Tombstones:
    """What one disseminator forgets, and what it does not let in again."""

    def __init__(self, disseminator: "Disseminator") -> None:
        self._role = disseminator
        self._lifetime_seconds = disseminator.settings.tombstone_seconds

    def refuse(self, rumor: AnyRumor, now: float) -> bool:
        """Whether a rumor only brings back what everybody forgets."""
        return is_stale(self._role.table, rumor, now, self._lifetime_seconds)

    def sweep(self, now: float) -> float:
        """Forget what has been over for long, but not oneself; in how many seconds to look again.

        Of oneself that is to say: one's services are forgotten like everybody's.
        """
        role = self._role
        me = ((Membership.KIND, role.me.id), (Departure.KIND, role.me.id))
        for key in forgettable(role.table, role.since, now, self._lifetime_seconds):
            if key not in me:
                role.forget(key)
        return sweep_seconds(self._lifetime_seconds)


def is_stale(table: Table, rumor: AnyRumor, now: float, tombstone_seconds: float) -> bool:
    """Whether a rumor that is not in the table is one of those that everybody forgets.

    Members are forgotten together with all that was said of them: so of a member that is not
    known, nothing but its membership is let in.
    """
    if table.get(rumor.key):
        return False
    oldest = now - tombstone_seconds
    departure = table.departure(rumor.subject)
    ends = (rumor.ended, departure.at if departure else None)
    if any(end is not None and end < oldest for end in ends):
        return True
    means_nothing = rumor.subject and not table.membership(rumor.subject)
    return bool(means_nothing and not isinstance(rumor, Membership))


def forgettable(
    table: Table, since: dict[Key, float], now: float, tombstone_seconds: float
) -> list[Key]:
    """The keys of all that has been over for long enough, or whose member is not known.

    A clock that is ahead cannot keep its tombstones for ever: what counts is at the latest when
    this node heard of them, `since`.
    """
    oldest = now - tombstone_seconds
    gone: dict[str, None] = {}
    keys: list[Key] = []
    for rumor in table:
        end = rumor.ended
        if isinstance(rumor, Departure):
            if rumor.at < oldest:
                gone[rumor.member_id] = None
        elif end is not None and min(end, since.get(rumor.key, end)) < oldest:
            if isinstance(rumor, Membership):
                gone[rumor.id] = None
            else:
                keys.append(rumor.key)
    known = {rumor.id for rumor in table if isinstance(rumor, Membership)}
    about = [rumor for rumor in table if rumor.subject]
    keys += [one.key for one in about if one.subject in gone or one.subject not in known]
    return [*dict.fromkeys(keys), *_old_departures(table)]


def _old_departures(table: Table) -> list[Key]:
    """Departures are for ever, but there is an end to what can be remembered."""
    departures = [rumor for rumor in table if isinstance(rumor, Departure)]
    departures.sort(key=lambda rumor: (rumor.at, rumor.member_id))
    return [rumor.key for rumor in departures[: max(0, len(departures) - DEPARTURES_MAX)]]
