"""Which rumors are still told, to how many, and in which order?"""

from math import ceil, log

from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.heat import SENDS_FACTOR, SENDS_FLOOR, Heat, budget
from habactors.protocol.rumors import Config, Departure, Membership, Service
from habactors.protocol.table import size
from tests import strategies

WIDE = 1_000_000


def member(name):
    return Membership(name, name, f"{name}:1", 1)


def heat_of(rumors):
    heat = Heat()
    for rumor in rumors:
        heat.kindle(rumor)
    return heat


def take_all(heat, *, sends=1, sends_max=1):
    return heat.take(sends, sends_max, WIDE, WIDE)


def test_the_budget_grows_with_the_logarithm_of_the_ring_and_has_a_floor():
    assert [budget(members) for members in (1, 2, 16, 32)] == [SENDS_FLOOR] * 4
    assert budget(1_000) == SENDS_FACTOR * ceil(log(1_001)) == 21


@given(st.lists(strategies.memberships, max_size=8), st.integers(1, 5), st.integers(1, 30))
def test_a_rumor_is_told_its_budget_and_at_most_one_batch_more(rumors, sends, sends_max):
    heat = heat_of(rumors)
    told = dict.fromkeys((rumor.key for rumor in rumors), 0)
    while heat:
        for rumor in take_all(heat, sends=sends, sends_max=sends_max):
            told[rumor.key] += sends
    assert all(sends_max <= count < sends_max + sends for count in told.values())


@given(st.lists(strategies.rumors, max_size=12))
def test_of_rumors_about_one_thing_only_the_last_kindled_is_told(rumors):
    last = {rumor.key: rumor for rumor in rumors}
    heat = heat_of(rumors)
    assert len(heat) == len(last)
    assert {rumor.key: rumor for rumor in take_all(heat)} == last
    assert not heat


def test_kinds_are_told_by_priority_whatever_is_younger():
    in_order = [
        member("ada"),
        Departure("bob", "ada"),
        Service("ada", "redis.prod", "core/redis", 1),
        Config("redis.prod", 1, b"", "ada"),
    ]
    heat = heat_of([in_order[0]])
    take_all(heat, sends_max=9)
    for rumor in reversed(in_order[1:]):
        heat.kindle(rumor)
    assert take_all(heat) == in_order


def test_within_a_kind_the_least_told_come_first():
    old, young = member("old"), member("young")
    heat = heat_of([old])
    take_all(heat, sends_max=9)
    heat.kindle(young)
    assert take_all(heat, sends_max=9) == [young, old]


def test_a_rumor_kindled_again_is_young_again():
    heat = heat_of([member("ada")])
    take_all(heat, sends=8, sends_max=9)
    heat.kindle(member("ada"))
    take_all(heat, sends=8, sends_max=9)
    assert member("ada").key in heat


@given(
    st.lists(strategies.rumors, min_size=1, max_size=20),
    st.integers(1, 300),
    st.integers(1, 10),
)
def test_a_batch_keeps_its_limits_and_is_never_empty(rumors, bytes_max, count_max):
    heat = heat_of(rumors)
    batch = heat.take(1, 1, bytes_max, count_max)
    assert 1 <= len(batch) <= count_max
    assert len(batch) == 1 or sum(map(size, batch)) <= bytes_max


@given(st.lists(strategies.rumors, min_size=1, max_size=20), st.integers(1, 300))
def test_however_small_the_batches_all_are_told_in_the_end(rumors, bytes_max):
    heat = heat_of(rumors)
    told = []
    while heat:
        told += heat.take(1, 1, bytes_max, 3)
    assert sorted(rumor.key for rumor in told) == sorted({rumor.key for rumor in rumors})


def test_when_all_is_told_nothing_is_left_behind():
    heat = heat_of([member("ada"), member("bob")])
    while heat:
        take_all(heat, sends=3, sends_max=7)
    assert heat._levels == {}


def test_a_batch_may_be_just_as_long_as_it_may():
    one, other = member("ada"), member("bob")
    heat = heat_of([one, other])
    assert heat.take(1, 9, size(one) + size(other), 2) == [one, other]


def test_telling_nobody_cools_nothing():
    heat = heat_of([member("ada")])
    take_all(heat, sends=0)
    assert len(heat) == 1


def test_a_quenched_rumor_is_told_no_more():
    heat = heat_of([member("ada"), member("bob")])
    heat.quench(member("ada"))
    heat.quench(member("cyd"))
    assert take_all(heat) == [member("bob")]


def test_when_nothing_is_hot_there_is_nothing_to_tell():
    assert take_all(Heat()) == []
