"""What can a scenario expect?"""

from habactors.simulator import truth
from habactors.simulator.phrases import Phrasebook
from habactors.simulator.stage import Stage, meet

EXPECTATIONS = Phrasebook()


@EXPECTATIONS.phrase("expect all alive")
def all_alive(stage: Stage) -> None:
    """All hosts that are up hold each other to be alive."""
    meet(truth.all_alive(stage.ring))


@EXPECTATIONS.phrase("expect one truth")
def one_truth(stage: Stage) -> None:
    """All hosts that are up hold equal tables."""
    meet(truth.one_truth(stage.ring))


@EXPECTATIONS.phrase("expect {name} {standing} everywhere")
def everywhere(stage: Stage, name: str, standing: str) -> None:
    """All others that are up hold a member to stand so."""
    observers = truth.everybody_else(stage.ring, stage.host(name).name)
    meet(truth.stands(name, standing, observers))


@EXPECTATIONS.phrase("expect {name} {standing} at {names}")
def somewhere(stage: Stage, name: str, standing: str, names: list[str]) -> None:
    """These hold a member to stand so."""
    observers = [stage.running(observer) for observer in names]
    meet(truth.stands(stage.host(name).name, standing, observers))


@EXPECTATIONS.phrase("expect nobody suspected")
def nobody_suspected(stage: Stage) -> None:
    """Nobody has ever held anybody to be suspect, or worse."""
    meet(stage.accusations["suspect"])
    nobody_confirmed(stage)


@EXPECTATIONS.phrase("expect nobody confirmed")
def nobody_confirmed(stage: Stage) -> None:
    """Nobody has ever held anybody to be confirmed."""
    meet(stage.accusations["confirmed"])


@EXPECTATIONS.phrase("expect {group} version {version} everywhere")
def configured(stage: Stage, group: str, version: int) -> None:
    """All hosts that are up hold that version of a group's configuration; 0 is none."""
    meet(truth.configured(stage.ring.up, group, version))


@EXPECTATIONS.phrase("expect {group} version {version} at {names}")
def configured_at(stage: Stage, group: str, version: int, names: list[str]) -> None:
    """These hold that version of a group's configuration."""
    meet(truth.configured([stage.running(name) for name in names], group, version))


@EXPECTATIONS.phrase("expect {group} served by {names}")
def served(stage: Stage, group: str, names: list[str]) -> None:
    """All hosts that are up know exactly these to serve a group."""
    meet(truth.served(stage.ring, group, [stage.host(name).name for name in names]))


@EXPECTATIONS.phrase("expect {group} served by nobody")
def unserved(stage: Stage, group: str) -> None:
    """All hosts that are up know nobody to serve a group."""
    meet(truth.served(stage.ring, group, []))
