"""How are the ways between the imagined hosts?

How long messages take, which of them are lost, and what is cut. All of it may change at any time.
"""

from collections.abc import Iterable
from itertools import product
from random import Random

LATENCY_SECONDS = (0.001, 0.003)

MOST = 0.5
"""Who loses more than this is not well."""

Way = tuple[str, str]
"""From one address to another."""


class Conditions:
    """The state of the network.

    `loss` is the share of all messages that is lost, `burst` how many in a row are lost on the
    average of what one host sends (1: each by itself). `loss_at` is by address, of what comes and
    goes there; `loss_on` is by way.
    """

    def __init__(self, seed: int) -> None:
        self.latency_seconds = LATENCY_SECONDS
        self.loss = 0.0
        self.burst = 1.0
        self.loss_at: dict[str, float] = {}
        self.loss_on: dict[Way, float] = {}
        self._rng = Random(f"{seed} network")
        self._cuts: dict[Way, int] = {}
        self._in_burst: dict[str, bool] = {}

    def latency(self) -> float:
        """Draw the seconds that one message takes."""
        low, high = self.latency_seconds
        return low + (high - low) * self._rng.random()

    def cut(self, sources: Iterable[str], targets: Iterable[str]) -> dict[Way, None]:
        """Swallow from now on whatever these addresses send to those; the ways that this is."""
        ways = dict.fromkeys(product(sources, tuple(targets)))
        for way in ways:
            self._cuts[way] = self._cuts.get(way, 0) + 1
        return ways

    def mend(self, ways: Iterable[Way]) -> None:
        """Undo one cut of these ways; those that were cut twice are still cut once."""
        for way in ways:
            count = self._cuts.pop(way, 0)
            if count > 1:
                self._cuts[way] = count - 1

    def heal(self) -> None:
        """Undo all cuts."""
        self._cuts.clear()

    def is_cut(self, source: str, target: str) -> bool:
        """Whether nothing gets from one address to another."""
        return bool(self._cuts) and (source, target) in self._cuts

    def is_parted(self, one: str, other: str) -> bool:
        """Whether two addresses cannot talk, as it takes both directions."""
        return bool(self._cuts) and ((one, other) in self._cuts or (other, one) in self._cuts)

    @property
    def are_fair(self) -> bool:
        """Whether no two hosts are worse off than others."""
        return not (self._cuts or self.loss_at or self.loss_on)

    def is_good(self, one: str, other: str) -> bool:
        """Whether most of what two addresses say to each other arrives."""
        if self.is_parted(one, other):
            return False
        if not (self.loss_at or self.loss_on):
            return True
        shares = (
            *(self.loss_at.get(end, 0.0) for end in (one, other)),
            *(self.loss_on.get(way, 0.0) for way in ((one, other), (other, one))),
        )
        return max(shares) < MOST

    def swallows(self, source: str, target: str) -> bool:
        """Whether this one message is lost."""
        if self._cuts and (source, target) in self._cuts:
            return True
        if self.loss and self._loses(source):
            return True
        return bool(self.loss_at or self.loss_on) and self._loses_here(source, target)

    def _loses(self, source: str) -> bool:
        """Gilbert's model (1960) of bursts: a host that has begun to lose goes on for a while."""
        luck = self._rng.random()
        if self.burst <= 1.0 or self.loss >= 1.0:
            return luck < self.loss
        ends = 1 / self.burst
        goes_on = 1 - ends if self._in_burst.get(source) else ends * self.loss / (1 - self.loss)
        self._in_burst[source] = luck < goes_on
        return self._in_burst[source]

    def _loses_here(self, source: str, target: str) -> bool:
        shares = (
            self.loss_at.get(source, 0.0),
            self.loss_at.get(target, 0.0),
            self.loss_on.get((source, target), 0.0),
        )
        return any(share and self._rng.random() < share for share in shares)
