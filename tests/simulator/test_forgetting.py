"""Does a ring forget whom it has lost? Hosts come and go for ever, and memory stays as it is."""

import gc
from types import FunctionType, ModuleType

import pytest

from habactors.config import DisseminatorConfig
from habactors.simulator import truth
from habactors.simulator.cast import cast_of
from habactors.simulator.ring import Ring

HOSTS = 8


def weight(role):
    """How many things a role holds on to, whatever they are."""
    known, waiting = {id(role)}, [role]
    while waiting:
        for found in gc.get_referents(waiting.pop()):
            if id(found) not in known and not isinstance(found, type | ModuleType | FunctionType):
                known.add(id(found))
                waiting.append(found)
    return len(known)


class Turnover:
    """A ring in which every second some host is lost for ever and another one comes."""

    def __init__(self, lifetime_seconds):
        settings = DisseminatorConfig(tombstone_seconds=lifetime_seconds)
        self.ring = Ring(HOSTS, 1, cast=cast_of(disseminator=settings), sealed=False)
        self.ring.start()
        self.ring.run(20)
        self.host = self.ring.hosts["m0"]

    def replace(self, count):
        for _ in range(count):
            oldest = next(host for host in self.ring.up if host is not self.host)
            self.ring.replace(oldest.name, elsewhere=True)
            self.ring.forget(oldest.name)
            self.ring.run(1)

    def sizes(self):
        """What the host that was there all the time holds, by what holds it."""
        host = self.host
        return {
            "table": len(truth.table(host)),
            "records": sum(len(store.records) for store in host.stores.values()),
            **{name: weight(actor.role) for name, actor in host.actors.items()},
        }

    def most(self, count, looks):
        """The most that anything holds while so many hosts are replaced."""
        seen = []
        for _ in range(looks):
            self.replace(count // looks)
            seen.append(self.sizes())
        return {name: max(sizes[name] for sizes in seen) for name in seen[0]}


def grown(before, after, share):
    """What has become more by more than a share."""
    return [name for name in before if after[name] > before[name] * (1 + share)]


def test_who_was_lost_for_long_is_forgotten():
    turnover = Turnover(lifetime_seconds=20)
    before = turnover.most(80, 8)
    after = turnover.most(80, 8)
    assert grown(before, after, 0.25) == []
    assert before["table"] < HOSTS + 2 * 20
    turnover.ring.run(60)
    assert len(truth.table(turnover.host)) == HOSTS
    assert truth.one_truth(turnover.ring) == []


def test_what_is_not_forgotten_is_seen():
    turnover = Turnover(lifetime_seconds=86_400)
    before = turnover.most(40, 4)
    after = turnover.most(40, 4)
    roles = ["disseminator", "detector", "census", "election"]
    assert grown(before, after, 0.25) == ["table", "records", *roles]


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_ten_thousand_hosts_come_and_go_and_memory_stays_as_it_is():
    turnover = Turnover(lifetime_seconds=60)
    turnover.replace(200)
    before = turnover.most(800, 40)
    turnover.replace(8_000)
    after = turnover.most(1_000, 40)
    assert grown(before, after, 0.15) == []
