"""Which of two rumors wins?"""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.envelope import flaw
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.limits import CONFIG_BYTES_MAX, WHOLE_MAX
from habactors.protocol.rumors import Config, Departure, Membership, Rumor
from tests import strategies

kinds = pytest.mark.parametrize("kind", strategies.ALL_RUMORS, ids=lambda kind: kind.KIND)


def of_one_key(kind, count):
    """So many rumors of a kind, from its whole range, of which all have the same key."""

    def rekeyed(drawn):
        first, *others = drawn
        subject = {name: getattr(first, name) for name in named_after_its_fields(kind).key[1:]}
        return [first, *(msgspec.structs.replace(rumor, **subject) for rumor in others)]

    return st.lists(strategies.valid(kind), min_size=count, max_size=count).map(rekeyed)


def named_after_its_fields(kind):
    """A rumor whose every value is the name of its field: its key tells what it is made of."""
    return kind(**{name: name for name in kind.__struct_fields__})


def winner(one, other):
    return one if one.beats(other) else other


@kinds
@given(st.data())
def test_of_two_different_rumors_exactly_one_wins(kind, data):
    one, other = data.draw(of_one_key(kind, 2))
    assert one.key == other.key
    assert one.beats(other) + other.beats(one) == (one != other)


@kinds
@given(st.data())
def test_precedence_decides_whatever_else_the_rumors_say(kind, data):
    one, other = data.draw(of_one_key(kind, 2))
    if one.precedence != other.precedence:
        assert one.beats(other) == (one.precedence > other.precedence)


def test_a_loud_name_outweighs_no_incarnation():
    loud = Membership("ada", "zzz", "z:9", 1, Health.CONFIRMED)
    quiet = Membership("ada", "aaa", "a:1", 2, Health.ALIVE)
    assert quiet.beats(loud)
    assert not loud.beats(quiet)


@kinds
@given(st.data())
def test_victory_passes_on_from_rumor_to_rumor(kind, data):
    one, two, three = data.draw(of_one_key(kind, 3))
    assert winner(winner(one, two), three) == winner(one, winner(two, three))
    assert winner(one, two) == winner(two, one)
    assert winner(one, one) == one


@kinds
def test_every_kind_has_a_name_a_priority_and_a_key_that_begins_with_its_name(kind):
    assert kind.KIND
    assert named_after_its_fields(kind).key[0] == kind.KIND
    assert kind.PRIORITY < Rumor.PRIORITY


def test_no_two_kinds_share_a_tag_or_a_name():
    kinds = strategies.ALL_RUMORS
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)
    assert len({kind.KIND for kind in kinds}) == len(kinds)


def test_a_higher_incarnation_outweighs_worse_health():
    dead = Membership("ada", "ada", "ada:1", 1, Health.CONFIRMED)
    back = Membership("ada", "ada", "ada:1", 2, Health.ALIVE)
    assert back.beats(dead)
    assert not dead.beats(back)


def test_of_one_incarnation_the_worse_health_wins():
    healths = [
        Membership("ada", "ada", "ada:1", 1, level)
        for level in (Health.ALIVE, Health.SUSPECT, Health.CONFIRMED)
    ]
    assert all(worse.beats(better) for better, worse in pairwise(healths))


def test_suspects_are_reachable_and_the_dead_are_not():
    assert REACHABLE == (Health.ALIVE, Health.SUSPECT)
    assert [health.word for health in Health] == ["alive", "suspect", "confirmed", "departed"]


@given(strategies.any_rumors)
def test_a_rumor_within_the_limits_has_no_flaw(rumor):
    assert flaw(rumor) == ""


@pytest.mark.parametrize(
    "rumor",
    [
        Config("redis.prod", 1, b"x" * (CONFIG_BYTES_MAX + 1), "ada"),
        Config("redis.prod", WHOLE_MAX + 1, b"", "ada"),
        Config("redis.prod", 2**64, b"", "ada"),
        Config("redis.prod\ud800", 1, b"", "ada"),
        Membership("ada", "ada", "ada:1", 1, Health.DEPARTED),
        Departure("", "ada"),
    ],
)
def test_a_rumor_beyond_a_limit_has_a_flaw_in_words(rumor):
    assert flaw(rumor)
