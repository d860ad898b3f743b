"""Have I heard all that a publisher said?"""

from enum import Enum


class Step(Enum):
    """How a delta relates to what was heard before."""

    NEXT = "next"
    STALE = "stale"
    GAP = "gap"


class Follower:
    """Follows one publisher through its versions (snapshot, gapless news) and lives (epochs)."""

    def __init__(self) -> None:
        self.epoch = -1
        self.version = -1

    def reset(self, epoch: int, version: int) -> bool:
        """Take up a snapshot; False when it says no more than what was heard already."""
        if epoch == self.epoch and version <= self.version:
            return False
        self.epoch, self.version = epoch, version
        return True

    def step(self, epoch: int, version: int) -> Step:
        """Take up a delta; only a NEXT one may be folded."""
        if epoch != self.epoch:
            return Step.GAP
        if version <= self.version:
            return Step.STALE
        if version > self.version + 1:
            return Step.GAP
        self.version = version
        return Step.NEXT
