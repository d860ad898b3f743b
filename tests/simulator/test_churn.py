"""Whatever befalls a ring, does it come to one truth again, and does it blame the innocent?"""

from random import Random

import pytest

from habactors.protocol.rumors import Membership
from habactors.roles.census import Census
from habactors.roles.detector import Detector
from habactors.simulator import checkers, truth
from habactors.simulator.ring import Ring
from habactors.simulator.stage import Stage

SEEDS = [*range(5), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(5, 50))]
HEALING_SECONDS = 30
SETTLING_SECONDS = 15
FOUND_SECONDS = 10
FORGIVEN_SECONDS = 5
UNFORGIVING = ("flapping", "bursts")
"""Faults under which a healthy member may be held for dead for a moment. Whoever comes back from a
cut has held all others for dead, and is believed where somebody else has suspected them as well;
and who is to check such a word may lose its own probe."""


class Churn:
    """A ring that is whole, a Random to choose its faults, and checkers of what comes of them."""

    def __init__(self, kind, seed):
        self.rng = Random(f"{kind} {seed}")
        self.ring = Ring(self.rng.randint(5, 8), seed, peers=["m0", "m1"])
        self.ring.start(apart_seconds=self.rng.choice([0, 0.1, 1]))
        self.ring.run(15)
        assert truth.all_alive(self.ring) == []
        self.stage = Stage(self.ring)
        self.checks = [
            checkers.Incarnations(self.ring),
            checkers.Departures(self.ring),
            checkers.Completeness(self.ring, FOUND_SECONDS),
        ]
        if kind not in UNFORGIVING:
            self.checks.append(checkers.Accuracy(self.ring, FORGIVEN_SECONDS))

    def fallen(self):
        hosts = self.ring.hosts.values()
        return [host.name for host in hosts if not host.up and not host.buried]

    def wrong(self):
        return truth.all_alive(self.ring) + truth.one_truth(self.ring) + disagreements(self.ring)

    def violations(self):
        return [line for check in self.checks for line in check.verdict()]


def disagreements(ring):
    """Hosts whose detector or census holds something else than their disseminator."""
    wrong = []
    for host in ring.up:
        detector, census = host.role(Detector.NAME), host.role(Census.NAME)
        rumors = {rumor.key: rumor for rumor in truth.table(host)}
        others = {rumor.id: rumor for rumor in rumors.values() if isinstance(rumor, Membership)}
        del others[host.me.id]
        if detector.members != others:
            wrong.append(f"{host.name}: the detector holds {detector.members}")
        if {key: item.rumor for key, item in census._known.items()} != rumors:
            wrong.append(f"{host.name}: the census holds {census._known}")
    return wrong


def lossy(churn):
    """A share of all messages is lost."""
    churn.ring.lose(churn.rng.choice([0.05, 0.1, 0.2]))
    churn.ring.run(20)
    churn.ring.lose(0.0)


def parted(churn):
    """The ring falls apart in two or three, or one way only, twice."""
    ring, rng = churn.ring, churn.rng
    for _ in range(2):
        names = list(ring.hosts)
        rng.shuffle(names)
        at = rng.randint(1, len(names) - 1)
        if rng.random() < 0.3:
            ring.cut_one_way(names[:at], names[at:])
        else:
            ring.part(names[:at], names[at : at + 3], names[at + 3 :])
        ring.run(rng.uniform(0.5, 20))
        ring.heal()
        ring.run(rng.uniform(0, 5))


def nodes_down(churn):
    """Nodes crash, are killed, leave or stand still, and come back."""
    ring, rng = churn.ring, churn.rng
    for _ in range(6):
        host = rng.choice(ring.up)
        if len(ring.up) > 2:
            match rng.randrange(4):
                case 0:
                    host.lose_power()
                case 1:
                    host.stop()
                case 2:
                    ring.leave(host.name)
                case 3:
                    host.pause(rng.uniform(0.1, 5))
        ring.run(rng.uniform(0.5, 12))
        if churn.fallen() and rng.random() < 0.7:
            ring.start([rng.choice(churn.fallen())])
    ring.run(1)
    ring.start(churn.fallen())


def actors_down(churn):
    """Actors crash, often several of one host at a time."""
    ring, rng = churn.ring, churn.rng
    for _ in range(20):
        host = rng.choice(ring.up)
        for actor in rng.sample(list(host.actors), rng.randint(1, 3)):
            ring.crash_actor(host.name, actor, rng.uniform(0.01, 0.1))
        ring.run(rng.uniform(0.01, 2))


