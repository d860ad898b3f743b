"""How long should a service that died wait before it is started again?"""

from random import Random

from habactors.config import ServicesConfig

STEADY_SECONDS = 10.0
"""A process that lived this long was well: its first death costs no pause."""


class Backoff:
    """Pauses that double from death to death.

    With a tenth of jitter so that many do not return at once.
    """

    def __init__(self, settings: ServicesConfig, rng: Random) -> None:
        self._settings = settings
        self._rng = rng
        self._deaths = 0

    def pause_seconds(self, lived_seconds: float) -> float:
        """The pause after a life of that length."""
        if lived_seconds >= STEADY_SECONDS:
            self._deaths = 0
            return 0.0
        self._deaths += 1
        pause = self._settings.backoff_min_seconds * 2.0 ** min(self._deaths - 1, 32)
        jittered = pause * (1.0 + 0.1 * self._rng.random())
        return min(jittered, self._settings.backoff_max_seconds)

    def reset(self) -> None:
        self._deaths = 0
