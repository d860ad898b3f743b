"""How well is this node itself?

Lifeguard's local health multiplier (Dadgar, Phillips, Currey 2018, section IV-A): whoever misses
answers that others should have given, or has to refute a suspicion, is probably slow itself, and
gives everybody more time. Being late for one's own deadlines is the earliest sign of all.
"""


class Awareness:
    """A score from 0 (well) to `score_max`; 0 as the maximum switches it off."""

    def __init__(self, score_max: int) -> None:
        self.score = 0
        self._score_max = score_max

    def worsen(self, signs: int = 1) -> None:
        """So many signs that this node is slow."""
        self.score = min(self._score_max, self.score + signs)

    def improve(self) -> None:
        """A probe was answered in time."""
        self.score = max(0, self.score - 1)

    @property
    def factor(self) -> int:
        """By what periods and timeouts of this node are multiplied."""
        return self.score + 1
