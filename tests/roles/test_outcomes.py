"""Elections in the disseminator: they become rumors, and a change of leader is reported."""

from habactors.protocol.electorate import Electorate
from habactors.protocol.events import Event
from habactors.protocol.leadership import Elected
from habactors.protocol.news import News
from habactors.protocol.rumors import Election
from tests.roles.stage import member
from tests.roles.telling import GROUP, ring_of, told

VOTERS = Electorate(1, 0, ("ada", "bob"))


def election(term, leader, serial=0):
    return Election(GROUP, term, serial, leader, leader or "bob", VOTERS)


def change(stage):
    """From, to and why of the only event."""
    event = stage.take(Event)
    assert (event.actor, event.kind, event.subject) == ("disseminator", "election", GROUP)
    assert event.name == GROUP
    return event.before, event.after, event.why


def test_what_this_nodes_election_says_becomes_a_rumor_and_is_reported():
    stage = ring_of(member("bob"))
    stage.hear(Elected(GROUP, 3, 0, "ada", VOTERS))
    (item,) = stage.take(News).known
    assert item.rumor == Election(GROUP, 3, 0, "ada", "ada", VOTERS)
    assert change(stage) == ("nobody", "ada", "ada was elected in term 3")


def test_another_leader_is_reported_with_the_names_of_both():
    stage = ring_of(member("bob"), election(1, "ada"))
    stage.hear(told(election(2, "bob")))
    assert change(stage) == ("ada", "bob", "bob was elected in term 2")


def test_a_leader_that_gives_up_is_reported_too():
    stage = ring_of(member("bob"), election(2, "bob"))
    stage.hear(told(election(2, "", serial=1)))
    assert change(stage) == ("bob", "nobody", "bob gave up term 2")
    stage.hear(told(election(3, "cyd")))
    assert change(stage) == ("nobody", "cyd", "cyd was elected in term 3")


def test_the_same_leader_is_not_reported_again():
    stage = ring_of(member("bob"), election(2, "bob"))
    stage.hear(told(election(2, "bob", serial=2)), told(election(4, "bob")))
    stage.hear(told(election(3, "cyd")))
    assert stage.take_all(Event) == []
