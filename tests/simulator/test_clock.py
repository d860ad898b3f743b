"""What does a role make of a clock that is wrong?"""

import pytest

from habactors.protocol.lifecycle import Start, Wake
from habactors.protocol.news import Leave
from habactors.simulator.agenda import DAWN
from habactors.simulator.ring import Ring
from tests.simulator.test_host import Scribe


class Timed(Scribe):
    """Notes what time it is when it hears something, and wakes up each second."""

    NAME = "disseminator"

    def hear(self, message, now):
        self.heard.append((type(message), round(now - DAWN, 6)))
        if isinstance(message, Start | Wake):
            self.wake_at(now + 1)


class Lone:
    """A host that notes its times."""

    def __init__(self):
        self.ring = Ring(1, 1, cast={"disseminator": Timed})
        self.ring.start()
        self.host = self.ring.hosts["m0"]

    def wakes(self):
        return [time for kind, time in self.host.role("disseminator").heard if kind is Wake]

    def hears_now(self):
        self.host.tell("root", Leave())
        self.ring.run(0.001)
        return self.host.role("disseminator").heard[-1][1]


@pytest.fixture
def lone():
    made = Lone()
    made.ring.run(2.5)
    assert made.wakes() == [1, 2]
    return made


def test_a_jump_forward_brings_forward_what_is_to_come(lone):
    lone.host.set_clock(jump_seconds=100)
    lone.ring.run(0)
    assert lone.wakes()[2:] == [102.5]
    lone.ring.run(1.1)
    assert lone.wakes()[3:] == [103.5]


def test_a_jump_back_makes_the_clock_stand_still_for_as_long(lone):
    lone.host.set_clock(jump_seconds=-10)
    assert lone.hears_now() == 2.5
    lone.ring.run(5)
    assert lone.hears_now() == 2.5
    lone.ring.run(5.6)
    assert lone.wakes()[2:] == [3]
    assert lone.hears_now() > 3


def test_a_jump_back_shows_when_the_node_starts_again(lone):
    lone.host.set_clock(jump_seconds=-10)
    lone.host.stop()
    lone.ring.start(["m0"])
    assert lone.hears_now() == pytest.approx(-7.5, abs=0.01)


@pytest.mark.parametrize(("rate", "wakes"), [(1.01, 13), (0.99, 12)])
def test_a_clock_that_drifts_wakes_its_roles_accordingly(lone, rate, wakes):
    lone.host.set_clock(rate=rate)
    lone.ring.run(9.45)
    assert lone.wakes() == list(range(1, wakes))
    assert lone.hears_now() == pytest.approx(2.5 + 9.45 * rate, abs=0.01)


def test_a_clock_that_is_wrong_never_runs_backwards(lone):
    times = []
    for jump in (5, -7, 3, -1, -1, 20, -30):
        lone.host.set_clock(jump_seconds=jump, rate=0.9)
        times.append(lone.hears_now())
        lone.ring.run(0.7)
    assert times == sorted(times)


def test_every_alarm_of_a_clock_that_drifts_is_heard_when_it_is_due():
    made = Ring(1, 1, cast={"disseminator": Timed})
    made.start()
    made.hosts["m0"].set_clock(rate=1 / 3)
    made.run(600)
    wakes = [time for kind, time in made.hosts["m0"].role("disseminator").heard if kind is Wake]
    assert wakes == pytest.approx(range(1, len(wakes) + 1))
    assert len(wakes) in {199, 200}
