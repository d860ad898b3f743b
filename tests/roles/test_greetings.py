"""Whom does a node look for?"""

from itertools import pairwise
from random import Random

import pytest

from habactors.protocol.gossip import Hello, Outline, Want
from habactors.protocol.hands import FindPeers, PeersFound
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Peer
from habactors.protocol.news import Doubted, Overheard
from habactors.protocol.rumors import Departure
from habactors.protocol.transport import Gossiped, RingIs
from habactors.roles.greetings import (
    GREETED_MEMBERS,
    KNOCK_SECONDS_MAX,
    LOST_LONG_FACTOR,
    LOST_LONG_SECONDS,
)
from tests.roles.stage import NOW, Stage, member, peer
from tests.roles.telling import (
    content,
    correspond,
    disseminator,
    find_dead,
    identity,
    own,
    ring_of,
    settle,
    start,
    told,
)


def dead(name, at=NOW, by="eve"):
    return member(name, health=Health.CONFIRMED, by=by, at=int(at))


def greeted(stage):
    return [receiver for receiver, _ in stage.take_all(Hello)]


# At the start


def test_configured_peers_are_greeted_at_once():
    stage = start(peers=("bob:9638", "cyd:9638"))
    greeted = stage.take_all(Hello)
    assert [receiver for receiver, _ in greeted] == [Peer("", "bob:9638"), Peer("", "cyd:9638")]
    assert {hello for _, hello in greeted} == {Hello(own(stage), stage.role.table.checksum)}


def test_a_peer_that_is_not_there_is_greeted_ever_more_seldom_but_for_ever():
    stage = start(peers=("bob:9638",))
    times = []
    while len(times) < 9:
        times += [stage.now] * len(stage.take_all(Hello))
        stage.wake()
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == [1, 2, 4, 8, *[KNOCK_SECONDS_MAX] * 4]


def test_it_does_not_greet_itself():
    stage = start(peers=("ada:9638",))
    stage.wait(60)
    assert stage.take_all(Hello) == []


def test_a_peer_where_a_member_lives_is_greeted_no_more_until_that_member_is_lost():
    stage = ring_of(member("bob"), peers=("bob:9638",))
    stage.wait(60)
    assert stage.take_all(Hello) == []
    stage.hear(told(dead("bob")))
    find_dead(stage).wait(KNOCK_SECONDS_MAX)
    assert Peer("", "bob:9638") in [receiver for receiver, _ in stage.take_all(Hello)]


def test_members_of_the_life_before_are_greeted_by_their_ids_a_few_of_them():
    stage = ring_of(*map(member, "bcdefgh"))
    stage.restart(disseminator())
    found = greeted(stage)
    assert len({receiver.id for receiver in found}) == GREETED_MEMBERS
    assert all(receiver == peer(receiver.id) for receiver in found)


# Peers


def test_before_each_knock_the_peers_are_looked_up_anew():
    stage = start(peers=("bob:9638",), ignoring=(RingIs,))
    stage.wait(0.01)
    assert len(stage.take_all(FindPeers)) == 1
    stage.wait(1 + 2 + 4 + 0.1)
    assert len(stage.take_all(FindPeers)) == 3


def test_peers_that_moved_are_greeted_where_they_are_now_and_soon():
    stage = start(peers=("bob:9638",))
    stage.wait(60).drop()
    stage.hear(PeersFound(("cyd:9638",)))
    stage.wait(KNOCK_SECONDS_MAX + 2.1)
    found = greeted(stage)
    assert len(found) >= 3
    assert set(found) == {Peer("", "cyd:9638")}


def test_names_that_nobody_knows_are_looked_up_for_ever():
    """The name service of the host may come up after its nodes."""
    stage = start(peers=("bob:9638",), ignoring=(RingIs,))
    stage.hear(PeersFound(()))
    stage.wait(600).take_all(Hello)
    assert len(stage.take_all(FindPeers)) >= 50
    stage.hear(PeersFound(("bob:9638",))).wait(KNOCK_SECONDS_MAX)
    assert Peer("", "bob:9638") in greeted(stage)


def test_who_finds_none_of_its_peers_founds_no_ring_of_its_own():
    stage = Stage(disseminator(peers=("bob.example:9638",)))
    stage.hear(PeersFound(())).start()
    assert stage.role.ring.id == ""
    assert stage.wait(600).role.ring.id == ""


@pytest.mark.parametrize("found", [None, ("ada:9638",)], ids=["no peers", "only itself"])
def test_who_was_configured_with_nobody_else_founds_a_ring(found):
    stage = Stage(disseminator(peers=found or ()))
    if found:
        stage.hear(PeersFound(found))
    stage.start()
    assert stage.role.ring.id != ""


def test_who_has_no_peers_looks_nobody_up():
    stage = start(ignoring=(RingIs,))
    stage.wait(100)
    assert stage.take_all(FindPeers) == []


# The lost


