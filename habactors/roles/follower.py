"""Have I heard all that a publisher said?"""

from enum import Enum

from habactors.protocol.views import GroupView, MemberView, Views


class Step(Enum):
    """How a delta relates to what was heard before: to be folded, of no use, a reason to ask."""

    NEXT = "next"
    STALE = "stale"
    GAP = "gap"


class Follower:
    """Follows one publisher through its versions (snapshot, gapless news) and lives (epochs)."""

    def __init__(self) -> None:
        self.epoch = -1
        self.version = -1
        self._misses = 0

    def reset(self, epoch: int, version: int) -> bool:
        """Take up a snapshot; False when it says no more than what was heard already."""
        if epoch == self.epoch and version <= self.version:
            return False
        self.epoch, self.version, self._misses = epoch, version, 0
        return True

    def step(self, epoch: int, version: int) -> Step:
        """Take up a delta; only a NEXT one may be folded.

        Of many that do not fit, only the 1st, 2nd, 4th, 8th ... are a GAP: a thousand deltas that
        waited for a restarted follower do not cost a thousand snapshots, and a question that got
        lost is asked again all the same.
        """
        if epoch == self.epoch and version <= self.version:
            return Step.STALE
        if epoch == self.epoch and version == self.version + 1:
            self.version = version
            return Step.NEXT
        self._misses += 1
        return Step.STALE if self._misses & (self._misses - 1) else Step.GAP

    def take(self, views: Views) -> Step:
        """Take up what the census tells, all of it or a delta; only NEXT may be folded."""
        if not views.whole:
            return self.step(views.epoch, views.version)
        return Step.NEXT if self.reset(views.epoch, views.version) else Step.STALE


def fold(views: Views, members: dict[str, MemberView], groups: dict[str, GroupView]) -> None:
    """Bring members and groups up to date with views that come next."""
    if views.whole:
        members.clear()
        groups.clear()
    members.update((view.id, view) for view in views.members)
    groups.update((view.service_group, view) for view in views.groups)
    for member_id in views.gone_members:
        members.pop(member_id, None)
    for name in views.gone_groups:
        groups.pop(name, None)
