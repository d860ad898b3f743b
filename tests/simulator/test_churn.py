"""Whatever befalls a ring, does it come to one truth again, and does it blame the innocent?"""

from random import Random

import pytest

from habactors.protocol.news import News, Snapshot
from habactors.protocol.rumors import Membership
from habactors.roles.census import Census
from habactors.roles.detector import Detector
from habactors.simulator import truth
from habactors.simulator.ring import Ring, member_id
from habactors.simulator.stage import Stage

SEEDS = range(20)
HEALING_SECONDS = 30
SETTLING_SECONDS = 15


class Churn:
    """A ring that is whole, a Random to choose its faults, and what its hosts said meanwhile."""

    def __init__(self, kind, seed):
        self.rng = Random(f"{kind} {seed}")
        self.ring = Ring(self.rng.randint(5, 8), seed, peers=["m0", "m1"])
        self.highest = {}
        self.falls = []
        self.ring.watch(self._follow)
        self.ring.start(apart_seconds=self.rng.choice([0, 0.1, 1]))
        self.ring.run(15)
        assert truth.all_alive(self.ring) == []
        self.stage = Stage(self.ring)

    def lose_power(self, host):
        """Whoever loses power may forget what it heard of others, though never what it said."""
        host.lose_power()
        for subject in self.ring.hosts:
            if subject != host.name:
                self.highest.pop((host.name, subject), None)

    def fallen(self):
        return [host.name for host in self.ring.hosts.values() if not host.up]

    def wrong(self):
        return truth.all_alive(self.ring) + truth.one_truth(self.ring) + disagreements(self.ring)

    def _follow(self, host, actor, out):
        for letter in out.said:
            if isinstance(letter, News | Snapshot):
                for item in letter.known:
                    if isinstance(item.rumor, Membership):
                        self._note(host, item.rumor)

    def _note(self, host, member):
        key = (host.name, member.name)
        if member.incarnation < self.highest.get(key, 0):
            self.falls.append((*key, self.highest[key], member.incarnation))
        self.highest[key] = member.incarnation


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
    churn.ring.network.conditions.loss = churn.rng.choice([0.05, 0.1, 0.2, 0.3])
    churn.ring.run(20)
    churn.ring.network.conditions.loss = 0.0


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
                    churn.lose_power(host)
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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", [lossy, parted, nodes_down, actors_down])
def test_after_any_fault_there_is_one_truth(fault, seed):
    churn = Churn(fault.__name__, seed)
    fault(churn)
    for _ in range(HEALING_SECONDS):
        churn.ring.run(1)
        if not churn.wrong():
            break
    churn.ring.run(SETTLING_SECONDS)
    assert churn.wrong() == []
    assert churn.falls == []


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
        churn.lose_power(churn.ring.hosts[name])
    churn.ring.run(40)
    for name in dead:
        assert truth.stands(name, "confirmed", churn.ring.up) == []
    assert churn.wrong() == []
    assert {line.split()[2] for line in churn.stage.accusations["confirmed"]} == set(dead)


@pytest.mark.parametrize("seed", range(8))
def test_a_loss_of_ten_percent_confirms_nobody(seed):
    ring = Ring(8, seed)
    stage = Stage(ring)
    ring.network.conditions.loss = 0.1
    ring.start()
    ring.run(60)
    assert stage.accusations["confirmed"] == []


def test_the_checks_of_this_file_can_fail():
    churn = Churn("checks", 0)
    churn.ring.isolate("m2")
    churn.ring.run(20)
    assert len(churn.wrong()) > 1
    own = truth.table(churn.ring.hosts["m0"]).membership(member_id("m0"))
    churn._note(churn.ring.hosts["m0"], own)
    churn._note(churn.ring.hosts["m0"], Membership(own.id, own.name, own.address, 0))
    assert churn.falls == [("m0", "m0", own.incarnation, 0)]
