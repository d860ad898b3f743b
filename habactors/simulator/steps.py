"""What can happen in a scenario, all being well?"""

from habactors.protocol.commands import ApplyConfig
from habactors.protocol.news import Offer, Withdraw
from habactors.simulator.phrases import Phrasebook
from habactors.simulator.stage import BadScenario, Stage

STEPS = Phrasebook()
RUN = "run {seconds}"


@STEPS.phrase(RUN)
def run(stage: Stage, seconds: float) -> None:
    """Time passes."""
    stage.ring.run(seconds)


@STEPS.phrase("quiet")
def quiet(stage: Stage) -> None:
    """From now on the transcript tells only what changes in somebody's eyes."""
    stage.detail = "quiet"


@STEPS.phrase("normal")
def normal(stage: Stage) -> None:
    """From now on it tells that, and what is done about it."""
    stage.detail = "normal"


@STEPS.phrase("verbose")
def verbose(stage: Stage) -> None:
    """From now on it tells every message."""
    stage.detail = "verbose"


@STEPS.phrase("return {names}")
@STEPS.phrase("start {names}")
def start(stage: Stage, names: list[str]) -> None:
    """Nodes start, with the records that they have."""
    for name in names:
        if stage.standing(name).up:
            raise BadScenario(f"{name} is up already", f"say crash {name} or kill {name} first")
    stage.ring.start(names)


@STEPS.phrase("{name} leaves")
def leave(stage: Stage, name: str) -> None:
    """A node stops gracefully."""
    stage.running(name)
    stage.ring.leave(name)


@STEPS.phrase("{name} offers {group}")
def offer(stage: Stage, name: str, group: str) -> None:
    """A node begins to run a service of a group."""
    ident = f"core/{group.partition('.')[0]}"
    stage.running(name).tell("services", Offer(group, ident, "standalone", b"{}", b"{}"))


@STEPS.phrase("{name} withdraws {group}")
def withdraw(stage: Stage, name: str, group: str) -> None:
    """A node no longer runs that service."""
    stage.running(name).tell("services", Withdraw(group))


@STEPS.phrase("{name} applies {group} {version}: {body}")
def apply(stage: Stage, name: str, group: str, version: int, body: str) -> None:
    """An operator gives a group its configuration, on that node; version 0 is the next one."""
    stage.requests += 1
    request = ApplyConfig(stage.requests, group, version, body.encode())
    stage.running(name).tell("control", request)
