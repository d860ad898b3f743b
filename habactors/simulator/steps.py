"""What can happen in a scenario?"""

from habactors.protocol.commands import ApplyConfig
from habactors.protocol.news import Offer, Withdraw
from habactors.simulator.phrases import Phrasebook
from habactors.simulator.stage import BadScenario, Stage

STEPS = Phrasebook()


@STEPS.phrase("run {seconds}")
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


@STEPS.phrase("loss {share}")
def loss(stage: Stage, share: float) -> None:
    """From now on this share of all messages is lost."""
    stage.ring.network.conditions.loss = share


@STEPS.phrase("cut {names} from all")
def cut_from_all(stage: Stage, names: list[str]) -> None:
    """Nothing crosses between these hosts and the rest."""
    stage.ring.cut(names, stage.others(names))


@STEPS.phrase("cut {sides}")
def part(stage: Stage, sides: list[str]) -> None:
    """The ring falls apart: nothing crosses from one side to another."""
    islands = [side.split() for side in sides]
    stage.others(name for island in islands for name in island)
    stage.ring.part(*islands)


@STEPS.phrase("cut {name} -> {names}")
def cut_one_way(stage: Stage, name: str, names: list[str]) -> None:
    """What a host sends to these is swallowed; the way back stays open."""
    stage.others([name, *names])
    stage.ring.cut_one_way([name], names)


@STEPS.phrase("heal")
def heal(stage: Stage) -> None:
    """All cuts are undone."""
    stage.ring.heal()


@STEPS.phrase("crash {names}")
def crash(stage: Stage, names: list[str]) -> None:
    """Machines lose their power: their addresses are silent, and only durable records survive."""
    for name in names:
        stage.running(name).lose_power()


@STEPS.phrase("kill {names}")
def kill(stage: Stage, names: list[str]) -> None:
    """Nodes are killed: their machines refuse connections, and all records survive."""
    for name in names:
        stage.running(name).stop()


@STEPS.phrase("return {names}")
@STEPS.phrase("start {names}")
def start(stage: Stage, names: list[str]) -> None:
    """Nodes start, with the records that they have."""
    for name in names:
        if stage.host(name).up:
            raise BadScenario(f"{name} is up already", f"say crash {name} or kill {name} first")
    stage.ring.start(names)


@STEPS.phrase("crash {name} {actor}")
def crash_actor(stage: Stage, name: str, actor: str) -> None:
    """One actor dies, and is back 30 ms later."""
    cast = ["wire", *stage.running(name).actors]
    if actor not in cast:
        raise BadScenario(f"{name} runs no {actor}", f"its actors are {', '.join(cast)}")
    stage.ring.crash_actor(name, actor)


@STEPS.phrase("pause {name} {seconds}")
def pause(stage: Stage, name: str, seconds: float) -> None:
    """A node stands still for a while, as under SIGSTOP."""
    stage.running(name).pause(seconds)


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
