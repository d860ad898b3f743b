"""What must be true of every ring, all the time? Each checker says where it was not."""

from habactors.simulator.checkers.checker import Checker
from habactors.simulator.checkers.costs import BytesBound, MessagesBound
from habactors.simulator.checkers.history import Departures, Incarnations
from habactors.simulator.checkers.leases import Leases
from habactors.simulator.checkers.probes import ProbeGap
from habactors.simulator.checkers.verdicts import Accuracy, Completeness

__all__ = [
    "Accuracy",
    "BytesBound",
    "Checker",
    "Completeness",
    "Departures",
    "Incarnations",
    "Leases",
    "MessagesBound",
    "ProbeGap",
]