def search_pauses(stage, seconds):
    """The times between two greetings of the lost."""
    times = []
    end = stage.now + seconds
    while stage.role.out.wake <= end:
        stage.wake()
        times += [stage.now] * len(greeted(stage))
    return [later - earlier for earlier, later in pairwise(times)]


def test_now_and_then_somebody_who_is_held_for_dead_is_greeted_but_nobody_who_went():
    stage = ring_of(
        dead("bob"),
        dead("cyd"),
        dead("dan"),
        Departure("dan", "ada"),
        dead("fay", by="fay"),
        member("eve"),
    )
    stage.wait(30)
    assert set(greeted(stage)) == {peer("bob"), peer("cyd")}


@pytest.mark.parametrize("others", [0, 1, 3, 15, 63])
def test_the_whole_ring_greets_about_two_of_the_lost_a_second(others):
    stage = ring_of(dead("bob"), *(member(f"m{number}") for number in range(others)))
    pauses = search_pauses(stage, 100 * max(1.0, (others + 1) / 2))
    mean_seconds = sum(pauses) / len(pauses)
    assert mean_seconds == pytest.approx(max(1.0, (others + 1) / 2), rel=0.15)
    assert len({round(pause, 3) for pause in pauses}) > len(pauses) / 2  # not all in step


def test_who_has_been_lost_for_an_hour_is_greeted_more_seldom_but_for_ever():
    stage = ring_of(dead("bob"), member("eve"))
    stage.wait(LOST_LONG_SECONDS + 60).drop()
    pauses = search_pauses(stage, 1_000)
    assert sum(pauses) / len(pauses) == pytest.approx(LOST_LONG_FACTOR, rel=0.15)


def test_the_newly_lost_need_not_wait_because_somebody_has_been_lost_for_long():
    stage = ring_of(dead("bob"), member("eve"), *(member(f"m{number}") for number in range(6)))
    for number in range(20):
        stage.wait(LOST_LONG_SECONDS + 60 + number)
        stage.hear(told(member("eve", 2 * number + 2, Health.CONFIRMED, by="m1")))
        find_dead(stage).drop()
        lost = stage.now
        while not greeted(stage):
            stage.wake()
        assert stage.now - lost < 6
        stage.hear(told(member("eve", 2 * number + 3)))


def test_nobody_is_searched_for_when_nobody_is_lost():
    stage = ring_of(dead("bob"), member("eve"))
    stage.hear(told(member("bob", 2))).wait(2).drop()
    stage.wait(60)
    assert greeted(stage) == []


# Greeted


def test_a_greeting_of_an_acquaintance_is_answered_by_a_comparison():
    stage = ring_of(member("bob"), member("dan"))
    stage.hear(Gossiped(peer("bob", b"route"), Hello(member("bob", 2), 0)))
    receiver, outline = stage.take(Outline)
    assert receiver == peer("bob", b"route")
    assert len(outline.entries) == 3 * 16
    assert stage.role.table.membership("bob").incarnation == 2


def test_its_own_greeting_that_came_back_is_not_answered():
    stage = ring_of(member("bob"))
    stage.hear(Gossiped(peer("ada"), Hello(own(stage), 0)))
    stage.expect_nothing()


def test_one_greeting_of_somebody_held_for_dead_makes_both_halves_of_a_split_ring_one():
    """Each half holds all of the other one for dead."""
    names = ("ada", "bob", "cyd", "dan")
    halves = {"ada": "ab", "bob": "ab", "cyd": "cd", "dan": "cd"}
    stages = {}
    for name in names:
        others = [other for other in names if other != name]
        views = [
            member(other) if halves[other] == halves[name] else dead(other) for other in others
        ]
        stages[name] = ring_of(*views, me=identity(name), seed=len(stages))
    while not any(isinstance(message, Hello) for _, message in stages["ada"].sent):
        stages["ada"].wake()
    rng = Random(1)
    for _ in range(40):
        correspond(stages, rounds=2)
        for stage in stages.values():
            stage.wait(0.1 + rng.random() / 10)
            stage.sent = [pair for pair in stage.sent if not isinstance(pair[1], Hello)]
            check(stages, stage)
    for stage in stages.values():
        assert {stage.role.table.health(name) for name in names} == {Health.ALIVE}


def check(stages, stage):
    """Its detector pings those who are doubted; they live, hear of it, and refute it."""
    for doubt in stage.take_all(Doubted):
        stages[doubt.rumor.id].hear(Overheard((doubt.rumor,)))


def test_a_greeting_costs_nothing_when_both_know_the_same():
    one = ring_of(member("bob"))
    two = ring_of(member("ada"), me=identity("bob"), seed=2)
    assert content(one) == content(two)
    two.hear(Gossiped(peer("ada"), one.role.hello()))
    two.expect_nothing()
    one.hear(Gossiped(peer("bob"), Want(b"")))
    settle(one).expect_nothing()
