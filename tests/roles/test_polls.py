"""Who may vote, and are there enough of them?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.electorate import ELECTORATE_MAX, Electorate
from habactors.protocol.health import Health
from habactors.roles.polls import GONE_SECONDS, Polls
from tests.roles.electing import group_view, member_view, voters
from tests.roles.stage import NOW

ABC = ("ada", "bob", "cyd")
FIVE = (*ABC, "dan", "eve")
LONG = GONE_SECONDS + 0.001


class Census:
    """What the polls are shown, and when."""

    def __init__(self, *serving, minimum=3):
        self.polls = Polls(minimum)
        self.now = NOW
        self.serving = list(serving)
        self.healths = {}
        self.idle = []
        self.show()

    def show(self, seconds=0.0, **healths):
        self.now += seconds
        self.healths |= healths
        names = sorted({*self.serving, *self.idle, *self.healths})
        members = {one: member_view(one, self.healths.get(one, Health.ALIVE)) for one in names}
        self.polls.see(group_view(self.serving, self.healths), members, self.now)
        return self

    def lose(self, *names, health=Health.CONFIRMED):
        return self.show(**dict.fromkeys(names, health))

    def depart(self, *names):
        return self.lose(*names, health=Health.DEPARTED)

    def unload(self, *names):
        self.serving = [name for name in self.serving if name not in names]
        self.idle += names
        return self.show()

    def join(self, *names):
        self.serving += names
        return self.show()

    def wait(self, seconds=LONG):
        self.now += seconds
        return self

    def poll(self, electorate=Electorate()):  # noqa: B008 - it is frozen
        return self.polls.poll(electorate)

    def change(self, electorate, me="ada"):
        return self.polls.change(electorate, me, self.now)


def settled(census, electorate, me="ada"):
    """The electorate after all changes, each of which differs by one member."""
    for _ in range(20):
        fresh = census.change(electorate, me)
        if fresh is None:
            return electorate
        assert fresh.version == (electorate.term, electorate.serial + 1)
        assert len({*fresh.members} ^ {*electorate.members}) == 1
        assert list(fresh.members) == sorted(fresh.members)
        electorate = fresh
    raise AssertionError("it never settles")


# The first election


def test_before_the_first_leader_all_who_are_known_must_take_part():
    poll = Census(*ABC, "dan").poll()
    assert poll.electorate == voters(*ABC, "dan")
    assert (poll.alive, poll.known, poll.quorum, poll.is_quorate) == (4, 4, 4, True)


def test_before_the_first_leader_one_who_is_gone_is_one_too_many():
    poll = Census(*ABC, "dan").lose("dan").poll()
    assert (poll.alive, poll.quorum, poll.is_quorate) == (3, 4, False)


def test_before_the_first_leader_the_departed_are_not_asked():
    poll = Census(*ABC, "dan").depart("dan").poll()
    assert (poll.electorate.members, poll.is_quorate) == (ABC, True)


def test_whoever_is_suspected_still_counts():
    assert Census(*ABC).lose("cyd", health=Health.SUSPECT).poll().is_quorate


def test_only_those_who_serve_take_part_in_the_first_election():
    census = Census(*ABC)
    census.idle = ["dan"]
    assert census.show().poll().electorate.members == ABC


def test_a_group_that_grows_has_not_settled():
    census = Census(*ABC)
    assert census.polls.settled_since == NOW
    census.show(seconds=3)
    assert census.polls.settled_since == NOW
    census.wait(1).join("dan")
    assert census.polls.settled_since == NOW + 4


# Quorum


@pytest.mark.parametrize(("size", "majority"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4)])
def test_a_majority_is_more_than_half(size, majority):
    names = (*FIVE, "fay")[:size]
    poll = Census(*names).poll(voters(*names, term=1))
    assert (poll.quorum, poll.known) == (majority, size)


def test_of_an_even_electorate_half_is_too_few():
    census = Census(*ABC, "dan").lose("cyd", "dan")
    assert not census.poll(voters(*ABC, "dan", term=1)).is_quorate


def test_who_serves_no_more_but_can_be_reached_still_has_its_vote():
    census = Census(*ABC).unload("bob", "cyd")
    poll = census.poll(voters(*ABC, term=1))
    assert (poll.alive, poll.is_quorate) == (3, True)
    assert not census.polls.is_alive("bob")
    assert census.polls.missing(voters(*ABC, term=1)) == []


def test_who_is_missing_is_named():
    census = Census(*ABC).lose("bob", "cyd")
    assert census.polls.missing(voters(*ABC, "zoe", term=1)) == ["bob", "cyd", "zoe"]


# Changes


def test_newcomers_get_the_vote_one_by_one():
    census = Census(*FIVE)
    once = census.change(voters(*ABC, term=1))
    assert once == voters(*ABC, "dan", term=1, serial=1)
    assert settled(census, once) == voters(*FIVE, term=1, serial=2)


def test_nothing_changes_as_long_as_all_are_there():
    census = Census(*ABC)
    assert census.change(voters(*ABC, term=1)) is None
    assert census.polls.next_change(voters(*ABC, term=1), NOW) is None


def test_dead_newcomers_get_no_vote():
    assert Census(*ABC, "dan").lose("dan").change(voters(*ABC, term=1)) is None


def test_who_is_gone_for_long_loses_its_vote_while_enough_remain():
    census = Census(*FIVE).lose("dan", "eve")
    assert census.change(voters(*FIVE, term=1)) is None
    assert census.polls.next_change(voters(*FIVE, term=1), census.now) == NOW + GONE_SECONDS
    assert settled(census.wait(), voters(*FIVE, term=1)).members == ABC


def test_never_fewer_than_the_minimum_remain():
    census = Census(*FIVE).lose("cyd", "dan", "eve").wait()
    assert settled(census, voters(*FIVE, term=1)).members == ("ada", "bob", "eve")
    assert settled(census, voters(*ABC, term=1)).members == ABC


def test_who_comes_back_in_time_keeps_its_vote():
    census = Census(*FIVE).lose("eve").wait(GONE_SECONDS - 1).show(eve=Health.ALIVE)
    census.wait(1).lose("eve").wait(GONE_SECONDS - 1)
    assert census.change(voters(*FIVE, term=1)) is None


def test_who_departed_loses_its_vote_at_once():
    census = Census(*FIVE).depart("eve")
    assert settled(census, voters(*FIVE, term=1)).members == (*ABC, "dan")


def test_who_serves_no_more_loses_its_vote_after_a_while():
    census = Census(*FIVE).unload("eve")
    assert census.change(voters(*FIVE, term=1)) is None
    assert settled(census.wait(), voters(*FIVE, term=1)).members == (*ABC, "dan")


def test_nobody_takes_its_own_vote_away():
    census = Census(*FIVE).unload("ada").wait()
    census.change(voters(*FIVE, term=1))
    assert settled(census.wait(), voters(*FIVE, term=1)).members == FIVE


def test_a_newcomer_takes_the_place_of_a_dead_member():
    census = Census(*ABC).lose("cyd").wait().join("dan")
    assert settled(census, voters(*ABC, term=1)).members == ("ada", "bob", "dan")


def test_an_electorate_has_a_largest_size():
    names = [f"m{number:03}" for number in range(ELECTORATE_MAX + 5)]
    census = Census(*names)
    assert len(census.poll().electorate.members) == ELECTORATE_MAX
    full = voters(*names[:ELECTORATE_MAX], term=1)
    assert census.change(full) is None


def test_all_members_are_replaced_by_others_one_by_one_and_there_is_always_a_quorum():
    census, electorate = Census(*ABC), voters(*ABC, term=1)
    for old, new, leader in (("ada", "dan", "bob"), ("bob", "eve", "cyd"), ("cyd", "fay", "dan")):
        census.lose(old).wait()
        assert census.poll(electorate).is_quorate
        census.join(new)
        electorate = settled(census, electorate, me=leader)
        assert census.poll(electorate).is_quorate
    assert electorate.members == ("dan", "eve", "fay")


# Who departed


def test_the_departed_count_as_long_as_there_are_enough_without_them():
    poll = Census(*ABC).depart("cyd").poll(voters(*ABC, term=1))
    assert (poll.electorate.members, poll.alive, poll.quorum) == (ABC, 2, 2)


def test_the_departed_count_no_more_when_nobody_could_win_with_them():
    census = Census(*FIVE).depart("dan", "eve").lose("cyd")
    poll = census.poll(voters(*FIVE, term=1))
    assert (poll.electorate, poll.quorum) == (voters(*ABC, term=1), 2)
    assert poll.is_quorate


def test_the_dead_count_although_others_have_departed():
    census = Census(*FIVE).lose("bob", "cyd").depart("dan", "eve")
    assert not census.poll(voters(*FIVE, term=1)).is_quorate


def test_too_few_who_are_left_are_joined_by_others_and_then_all_are_needed():
    census = Census(*FIVE).depart("bob", "cyd")
    poll = census.poll(voters(*ABC, term=4, serial=2))
    assert poll.electorate == voters("ada", "dan", "eve", term=4, serial=2)
    assert (poll.alive, poll.quorum) == (3, 3)


def test_no_half_of_a_ring_fills_up_what_is_left_without_the_other():
    """Ada alone is left of the last electorate: whoever cannot reach it cannot elect anybody."""
    agreed = voters(*ABC, term=4)
    with_ada = Census("ada", "bob", "cyd", "dan", "eve", "fay", "gus").depart("bob", "cyd")
    assert with_ada.lose("fay", "gus").poll(agreed).is_quorate
    without = Census("ada", "bob", "cyd", "dan", "eve", "fay", "gus").depart("bob", "cyd")
    poll = without.lose("ada", "dan", "eve").poll(agreed)
    assert "ada" in poll.electorate.members
    assert not poll.is_quorate


def test_where_all_have_departed_those_who_serve_begin_anew():
    census = Census(*ABC).depart(*ABC).join("dan", "eve", "fay")
    poll = census.poll(voters(*ABC, term=4))
    assert poll.electorate == voters("dan", "eve", "fay", term=4)
    assert (poll.quorum, poll.is_quorate) == (3, True)
    assert not census.lose("fay").poll(voters(*ABC, term=4)).is_quorate


# Whatever happens

members = st.sampled_from((*FIVE, "fay", "gus"))
happenings = st.lists(
    st.tuples(st.sampled_from(("join", "lose", "back", "depart", "unload", "wait")), members),
    max_size=20,
)


@given(happenings)
def test_any_majority_before_a_change_meets_any_majority_after_it(happenings):
    census, electorate = Census(*ABC), voters(*ABC, term=1)
    for what, name in happenings:
        match what:
            case "join" if name not in census.serving:
                census.join(name)
            case "lose" | "depart":
                getattr(census, what)(name)
            case "back":
                census.show(**{name: Health.ALIVE})
            case "unload" if name in census.serving:
                census.unload(name)
            case "wait":
                census.wait()
        before, electorate = electorate, census.change(electorate) or electorate
        together = len({*before.members} | {*electorate.members})
        assert before.majority + electorate.majority > together
        assert len(electorate.members) >= 3
        assert "ada" in electorate.members
        poll = census.poll(electorate)
        assert poll.is_quorate == (poll.alive >= poll.quorum)
