"""Who was told to leave for ever?"""

import pytest

from habactors.protocol.commands import Answered, DepartMember
from habactors.protocol.errands import Expelled
from habactors.protocol.events import Event
from habactors.protocol.gossip import Digest, Hello, Noted, Outline, Rumors, Want
from habactors.protocol.health import Health
from habactors.protocol.limits import TABLE_RUMORS_MAX
from habactors.protocol.rumors import Departure, Service
from habactors.protocol.table import Table
from habactors.protocol.transport import Gossiped
from tests.roles.stage import NOW, member, peer
from tests.roles.telling import (
    GROUP,
    correspond,
    disseminator,
    identity,
    news_of,
    own,
    ring_of,
    rumors_to,
    settle,
    start,
    told,
)


def departure(name="bob", by="eve", why="broken disk", at=int(NOW)):
    return Departure(name, by, why, at)


# The order


def depart(stage, name, request=7):
    stage.hear(DepartMember(request, name))
    return stage.take(Answered)


def test_an_operators_word_is_told_kept_and_reported():
    stage = ring_of(member("bob"), member("cyd"))
    answer = depart(stage, "bob")
    assert (answer.request, answer.code) == (7, "")
    assert answer.message == "bob departs: its id may never return"
    rumor = Departure("bob", "ada", "an operator told it to depart, on ada", int(stage.now))
    assert news_of(stage) == (rumor,)
    assert [record.durable for record in stage.kept] == [True]
    event = stage.take(Event)
    assert (event.subject, event.before, event.after) == ("bob", "alive", "departed")
    assert rumor in rumors_to(stage, "cyd")


def test_the_member_itself_hears_it_first():
    stage = ring_of(member("bob"), *map(member, "cdefgh"))
    depart(stage, "bob")
    receiver, message = stage.take_all(Rumors)[0]
    assert receiver == peer("bob")
    assert [rumor.member_id for rumor in message.rumors] == ["bob"]


def test_the_order_survives_a_restart():
    stage = ring_of(member("bob"))
    depart(stage, "bob")
    stage.restart(disseminator())
    assert stage.role.table.health("bob") is Health.DEPARTED
    assert stage.role.reachable == {}


def test_the_same_order_again_is_no_error_and_changes_nothing():
    stage = ring_of(member("bob"))
    depart(stage, "bob")
    settle(stage)
    answer = depart(stage, "bob", 8)
    assert (answer.request, answer.code) == (8, "")
    assert answer.message == "bob has departed already"
    stage.expect_nothing()


def test_nobody_who_is_not_known_can_be_told():
    stage = ring_of()
    answer = depart(stage, "eve")
    assert answer.code == "not-found"
    assert "habactors members" in answer.hint
    stage.expect_nothing()


@pytest.mark.parametrize("health", [Health.SUSPECT, Health.CONFIRMED])
def test_the_sick_and_the_dead_can_be_told_as_well(health):
    stage = ring_of(member("bob", health=health, by="eve"))
    assert depart(stage, "bob").code == ""
    assert stage.role.lost == stage.role.reachable == {}
    stage.drop().wait(60)
    assert stage.take_all(Hello) == []


def test_an_order_is_obeyed_though_the_table_is_full(monkeypatch):
    stage = ring_of(member("bob"))
    monkeypatch.setattr(Table, "is_full", property(lambda table: True))
    assert depart(stage, "bob").code == ""
    assert stage.role.table.health("bob") is Health.DEPARTED
    stage.hear(told(departure("cyd")))
    assert stage.role.table.departure("cyd") is None
    assert len(stage.role.table) < TABLE_RUMORS_MAX


def test_a_node_that_is_told_to_depart_by_its_own_operator_goes():
    stage = ring_of(member("bob"))
    assert depart(stage, "ada").code == ""
    assert stage.take(Expelled).why == "an operator told it to depart, on ada"


# Whom it concerns


def test_who_hears_that_it_is_to_depart_obeys():
    stage = ring_of(member("bob"))
    stage.hear(told(departure("ada")))
    assert stage.take(Expelled) == Expelled("broken disk")


