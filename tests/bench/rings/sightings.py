"""Who saw what become of whom, and when?"""

from collections import defaultdict
from typing import NamedTuple

ALIVE = "alive"
SUSPECT = "suspect"
FAILED = "failed"
LEFT = "left"
GONE = (LEFT, FAILED)


class Broken(Exception):
    """A node ended that nobody had told to: there is nothing to measure any more."""


class Sighting(NamedTuple):
    """At `time` (epoch seconds) the observer began to hold the subject for so and so."""

    time: float
    observer: str
    subject: str
    state: str
    why: str = ""


class Sightings:
    """All that the nodes of a ring have said about each other, by names."""

    def __init__(self):
        self.all = []
        self._of = defaultdict(list)

    def note(self, sighting):
        self.all.append(sighting)
        self._of[sighting.observer, sighting.subject].append(sighting)

    def first(self, observer, subject, states, since):
        """The first time since then that the observer saw the subject in one of the states."""
        found = [
            seen
            for seen in self._of[observer, subject]
            if seen.state in states and seen.time >= since
        ]
        return min(found, default=None)

    def times(self, pairs, states, since):
        """When each (observer, subject) came true, in order; None unless all of them did."""
        found = [self.first(observer, subject, states, since) for observer, subject in pairs]
        return None if None in found else sorted(seen.time for seen in found)

    def told_of(self, subject, since, until):
        """What was said of the subject in that time, in order."""
        return sorted(
            seen for seen in self.all if seen.subject == subject and since <= seen.time <= until
        )
