"""Whom does a member keep a link to?"""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import DetectorConfig
from habactors.protocol.commands import LocalHealth
from habactors.protocol.health import Health
from habactors.protocol.limits import WATCHED_MAX
from habactors.protocol.probes import Ping
from habactors.protocol.rumors import Departure, Membership
from habactors.protocol.transport import LinkLost, Watch, WireStarted
from habactors.roles.watching import Circle
from tests.roles.detecting import Newsroom, names, ring_of, suspect
from tests.roles.stage import DETECTION, member

ids = st.sets(st.text(min_size=1, max_size=8), max_size=20).map(sorted)
watchers = st.integers(0, 5)


def circle_of(members):
    circle = Circle()
    for name in members:
        circle.add(name)
    return circle


def watched_by(members, count):
    """Whom each of these members watches, as each of them works it out by itself."""
    return {
        name: circle_of(one for one in members if one != name).after(name, count)
        for name in members
    }


@given(ids, watchers)
def test_every_member_is_watched_by_just_so_many_others(members, count):
    links = watched_by(members, count)
    expected = min(count, max(0, len(members) - 1))
    watching = Counter(other for others in links.values() for other in others)
    assert all(watching[name] == expected for name in members)
    for name, others in links.items():
        assert len(set(others)) == expected
        assert name not in others


@given(ids, watchers, st.randoms(use_true_random=False))
def test_the_circle_is_the_same_in_whatever_order_its_members_came(members, count, rng):
    shuffled = rng.sample(members, len(members))
    for name in members:
        assert circle_of(members).after(name, count) == circle_of(shuffled).after(name, count)


@given(ids.filter(lambda members: len(members) > 1), watchers, st.data())
def test_when_one_member_comes_or_goes_only_its_neighbours_change_a_link(members, count, data):
    newcomer = data.draw(st.sampled_from(members))
    before = watched_by([name for name in members if name != newcomer], count)
    after = watched_by(members, count)
    changed = [name for name in before if set(before[name]) != set(after[name])]
    assert len(changed) <= count
    for name in changed:
        assert set(after[name]) - set(before[name]) == {newcomer}
        assert len(set(before[name]) - set(after[name])) <= 1


@given(ids, st.data())
def test_who_came_and_went_leaves_no_trace(members, data):
    circle = circle_of(members)
    visitors = data.draw(ids.map(lambda some: [name for name in some if name not in members]))
    for name in visitors:
        circle.add(name)
    for name in visitors:
        circle.remove(name)
    assert len(circle) == len(members)
    assert circle.after("x", 99) == circle_of(members).after("x", 99)


@given(ids)
def test_the_circle_goes_once_round_and_ends_before_oneself(members):
    circle = circle_of(members)
    for name in members:
        turn = circle.after(name, 99)
        assert sorted(turn) == [other for other in members if other != name]
        assert circle.after(name, 1) == turn[:1]


def test_neighbours_by_name_are_not_neighbours_in_the_circle():
    """Members of one rack are often numbered in a row."""
    members = names(100)
    links = watched_by(members, 1)
    neighbours = sum(abs(int(name[1:]) - int(other[1:])) == 1 for name, (other,) in links.items())
    assert neighbours < 10


# In a detector


def watching(*members, settings=DETECTION):
    return ring_of(*members, settings=settings, ignoring=(LocalHealth,))


def addresses(*members):
    return {f"{name}:9638" for name in members}


def test_the_wire_hears_whom_to_watch_once_the_members_are_known():
    stage = watching(*map(member, names(6)))
    watched = stage.take(Watch).addresses
    expected = circle_of(names(6)).after("ada", DETECTION.watchers)
    assert watched == tuple(f"{name}:9638" for name in expected)


def test_the_wire_hears_nothing_as_long_as_nothing_changes():
    stage = watching(*map(member, names(6)))
    stage.take(Watch)
    stage.wait(30)
    Newsroom(stage).tell(member("m00", 2))
    assert stage.take_all(Watch) == []


def test_suspects_are_watched_and_the_dead_and_departed_are_not():
    stage = watching(
        suspect("bob"),
        member("cyd", health=Health.CONFIRMED, by="eve", permanent=True),
        member("dan"),
        Departure("dan", "eve"),
    )
    assert stage.take(Watch).addresses == ("bob:9638",)


def test_who_dies_is_replaced_by_the_next_in_the_circle():
    stage = watching(*map(member, names(6)))
    first, *others = circle_of(names(6)).after("ada", 4)
    stage.take(Watch)
    Newsroom(stage).tell(member(first, health=Health.CONFIRMED, by="eve"))
    assert stage.take(Watch).addresses == tuple(f"{name}:9638" for name in others)


def test_a_member_that_moves_is_watched_at_its_new_address():
    stage = watching(member("bob"))
    stage.take(Watch)
    Newsroom(stage).tell(Membership("bob", "bob", "cellar:1", 2))
    assert stage.take(Watch).addresses == ("cellar:1",)


def test_a_wire_that_starts_anew_hears_it_again():
    stage = watching(member("bob"))
    before = stage.take(Watch)
    assert stage.hear(WireStarted()).take(Watch) == before


@pytest.mark.parametrize("watchers", [0, 1, 3, WATCHED_MAX, 100])
def test_so_many_are_watched_as_are_wanted_and_a_letter_can_name(watchers):
    settings = DetectorConfig(watchers=watchers)
    stage = watching(*map(member, names(90)), settings=settings)
    watched = [watch.addresses for watch in stage.take_all(Watch)]
    assert [len(each) for each in watched] == ([min(watchers, WATCHED_MAX)] if watchers else [])


def test_a_lost_link_that_nobody_watches_means_nothing_unless_it_was_refused():
    """Links are dropped for others when there are too many."""
    stage = watching(*map(member, names(9)), settings=DetectorConfig(watchers=1))
    (watched,) = stage.take(Watch).addresses
    other = next(name for name in names(9) if f"{name}:9638" != watched)
    stage.hear(LinkLost(f"{other}:9638", refused=False))
    assert stage.take_all(Ping) == []
    stage.hear(LinkLost(f"{other}:9638", refused=True))
    assert [ping.target for _, ping in stage.take_all(Ping)] == [other]
    stage.hear(LinkLost(watched, refused=False))
    assert len(stage.take_all(Ping)) == 1
