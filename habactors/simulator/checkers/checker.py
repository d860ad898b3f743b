"""What is a checker?

It watches a ring from the moment when it is made, and gathers what is wrong, one line each.
"""

from habactors.roles.role import Outbox
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring

LOOK_SECONDS = 0.1
WRONGS_MAX = 100
"""More of the same helps nobody."""


class Checker:
    """The base of all checkers; `NAME` is what scenarios and people call it."""

    NAME = ""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.began = ring.agenda.now
        self._wrong: dict[str, None] = {}
        ring.watch(self.follow)

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        """See what an actor is about to do."""

    def verdict(self) -> list[str]:
        """What has been wrong until now; an empty list is good news."""
        return list(self._wrong)

    def note(self, wrong: str) -> None:
        """Gather a line that is wrong, with the time."""
        if len(self._wrong) < WRONGS_MAX:
            self._wrong[f"{wrong}, at {self.ring.agenda.elapsed:.1f} s"] = None


class Looker(Checker):
    """A checker that looks at all hosts from time to time, too."""

    def __init__(self, ring: Ring) -> None:
        super().__init__(ring)
        self._look_again(None)

    def look(self) -> None:
        """See how things are now."""
        raise NotImplementedError

    def _look_again(self, _: object) -> None:
        self.look()
        agenda = self.ring.agenda
        agenda.at(agenda.now + LOOK_SECONDS, self._look_again, None)
