"""What can go wrong in a scenario?"""

from collections.abc import Iterable

from habactors.simulator.phrases import Phrasebook
from habactors.simulator.stage import BadScenario, Stage

FAULTS = Phrasebook()


@FAULTS.phrase("loss {share}")
def loss(stage: Stage, share: float) -> None:
    """From now on this share of all messages is lost."""
    stage.ring.lose(share)


@FAULTS.phrase("loss {share} in bursts of {count}")
def bursts(stage: Stage, share: float, count: int) -> None:
    """The same, but so many in a row of what one host sends are lost, on the average."""
    stage.ring.lose(share, burst=float(count))


@FAULTS.phrase("loss {share} at {names}")
def loss_at(stage: Stage, share: float, names: list[str]) -> None:
    """This share is lost of what comes to these hosts and of what they send."""
    stage.others(names)
    stage.ring.lose_at(share, names)


@FAULTS.phrase("loss {share} {name} -> {names}")
def loss_one_way(stage: Stage, share: float, name: str, names: list[str]) -> None:
    """This share is lost of what a host sends to these."""
    stage.others([name, *names])
    stage.ring.lose_one_way(share, name, names)


@FAULTS.phrase("cut {names} from all")
def cut_from_all(stage: Stage, names: list[str]) -> None:
    """Nothing crosses between these hosts and the rest."""
    stage.ring.cut(names, stage.others(names))


@FAULTS.phrase("cut {sides}")
def part(stage: Stage, sides: list[str]) -> None:
    """The ring falls apart: nothing crosses from one side to another."""
    stage.ring.part(*_islands(stage, sides))


@FAULTS.phrase("cut {name} -> {names}")
def cut_one_way(stage: Stage, name: str, names: list[str]) -> None:
    """What a host sends to these is swallowed; the way back stays open."""
    stage.others([name, *names])
    stage.ring.cut_one_way([name], names)


@FAULTS.phrase("flip {names} from all every {seconds}")
def flip_from_all(stage: Stage, names: list[str], seconds: float) -> None:
    """Cut these hosts from the rest and let them back, by turns, until all cuts heal."""
    stage.ring.flip(names, stage.others(names), seconds=seconds)


@FAULTS.phrase("flip {sides} every {seconds}")
def flip(stage: Stage, sides: list[str], seconds: float) -> None:
    """Let the ring fall apart and come together, by turns, until all cuts heal."""
    stage.ring.flip(*_islands(stage, sides), seconds=seconds)


@FAULTS.phrase("heal")
def heal(stage: Stage) -> None:
    """All cuts are undone."""
    stage.ring.heal()


@FAULTS.phrase("crash {names}")
def crash(stage: Stage, names: list[str]) -> None:
    """Machines lose their power: their addresses are silent, and only durable records survive."""
    for name in names:
        stage.running(name).lose_power()


@FAULTS.phrase("kill {names}")
def kill(stage: Stage, names: list[str]) -> None:
    """Nodes are killed: their machines refuse connections, and all records survive."""
    for name in names:
        stage.running(name).stop()


@FAULTS.phrase("crash half of all")
def crash_half(stage: Stage) -> None:
    """A rack loses its power: the latter half of all hosts that are up."""
    for host in _latter_half(stage):
        stage.running(host).lose_power()


@FAULTS.phrase("kill half of all")
def kill_half(stage: Stage) -> None:
    """The nodes on the latter half of all hosts that are up are killed."""
    for host in _latter_half(stage):
        stage.running(host).stop()


@FAULTS.phrase("crash {name} {actor}")
def crash_actor(stage: Stage, name: str, actor: str) -> None:
    """One actor dies, and is back 30 ms later."""
    stage.ring.crash_actor(name, _cast_at(stage, name, actor))


@FAULTS.phrase("pause {names} {seconds}")
def pause(stage: Stage, names: list[str], seconds: float) -> None:
    """Nodes stand still for a while, as under SIGSTOP."""
    for name in names:
        stage.running(name).pause(seconds)


@FAULTS.phrase("pause {name} {actor} {seconds}")
def pause_actor(stage: Stage, name: str, actor: str, seconds: float) -> None:
    """One actor of a node stands still for a while, and the others go on."""
    stage.running(name).pause_actor(_cast_at(stage, name, actor), seconds)


@FAULTS.phrase("clock of {name} jumps {seconds}")
def jump(stage: Stage, name: str, seconds: float) -> None:
    """It is suddenly later on a host."""
    stage.running(name).set_clock(jump_seconds=seconds)


@FAULTS.phrase("clock of {name} jumps back {seconds}")
def jump_back(stage: Stage, name: str, seconds: float) -> None:
    """The clock of a host stands still for so long; if its node starts anew, it is earlier."""
    stage.running(name).set_clock(jump_seconds=-seconds)


@FAULTS.phrase("clock of {name} runs {share} fast")
def run_fast(stage: Stage, name: str, share: float) -> None:
    """Time flies on a host."""
    stage.running(name).set_clock(rate=1 + share)


@FAULTS.phrase("clock of {name} runs {share} slow")
def run_slow(stage: Stage, name: str, share: float) -> None:
    """Time drags on a host."""
    if share >= 1:
        raise BadScenario("no clock is as slow as that", "say less than 100%")
    stage.running(name).set_clock(rate=1 - share)


@FAULTS.phrase("replace {names}")
def replace(stage: Stage, names: list[str]) -> None:
    """Machines are lost for ever; others are set up at their addresses, with ids of their own."""
    for name in names:
        stage.ring.replace(stage.standing(name).name)


@FAULTS.phrase("churn {count} every {seconds}")
def churn(stage: Stage, count: int, seconds: float) -> None:
    """So many hosts, the oldest first, are replaced by others elsewhere, one by one."""
    stage.ring.churn(count, seconds)


def _islands(stage: Stage, sides: list[str]) -> list[list[str]]:
    islands = [side.split() for side in sides]
    names: Iterable[str] = (name for island in islands for name in island)
    stage.others(names)
    return islands


def _latter_half(stage: Stage) -> list[str]:
    names = [host.name for host in stage.ring.up]
    return names[(len(names) + 1) // 2 :]


def _cast_at(stage: Stage, name: str, actor: str) -> str:
    """The name of an actor that a host runs."""
    cast = ["wire", *stage.running(name).actors]
    if actor not in cast:
        raise BadScenario(f"{name} runs no {actor}", f"its actors are {', '.join(cast)}")
    return actor
