"""Does what is true of five hosts hold for hundreds, and for a thousand?"""

import pytest

from habactors.simulator import Ring, truth
from habactors.simulator.stage import Stage
from tests.bench.simulator import BUDGET_SECONDS, acquainted, measure


def test_a_hundred_hosts_start_at_once_and_know_each_other_after_one_round_of_digests():
    ring = Ring(100, 1, sealed=False)
    ring.start()
    ring.run(12)
    assert truth.all_alive(ring) == []
    assert truth.one_truth(ring) == []


def test_one_dead_among_a_hundred_is_found_by_all():
    ring = acquainted(100, 2)
    stage = Stage(ring)
    ring.hosts["m50"].lose_power()
    ring.run(10)
    assert {line.split()[2] for line in stage.accusations["suspect"]} == {"m50"}
    ring.run(25)
    assert truth.stands("m50", "confirmed@2", ring.up) == []
    assert truth.one_truth(ring) == []


def test_an_idle_host_is_idle():
    ring = acquainted(60, 3)
    noted = ring.agenda.noted
    ring.run(60)
    events = (ring.agenda.noted - noted) / 60 / 60
    assert events < 6, "a ping, an answer, their alarms, and now and then a digest"


@pytest.mark.soak
def test_a_thousand_idle_hosts_cost_a_tenth_of_a_second():
    seconds, _ = measure(acquainted(1_000, 4), 20)
    assert seconds < BUDGET_SECONDS
