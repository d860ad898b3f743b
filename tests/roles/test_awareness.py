"""How well is this node itself? The score, and what a detector makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import DetectorConfig
from habactors.protocol.commands import LocalHealth, ReadHealth
from habactors.protocol.health import Health
from habactors.protocol.news import News, Snapshot
from habactors.protocol.probes import Nack, Ping, PingRequest
from habactors.protocol.transport import LinkLost, Probed, Watch
from habactors.roles.awareness import Awareness
from tests.roles.detecting import (
    EPOCH,
    PERIOD,
    STEADY,
    TIMEOUT,
    Newsroom,
    accusations,
    answer,
    answer_all,
    names,
    next_ping,
    ring_of,
)
from tests.roles.stage import DETECTION, known, member


@given(st.integers(0, 9), st.lists(st.integers(0, 5) | st.none(), max_size=40))
def test_the_score_never_leaves_its_bounds(score_max, signs):
    awareness = Awareness(score_max)
    for sign in signs:
        before = awareness.score
        if sign is None:
            awareness.improve()
            assert awareness.score in (before - 1, 0)
        else:
            awareness.worsen(sign)
            assert awareness.score == min(score_max, before + sign)
        assert 0 <= awareness.score <= score_max
        assert awareness.factor == awareness.score + 1


def test_a_maximum_of_nothing_switches_it_off():
    awareness = Awareness(0)
    awareness.worsen(5)
    assert awareness.factor == 1


# What makes it worse, what better


def scored(score, *members, settings=DETECTION):
    """A detector with that score, before its first turn."""
    stage = ring_of(*members, settings=settings)
    stage.role.awareness.score = score
    return stage


def test_a_probe_that_is_answered_makes_it_better():
    stage = scored(2, *map(member, names(4)))
    answer(stage, *next_ping(stage))
    assert stage.role.awareness.score == 1


def test_a_helper_that_says_nothing_at_all_is_a_sign_and_one_that_says_no_is_none():
    stage = scored(1, *map(member, names(4)))
    _, ping = next_ping(stage)
    stage.wait(2 * TIMEOUT)
    requests = stage.take_all(PingRequest)
    assert len(requests) == 3
    for helper, request in requests[:1]:
        stage.hear(Probed(helper, Nack(request.sequence, request.target)))
    while not accusations(stage, Health.SUSPECT, ping.target):
        stage.wake()
    assert stage.role.awareness.score == 1 + 2


def test_when_all_helpers_say_no_the_fault_is_the_members():
    stage = scored(1, *map(member, names(4)))
    _, ping = next_ping(stage)
    while not accusations(stage, Health.SUSPECT, ping.target):
        stage.wake()
        answer_all(stage, ping.target)
        if stage.role.awareness.score == 0:  # others were probed in between
            break
    assert stage.role.awareness.score <= 1


def test_a_failure_without_anybody_to_ask_is_one_sign():
    stage = scored(0, member("bob"))
    next_ping(stage)
    stage.wait(PERIOD)
    assert stage.role.awareness.score == 1


def test_a_refusal_says_nothing_about_this_node():
    stage = scored(1, member("bob"))
    next_ping(stage)
    stage.hear(LinkLost("bob:9638", refused=True)).wait(PERIOD / 2)
    assert stage.role.awareness.score == 1


def test_the_silence_of_the_dead_is_nobodys_fault():
    stage = ring_of(member("bob", health=Health.CONFIRMED, permanent=True, by="eve"))
    stage.wait(20 * PERIOD)
    assert stage.role.awareness.score == 0


def test_having_to_refute_is_a_sign():
    stage = ring_of(member("bob"))
    Newsroom(stage).tell(member("ada", 2))
    assert stage.role.awareness.score == 1


def test_a_new_incarnation_with_a_new_life_of_the_disseminator_is_none():
    stage = ring_of(member("bob"))
    stage.hear(Snapshot(EPOCH + 1, 0, known(member("ada", 2), member("bob"))))
    assert stage.role.awareness.score == 0
    stage.hear(News(EPOCH + 1, 1, known(member("ada", 3))))
    assert stage.role.awareness.score == 1


@pytest.mark.parametrize(
    ("late_timeouts", "signs"), [(0.0, 0), (0.4, 0), (0.6, 1), (1.1, 1), (50, 1)]
)
def test_being_late_for_its_own_deadlines_is_a_sign(late_timeouts, signs):
    stage = ring_of(*map(member, names(4)))
    due = stage.role.out.wake - stage.now
    stage.wake_late(due + late_timeouts * TIMEOUT)
    assert stage.role.awareness.score == signs


# What it does


@pytest.mark.parametrize("score", [0, 1, 3, 8])
def test_periods_and_timeouts_of_a_slow_node_are_longer(score):
    stage = scored(score, *map(member, names(6)))
    _, ping = next_ping(stage)
    began, factor = stage.now, score + 1
    stage.wait(TIMEOUT * factor - 0.001)
    assert stage.take_all(PingRequest) == []
    stage.wait(0.002)
    assert len(stage.take_all(PingRequest)) == DETECTION.helpers
    stage.wait(began + PERIOD * factor - stage.now - 0.001)
    assert accusations(stage, Health.SUSPECT, ping.target) == []
    assert stage.take_all(Ping) == []
    stage.wait(0.002)
    assert len(accusations(stage, Health.SUSPECT, ping.target)) == 1
    assert stage.now == pytest.approx(began + PERIOD * factor, abs=0.01)


def test_a_node_that_can_reach_nobody_is_as_slow_as_the_limit_allows_and_recovers():
    settings = DetectorConfig(local_health_max=3)
    stage = ring_of(*map(member, names(6)), settings=settings)
    stage.wait(60)
    assert stage.role.awareness.score == 3
    stage.drop()
    for _ in range(8):
        answer(stage, *next_ping(stage))
    assert stage.role.awareness.score == 0


def test_a_node_without_local_health_keeps_its_period():
    stage = ring_of(*map(member, names(6)), settings=STEADY)
    stage.wait(20 * PERIOD)
    assert len(stage.take_all(Ping)) == pytest.approx(20, abs=1)


def test_the_score_is_told_when_it_changes_and_when_it_is_asked_for():
    stage = ring_of(member("bob"), ignoring=(Watch,))
    assert stage.take_all(LocalHealth) == []
    next_ping(stage)
    stage.wait(PERIOD)
    assert stage.take(LocalHealth).score == 1
    assert stage.hear(ReadHealth()).take(LocalHealth).score == 1
