"""How does a node leave so that nobody needs to find out by probing?"""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.events import Event
from habactors.protocol.gossip import Hello, Noted, Rumors
from habactors.protocol.health import Health
from habactors.protocol.news import Leave, Left, Offer, Withdraw
from habactors.protocol.rumors import Departure, Membership, Service
from habactors.protocol.transport import Gossiped
from habactors.roles.farewell import FAREWELLS
from habactors.roles.root import LEAVE_SECONDS_MAX
from tests.roles.stage import member, peer
from tests.roles.telling import (
    GROUP,
    INTERVAL,
    correspond,
    disseminator,
    identity,
    own,
    ring_of,
    rumors_to,
    settle,
    told,
)

REDIS = Offer(GROUP, "core/redis", "standalone", b"{}", b"{}")


def gone(stage, incarnation=1):
    """What ada says when it goes."""
    at = int(stage.now)
    return member("ada", incarnation, Health.CONFIRMED, by="ada", why="left", at=at)


def noted(*names, incarnation=1):
    return [Gossiped(peer(name), Noted(incarnation)) for name in names]


def hearers(stage, rumor):
    return {to.id for to, message in stage.take_all(Rumors) if rumor in message.rumors}


# Who goes


def test_who_leaves_says_farewell_to_some_members():
    stage = ring_of(*(member(f"m{number:02}") for number in range(20)))
    stage.hear(Leave())
    batches = stage.take_all(Rumors)
    assert len({receiver.id for receiver, _ in batches[:FAREWELLS]}) == FAREWELLS
    assert all(gone(stage) in message.rumors for _, message in batches)
    assert stage.take_all(Left) == []


def test_a_farewell_carries_all_that_was_not_yet_told():
    stage = ring_of(member("bob"), member("cyd")).hear(REDIS)
    stage.drop().hear(Withdraw(GROUP), Leave())
    told_last = rumors_to(stage, "bob")
    withdrawn = Service("ada", GROUP, "core/redis", 2, withdrawn=True, at=int(stage.now))
    assert withdrawn in told_last
    assert own(stage) in told_last


def test_a_farewell_is_repeated_to_those_who_have_not_noted_it_and_to_nobody_else():
    stage = ring_of(*map(member, ("bob", "cyd", "dan"))).hear(Leave()).drop()
    stage.hear(*noted("bob"))
    farewell = gone(stage)
    stage.role.heat.quench(farewell)
    stage.wait(INTERVAL + 0.01)
    assert hearers(stage, farewell) == {"cyd", "dan"}
    stage.hear(*noted("dan")).wait(INTERVAL)
    assert hearers(stage, farewell) == {"cyd"}


def test_once_all_have_noted_it_the_node_may_end():
    stage = ring_of(*map(member, ("bob", "cyd"))).hear(Leave(), *noted("bob"))
    assert stage.take_all(Left) == []
    stage.hear(*noted("cyd"))
    assert stage.take(Left)
    stage.drop().wait(INTERVAL)
    assert hearers(stage, gone(stage)) == set()


def test_notes_of_a_former_life_of_strangers_or_before_the_end_do_not_count():
    stage = ring_of(member("bob"))
    stage.hear(*noted("bob")).hear(Leave())
    stage.hear(*noted("eve"), *noted("bob", incarnation=0), *noted("bob", incarnation=2))
    assert stage.take_all(Left) == []


def test_a_lost_farewell_and_a_lost_note_cost_an_interval_each():
    stage = ring_of(member("bob")).hear(Leave()).drop()
    bob = ring_of(member("ada"), me=identity("bob"), seed=2)
    losses = 0
    while not stage.take_all(Left):
        assert stage.now < LEAVE_SECONDS_MAX + 1_010
        sent, stage.sent = stage.sent, []
        losses += 1
        if losses > 2:
            for _, message in sent:
                bob.hear(Gossiped(peer("ada"), message))
        if losses > 3:
            correspond({"bob": bob, "ada": stage})
        stage.wait(INTERVAL)
    assert bob.role.table.membership("ada").left


def test_who_leaves_twice_has_left():
    stage = ring_of(member("bob")).hear(Leave(), Leave())
    assert own(stage).left
    stage.drop().hear(*noted("bob"))
    assert stage.take(Left)


@pytest.mark.parametrize("others", [(), (member("bob", health=Health.CONFIRMED, by="eve"),)])
def test_who_leaves_alone_tells_nobody_and_may_end_at_once(others):
    stage = ring_of(*others).hear(Leave())
    assert stage.take_all(Rumors) == []
    assert stage.take(Left)


