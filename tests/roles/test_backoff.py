"""Does the pause after a death grow, stay within its bounds, and become short again?"""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import ServicesConfig
from habactors.roles.backoff import STEADY_SECONDS, Backoff

SETTINGS = ServicesConfig(backoff_min_seconds=0.5, backoff_max_seconds=6.0)


@pytest.fixture
def backoff():
    return Backoff(SETTINGS, Random(1))


def test_it_doubles_up_to_the_most(backoff):
    pauses = [backoff.pause_seconds(0.0) for _ in range(6)]
    for pause, least in zip(pauses, [0.5, 1.0, 2.0, 4.0, 6.0, 6.0], strict=True):
        assert least <= pause <= least * 1.1


def test_a_steady_life_costs_no_pause_and_makes_the_next_one_short(backoff):
    for _ in range(4):
        backoff.pause_seconds(STEADY_SECONDS - 0.1)
    assert backoff.pause_seconds(STEADY_SECONDS) == 0.0
    assert backoff.pause_seconds(0.0) < 0.6


def test_it_is_short_again_after_a_reset(backoff):
    for _ in range(4):
        backoff.pause_seconds(0.0)
    backoff.reset()
    assert backoff.pause_seconds(0.0) < 0.6


def test_those_who_die_together_do_not_return_together():
    pauses = {Backoff(SETTINGS, Random(seed)).pause_seconds(0.0) for seed in range(20)}
    assert len(pauses) == 20


def test_the_same_luck_makes_the_same_pauses():
    one, other = (Backoff(SETTINGS, Random(7)) for _ in range(2))
    assert [one.pause_seconds(0.0) for _ in range(9)] == [
        other.pause_seconds(0.0) for _ in range(9)
    ]


@given(st.lists(st.floats(0.0, 20.0), max_size=200))
def test_it_is_never_outside_its_bounds(lives):
    backoff = Backoff(SETTINGS, Random(2))
    for lived_seconds in lives:
        pause = backoff.pause_seconds(lived_seconds)
        assert pause == 0.0 or 0.5 <= pause <= 6.6
        assert (pause == 0.0) == (lived_seconds >= STEADY_SECONDS)


def test_a_crash_loop_of_years_overflows_nothing(backoff):
    for _ in range(5_000):
        assert backoff.pause_seconds(0.0) <= 6.6
