"""Which actors does an imagined host run?

The wire is not among them: every host has one. An actor joins by a line in `CAST`;
one named `NAME.hands` plays the body of that actor (its files or processes), and only that actor
hears what it says.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from habactors.config import DetectorConfig, DisseminatorConfig, ElectionConfig
from habactors.protocol.lifecycle import Identity
from habactors.roles.census import Census
from habactors.roles.detector import Detector
from habactors.roles.disseminator import Disseminator
from habactors.roles.election import Election
from habactors.roles.role import Role


class Seat(NamedTuple):
    """What an actor is given.

    Who its host is, whom that greets, a Random of its own, and a word for this life of the node.
    """

    me: Identity
    peers: tuple[str, ...]
    rng: Random
    life: str = ""


Cast = dict[str, Callable[[Seat], Role]]


DETECTOR = DetectorConfig()
DISSEMINATOR = DisseminatorConfig()


def cast_of(
    detector: DetectorConfig = DETECTOR, disseminator: DisseminatorConfig = DISSEMINATOR
) -> Cast:
    """The actors by name, in the order in which they start, with these settings."""
    return {
        "disseminator": lambda seat: Disseminator(seat.me, disseminator, seat.peers, seat.rng),
        "detector": lambda seat: Detector(seat.me, detector, seat.rng),
        "census": lambda seat: Census(seat.me, seat.rng),
        "election": lambda seat: Election(seat.me, ElectionConfig(), seat.life, seat.rng),
    }


CAST = cast_of()
"""The actors of a host by default."""
