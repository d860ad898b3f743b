"""What can a scenario have checked from some moment on, until its end?"""

from habactors.simulator import checkers
from habactors.simulator.phrases import Phrasebook
from habactors.simulator.stage import Stage

CHECKS = Phrasebook()


@CHECKS.phrase("check completeness within {seconds}")
def completeness(stage: Stage, seconds: float) -> None:
    """Whoever is down for so long is held confirmed by all who are well for as long."""
    stage.checkers.append(checkers.Completeness(stage.ring, seconds))


@CHECKS.phrase("check accuracy within {seconds}")
def accuracy(stage: Stage, seconds: float) -> None:
    """Whoever is well for so long is held confirmed by nobody who is."""
    stage.checkers.append(checkers.Accuracy(stage.ring, seconds))


@CHECKS.phrase("check incarnations")
def incarnations(stage: Stage) -> None:
    """In nobody's eyes does the incarnation of a member fall."""
    stage.checkers.append(checkers.Incarnations(stage.ring))


@CHECKS.phrase("check departures")
def departures(stage: Stage) -> None:
    """Whoever is departed stays so."""
    stage.checkers.append(checkers.Departures(stage.ring))


@CHECKS.phrase("check probe gap")
def probe_gap(stage: Stage) -> None:
    """Everybody pings everybody at least every 2(N-1)-1 periods."""
    stage.checkers.append(checkers.ProbeGap(stage.ring))


@CHECKS.phrase("check at most {count} bytes a second")
def bytes_bound(stage: Stage, count: int) -> None:
    """No member sends more in any second."""
    stage.checkers.append(checkers.BytesBound(stage.ring, count))


@CHECKS.phrase("check at most {count} messages a period")
def messages_bound(stage: Stage, count: int) -> None:
    """No member sends more in any period of the failure detector."""
    stage.checkers.append(checkers.MessagesBound(stage.ring, count))
