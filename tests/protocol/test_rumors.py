"""What stands when two rumors of one key are said?"""

from functools import reduce
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.envelope import flaw
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.limits import CONFIG_BYTES_MAX, EVIDENCE_MAX, WHOLE_MAX
from habactors.protocol.rumors import Config, Departure, Evidence, Membership, Rumor
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
    return kind(**{name: name for name in kind.__struct_fields__ if name != "evidence"})


@kinds
@given(st.data())
def test_the_join_is_commutative_associative_and_idempotent(kind, data):
    one, two, three = (rumor.joined(rumor) for rumor in data.draw(of_one_key(kind, 3)))
    joined = one.joined(two)
    assert joined == two.joined(one)
    assert joined.joined(three) == one.joined(two.joined(three))
    assert joined.joined(joined) == joined
    assert joined.key == one.key


@kinds
@given(st.data())
def test_precedence_decides_whatever_else_the_rumors_say(kind, data):
    one, other = data.draw(of_one_key(kind, 2))
    if one.precedence != other.precedence:
        assert one.joined(other) == max(one, other, key=lambda rumor: rumor.precedence)


@kinds
@given(st.data())
def test_a_rumor_adds_to_another_exactly_when_the_join_differs_from_it(kind, data):
    one, other = (rumor.joined(rumor) for rumor in data.draw(of_one_key(kind, 2)))
    assert one.adds_to(other) == (one.joined(other) != other)
    assert not one.adds_to(one)


def test_a_loud_name_outweighs_no_incarnation():
    loud = Membership("ada", "zzz", "z:9", 1, Health.CONFIRMED)
    quiet = Membership("ada", "aaa", "a:1", 2, Health.ALIVE)
    assert quiet.joined(loud) == loud.joined(quiet) == quiet


def suspected(*evidence, incarnation=1):
    return Membership("ada", "ada", "ada:1", incarnation, Health.SUSPECT, evidence=evidence)


def test_the_evidence_of_several_observers_adds_up():
    by_bob, by_cyd = Evidence("bob", 5, False, "silent"), Evidence("cyd", 6, True, "refused")
    both = suspected(by_cyd).joined(suspected(by_bob))
    assert both == suspected(by_bob, by_cyd)
    assert (both.accusers, both.refusals, both.why) == (("bob", "cyd"), 1, "silent; refused")


def test_the_evidence_of_a_former_incarnation_counts_no_more():
    former, latter = Evidence("bob", 5, False, "silent"), Evidence("cyd", 6, False, "silent")
    assert suspected(former).joined(suspected(latter, incarnation=2)).accusers == ("cyd",)


def test_of_one_accuser_the_latest_evidence_counts():
    first, second = Evidence("bob", 5, False, "silent"), Evidence("bob", 6, True, "refused")
    assert suspected(first).joined(suspected(second)).evidence == (second,)


def test_of_too_many_accusers_the_same_few_remain_in_any_order():
    pieces = [suspected(Evidence(f"m{number}", 5, False, "silent")) for number in range(9)]
    forth, back = reduce(Membership.joined, pieces), reduce(Membership.joined, pieces[::-1])
    assert forth == back
    assert len(forth.evidence) == EVIDENCE_MAX


def test_who_says_itself_that_it_goes_has_left():
    farewell = (Evidence("ada", 5, False, "left"),)
    own = Membership("ada", "ada", "ada:1", 1, Health.CONFIRMED, evidence=farewell)
    found = Membership("ada", "ada", "ada:1", 1, Health.CONFIRMED, evidence=())
    assert own.left
    assert own.is_gone
    assert found.is_gone
    assert not found.left


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
    assert back.joined(dead) == dead.joined(back) == back


def test_of_one_incarnation_the_worse_health_wins():
    healths = [
        Membership("ada", "ada", "ada:1", 1, level)
        for level in (Health.ALIVE, Health.SUSPECT, Health.CONFIRMED)
    ]
    assert all(worse.joined(better) == worse for better, worse in pairwise(healths))


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