def wires_down(churn):
    """Wires crash, or stand still for a while."""
    ring, rng = churn.ring, churn.rng
    for _ in range(10):
        name = rng.choice(list(ring.hosts))
        if rng.random() < 0.5:
            ring.crash_actor(name, "wire", rng.uniform(0.01, 0.1))
        else:
            ring.hosts[name].pause_actor("wire", rng.uniform(0.1, 5))
        ring.run(rng.uniform(0.1, 6))
    ring.run(5)


def flapping(churn):
    """Hosts are cut off and let back, by turns, each in its own time."""
    ring, rng = churn.ring, churn.rng
    for name in rng.sample(list(ring.hosts), 2):
        others = [other for other in ring.hosts if other != name]
        ring.flip([name], others, seconds=rng.uniform(0.5, 8))
    ring.run(40)
    ring.heal()


def bursts(churn):
    """Losses come in bursts, and some hosts lose more than others."""
    ring, rng = churn.ring, churn.rng
    ring.lose(0.1, burst=rng.uniform(2, 4))
    name, *others = rng.sample(list(ring.hosts), 3)
    ring.lose_at(rng.choice([0.3, 0.6, 0.9]), [name])
    ring.lose_one_way(0.5, others[0], others)
    ring.run(40)
    ring.lose(0.0)
    ring.lose_at(0.0, [name])
    ring.lose_one_way(0.0, others[0], others)


def clocks_wrong(churn):
    """Clocks jump and drift, and some nodes start anew with theirs."""
    ring, rng = churn.ring, churn.rng
    for _ in range(6):
        host = rng.choice(ring.up)
        jump = rng.choice([0, 5, 3600, -5, -60])
        host.set_clock(jump_seconds=jump, rate=rng.uniform(0.99, 1.01))
        if rng.random() < 0.3:
            host.stop()
            ring.run(rng.uniform(0, 10))
            ring.start([host.name])
        ring.run(rng.uniform(0, 10))


def replaced(churn):
    """Machines are lost for ever, and others are set up, at their addresses or elsewhere."""
    ring, rng = churn.ring, churn.rng
    for _ in range(4):
        name = rng.choice([host.name for host in ring.up if host.name not in ("m0", "m1")])
        ring.replace(name, elsewhere=rng.random() < 0.5)
        ring.run(rng.uniform(0.1, 15))


FAULTS = [
    *(lossy, parted, nodes_down, actors_down, wires_down, flapping, bursts),
    *(clocks_wrong, replaced),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_after_any_fault_there_is_one_truth(fault, seed):
    churn = Churn(fault.__name__, seed)
    fault(churn)
    for _ in range(HEALING_SECONDS):
        churn.ring.run(1)
        if not churn.wrong():
            break
    churn.ring.run(SETTLING_SECONDS)
    assert churn.wrong() == []
    assert churn.violations() == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crash_of_actors_alone_blames_nobody(seed):
    churn = Churn("blame", seed)
    actors_down(churn)
    churn.ring.run(HEALING_SECONDS)
    assert churn.stage.accusations["suspect"] == []
    assert churn.stage.accusations["confirmed"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_who_is_down_for_long_is_confirmed_and_nobody_else(seed):
    churn = Churn("down", seed)
    dead = churn.rng.sample(list(churn.ring.hosts), churn.rng.randint(1, 3))
    for name in dead:
        churn.ring.hosts[name].lose_power()
    churn.ring.run(40)
    for name in dead:
        assert truth.stands(name, "confirmed", churn.ring.up) == []
    assert churn.wrong() == []
    assert {line.split()[2] for line in churn.stage.accusations["confirmed"]} == set(dead)


@pytest.mark.parametrize("seed", range(8))
def test_a_loss_of_ten_percent_confirms_nobody(seed):
    ring = Ring(8, seed)
    stage = Stage(ring)
    ring.lose(0.1)
    ring.start()
    ring.run(60)
    assert stage.accusations["confirmed"] == []


def test_the_checks_of_this_file_can_fail():
    churn = Churn("checks", 0)
    churn.ring.isolate("m2")
    churn.ring.run(20)
    assert len(churn.wrong()) > 1
    assert churn.violations() == []
    churn.checks[0].note("something")
    assert churn.violations() == ["something, at 35.0 s"]
