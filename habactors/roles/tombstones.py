"""What may be forgotten?

Whoever is gone is remembered for a time, so that old rumors do not bring it back. The time of the
evidence decides, which is the same everywhere: so all forget at once, and nobody is told again by
somebody who has not forgotten yet.
"""

from habactors.protocol.limits import DEPARTURES_MAX
from habactors.protocol.rumors import AnyRumor, Departure, Key, Membership
from habactors.protocol.table import Table

SWEEP_SECONDS_MAX = 60.0
SWEEPS = 10
"""So many sweeps in the lifetime of a tombstone, at least."""


def sweep_seconds(tombstone_seconds: float) -> float:
    """How often to look for what may be forgotten."""
    return min(SWEEP_SECONDS_MAX, tombstone_seconds / SWEEPS)


def is_stale(rumor: AnyRumor, now: float, tombstone_seconds: float) -> bool:
    """Whether everybody has forgotten this by now."""
    end = rumor.ended
    return end is not None and end + tombstone_seconds < now


def forgettable(
    table: Table, since: dict[Key, float], now: float, tombstone_seconds: float
) -> list[Key]:
    """The keys of all that has been over for long enough.

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
    keys.extend(rumor.key for rumor in table if rumor.subject in gone)
    return [*dict.fromkeys(keys), *_old_departures(table)]


def _old_departures(table: Table) -> list[Key]:
    """Departures are for ever, but there is an end to what can be remembered."""
    departures = [rumor for rumor in table if isinstance(rumor, Departure)]
    departures.sort(key=lambda rumor: (rumor.at, rumor.member_id))
    return [rumor.key for rumor in departures[: max(0, len(departures) - DEPARTURES_MAX)]]
