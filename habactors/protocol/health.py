"""How well is a member?"""

from enum import IntEnum


class Health(IntEnum):
    """A member's health, from best to worst; the worse of two at one incarnation wins."""

    ALIVE = 1
    SUSPECT = 2
    CONFIRMED = 3
    DEPARTED = 4

    @property
    def word(self) -> str:
        """The health as people and JSON read it, such as `alive`."""
        return self.name.lower()


REACHABLE = (Health.ALIVE, Health.SUSPECT)
