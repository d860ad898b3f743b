"""Is everybody's turn fair?"""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.roles.rotation import Rotation

seeds = st.integers(0, 2**32)


def rotation_of(count, seed):
    rotation = Rotation(Random(seed))
    for number in range(count):
        rotation.add(f"m{number}")
    return rotation


@given(st.integers(1, 12), seeds)
def test_in_each_round_everybody_has_one_turn(count, seed):
    rotation = rotation_of(count, seed)
    everybody = sorted(f"m{number}" for number in range(count))
    for _ in range(5):
        assert sorted(rotation.next() for _ in range(count)) == everybody


def test_no_round_is_like_all_others():
    rotation = rotation_of(6, seed=1)
    rounds = {tuple(rotation.next() for _ in range(6)) for _ in range(10)}
    assert len(rounds) > 5


@given(st.integers(2, 13), seeds)
def test_between_two_turns_lie_at_most_two_rounds_less_one(ring, seed):
    others = ring - 1
    rotation = rotation_of(others, seed)
    last = dict.fromkeys((f"m{number}" for number in range(others)), 0)
    for turn in range(1, 12 * others):
        last[rotation.next()] = turn
        assert turn - min(last.values()) < 2 * others
    assert len(rotation) == others


@given(st.integers(1, 8), st.lists(st.integers(1, 40), max_size=8), seeds)
def test_newcomers_delay_nobody_beyond_the_bound_of_the_grown_ring(count, joins, seed):
    rotation = rotation_of(count, seed)
    last = dict.fromkeys((f"m{number}" for number in range(count)), 0)
    for turn in range(1, 80):
        for number, joins_at in enumerate(joins):
            if joins_at == turn:
                rotation.add(f"new{number}")
                last[f"new{number}"] = turn - 1
        last[rotation.next()] = turn
        assert turn - min(last.values()) < 2 * (count + len(joins))


@given(st.integers(2, 8), st.integers(0, 20), st.data(), seeds)
def test_whoever_is_removed_has_no_turn_and_costs_nobody_theirs(count, before, data, seed):
    rotation, twin = rotation_of(count, seed), rotation_of(count, seed)
    for _ in range(before):
        assert rotation.next() == twin.next()
    gone = data.draw(st.sampled_from([f"m{number}" for number in range(count)]))
    rotation.remove(gone)
    left_of_round = -before % count
    rest = [twin.next() for _ in range(left_of_round)]
    assert [rotation.next() for name in rest if name != gone] == [
        name for name in rest if name != gone
    ]
    assert gone not in [rotation.next() for _ in range(3 * count)]


def test_nobody_is_next_when_nobody_is_there():
    rotation = Rotation(Random(1))
    assert rotation.next() is None
    rotation.add("ada")
    assert rotation.next() == "ada"
    rotation.remove("ada")
    assert rotation.next() is None
    assert len(rotation) == 0


def test_a_stranger_cannot_be_removed():
    with pytest.raises(ValueError, match="not in list"):
        Rotation(Random(1)).remove("ada")


def test_newcomers_are_not_always_last():
    places = set()
    for seed in range(30):
        rotation = rotation_of(5, seed)
        rotation.add("new")
        places.add([rotation.next() for _ in range(6)].index("new"))
    assert places == set(range(6))