@pytest.mark.parametrize(
    "claim",
    [
        member("ada", 9, Health.SUSPECT, by="bob"),
        member("ada", 9),
        member("ada", 1),
        member("ada", 1, Health.CONFIRMED, by="bob"),
    ],
)
def test_who_leaves_does_not_come_back_whatever_is_said_of_it(claim):
    stage = ring_of(member("bob")).hear(Leave())
    farewell = own(stage)
    settle(stage)
    stage.hear(told(claim))
    assert own(stage) == farewell
    assert stage.role.incarnation == 1


def test_the_next_start_undoes_the_end():
    stage = ring_of(member("bob")).hear(Leave())
    stage.restart(disseminator())
    assert own(stage) == member("ada", 2)
    stage.hear(*noted("bob"))
    assert stage.take_all(Left) == []


def test_a_disseminator_that_was_restarted_over_the_leaving_leaves_again():
    stage = ring_of(member("bob")).hear(Leave())
    stage.restart(disseminator())
    stage.drop().hear(Leave())
    assert own(stage) == gone(stage, incarnation=2)
    stage.hear(*noted("bob", incarnation=1))
    assert stage.take_all(Left) == []
    stage.hear(*noted("bob", incarnation=2))
    assert stage.take(Left)


# Who stays


def farewell_of(name, incarnation=1):
    return member(name, incarnation, Health.CONFIRMED, by=name, why="left")


def test_who_says_itself_that_it_goes_is_believed_at_once_and_told_so():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(told(farewell_of("bob"), by="bob"))
    assert stage.take_all(Noted) == [(peer("bob"), Noted(1))]
    event = stage.take(Event)
    assert (event.subject, event.before, event.after, event.why) == (
        "bob",
        "alive",
        "confirmed",
        "left",
    )
    assert stage.role.reachable.keys() == {"cyd"}
    assert stage.role.lost == {}


def test_each_repetition_is_noted_again_since_the_note_may_have_been_lost():
    stage = ring_of(member("bob"))
    stage.hear(*[told(farewell_of("bob"), by="bob")] * 3)
    assert len(stage.take_all(Noted)) == 3


def test_that_another_one_left_is_believed_too_but_not_noted():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(told(farewell_of("bob"), by="cyd"))
    assert stage.take_all(Noted) == []
    assert stage.role.table.membership("bob").left


def test_who_left_is_not_looked_for():
    stage = ring_of(farewell_of("bob"), member("cyd"))
    stage.wait(120)
    assert stage.take_all(Hello) == []


def test_who_left_has_left_however_many_took_it_for_dead_at_the_same_moment():
    """Evidence is that of a few, but the member's own word is always among it."""
    stage = ring_of(member("bob"), *WORDS)
    assert stage.role.table.membership("zed").left
    assert stage.role.lost == {}


WORDS = [farewell_of("zed"), *(member("zed", 1, Health.CONFIRMED, by=each) for each in "abcdef")]


@given(st.permutations(WORDS), st.permutations(WORDS), st.integers(0, len(WORDS)))
def test_that_it_left_stands_in_whatever_order_and_grouping_the_words_are_joined(one, two, cut):
    def joined(words):
        return reduce(Membership.joined, words)

    assert joined(one) == joined(two)
    if 0 < cut < len(WORDS):
        assert joined([joined(one[:cut]), joined(one[cut:])]) == joined(two)
    assert joined(one).accusers == ("a", "b", "c", "zed")


def test_who_left_may_come_back_from_another_address():
    stage = ring_of(farewell_of("bob"))
    moved = member("bob", 2)
    moved = type(moved)("bob", "bob", "cellar:1", 2)
    stage.hear(told(moved))
    assert stage.role.reachable == {"bob": moved}
    assert stage.take(Event).after == "alive"


def test_a_late_word_of_a_former_life_brings_nobody_back_who_left():
    stage = ring_of(farewell_of("bob", 3))
    stage.hear(told(member("bob", 3), member("bob", 2, Health.SUSPECT, by="cyd")))
    stage.expect_nothing()


def test_who_departed_hears_that_instead_of_a_note():
    stage = ring_of(member("bob"), Departure("bob", "cyd"))
    stage.hear(told(farewell_of("bob"), by="bob"))
    assert stage.take_all(Noted) == []
    assert rumors_to(stage, "bob") == [Departure("bob", "cyd")]