def test_it_hears_it_once():
    stage = ring_of(member("bob"))
    stage.hear(*[told(departure("ada"))] * 3)
    assert len(stage.take_all(Expelled)) == 1


def test_a_node_that_departed_in_an_earlier_life_does_not_come_back():
    stage = ring_of(member("bob")).hear(told(departure("ada")))
    for seed in (2, 3):
        stage.restart(disseminator(seed=seed))
        assert stage.take(Expelled) == Expelled("broken disk")


def test_who_becomes_known_only_after_its_departure_is_told_when_it_speaks():
    stage = ring_of(departure("bob"))
    stage.hear(told(member("bob")))
    assert rumors_to(stage, "bob") == [departure("bob")]


# Who departed


@pytest.mark.parametrize(
    "message",
    [
        Hello(member("bob", 9), 0),
        Rumors((member("bob", 9), member("dan"))),
        Digest(0),
        Outline(b""),
        Want(b"12345678"),
        Noted(1),
    ],
    ids=lambda message: type(message).__name__,
)
def test_whatever_the_departed_say_they_hear_that_they_departed_and_nothing_else(message):
    stage = ring_of(member("bob"), departure("bob"))
    stage.hear(Gossiped(peer("bob", b"route"), message))
    assert stage.take(Rumors) == (peer("bob", b"route"), Rumors((departure("bob"),), hot=False))
    stage.expect_nothing()
    assert stage.role.table.membership("dan") is None


def test_who_says_itself_that_it_departed_is_left_in_peace():
    stage = ring_of(member("bob"), departure("bob"))
    stage.hear(told(departure("bob"), member("bob"), by="bob"))
    stage.expect_nothing()


def test_what_others_say_of_the_departed_is_no_event_and_makes_them_nobody_to_talk_to():
    stage = ring_of(member("bob"), departure("bob"), member("cyd"))
    stage.hear(told(member("bob", 9), by="cyd"))
    assert stage.take_all(Event) == []
    assert stage.role.reachable.keys() == {"cyd"}


def test_services_of_the_departed_are_still_told_apart():
    """They are forgotten with their member, not before."""
    rumor = Service("bob", GROUP, "core/redis", 1)
    stage = ring_of(member("bob"), rumor)
    depart(stage, "bob")
    assert stage.role.table.get(rumor.key) == rumor


def test_two_whom_each_others_operators_told_to_depart_both_go_and_say_no_more():
    """On the two sides of a split ring; then it heals."""
    stages = {
        "ada": ring_of(member("bob"), departure("bob", by="ada")),
        "bob": ring_of(member("ada"), departure("ada", by="bob"), me=identity("bob"), seed=2),
    }
    stages["ada"].hear(Gossiped(peer("bob"), stages["bob"].role.hello()))
    said = 0
    for _ in range(20):
        said += sum(len(stage.sent) for stage in stages.values())
        correspond(stages, rounds=1)
    assert all(stage.take_all(Expelled) for stage in stages.values())
    assert said <= 4
    assert all(stage.sent == [] for stage in stages.values())


def test_a_departure_wins_in_whatever_order_it_is_heard():
    for rumors in ((member("bob", 9), departure()), (departure(), member("bob", 9))):
        stage = start()
        for rumor in rumors:
            stage.hear(told(rumor))
        assert stage.role.table.health("bob") is Health.DEPARTED
        assert stage.role.reachable == {}


def test_of_two_departures_of_one_member_everywhere_the_same_stands():
    one, two = departure(by="cyd", why="disk"), departure(by="dan", why="rent", at=int(NOW) + 1)
    for rumors in ((one, two), (two, one)):
        stage = ring_of(member("bob"))
        stage.hear(*[told(rumor, by="cyd") for rumor in rumors])
        assert stage.role.table.departure("bob") == one.joined(two)
        departed = [event for event in stage.take_all(Event) if event.after == "departed"]
        assert len(departed) == 1


def test_who_departed_and_leaves_still_says_farewell_to_those_who_listen():
    stage = ring_of(member("bob"), member("cyd")).hear(told(departure("ada")))
    assert stage.take(Expelled)
    assert own(stage).health is Health.ALIVE  # until root has it leave
