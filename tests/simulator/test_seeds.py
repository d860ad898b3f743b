"""Does a ring come together whose seeds greet each other, so that nobody is its first node?"""

import pytest

from habactors.simulator import truth
from habactors.simulator.ring import Ring
from habactors.simulator.stage import Stage


def together(count, seed):
    """A ring of two seeds after twenty seconds, and who was suspected meanwhile."""
    ring = Ring(count, seed, peers=["m0", "m1"])
    stage = Stage(ring)
    ring.start()
    ring.run(20)
    return ring, stage.accusations["suspect"]


@pytest.mark.parametrize("count", [2, 3, 8])
def test_seeds_that_greet_each_other_come_to_one_ring(count):
    for seed in range(5):
        ring, _ = together(count, seed)
        assert truth.all_alive(ring) == []
        assert len({host.wire.role.ring for host in ring.up}) == 1
        assert all(host.wire.role.ring for host in ring.up)


def test_seeds_that_greet_each_other_suspect_nobody():
    for seed in range(10):
        assert together(8, seed)[1] == []
