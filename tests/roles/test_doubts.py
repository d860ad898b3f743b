"""Whose word is not taken for a member's end?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.news import Accusation, Doubted, News, Overheard
from habactors.protocol.rumors import Departure, Membership
from habactors.roles.doubts import AGAIN_SECONDS
from tests.roles.stage import NOW, evidence_of, member
from tests.roles.telling import (
    disseminator,
    find_dead,
    news_of,
    ring_of,
    rumors_to,
    settle,
    told,
)

ALIVE, SUSPECT, DEAD = Health.ALIVE, Health.SUSPECT, Health.CONFIRMED


def dead(incarnation=1, by="eve", name="bob", **evidence):
    return member(name, incarnation, DEAD, by=by, **evidence)


def doubting(*others):
    """A ring in which somebody says that bob is dead, whom ada holds for alive."""
    stage = ring_of(member("bob"), member("cyd"), *others)
    return stage.hear(told(dead(), by="cyd"))


def bob(stage):
    return stage.role.table.membership("bob")


def found(incarnation=1, level=DEAD, why="no answer", refused=False):
    return Accusation("bob", incarnation, int(level), why, refused)


# What is said of members: own state against message

NOTHING, TOLD, DOUBT = "nothing", "told", "doubt"


@pytest.mark.parametrize(
    ("own", "message", "outcome"),
    [
        # Of strangers everything is news: all tables must become equal.
        (None, (1, ALIVE), TOLD),
        (None, (1, SUSPECT), TOLD),
        (None, (1, DEAD), TOLD),
        # What is older says nothing.
        ((10, ALIVE), (1, SUSPECT), NOTHING),
        ((10, ALIVE), (1, DEAD), NOTHING),
        ((10, ALIVE), (9, ALIVE), NOTHING),
        ((10, ALIVE), (10, ALIVE), NOTHING),
        # The worse of two at one incarnation stands, but an end is checked.
        ((1, ALIVE), (1, SUSPECT), TOLD),
        ((1, ALIVE), (2, SUSPECT), TOLD),
        ((1, ALIVE), (1, DEAD), DOUBT),
        ((1, ALIVE), (7, DEAD), DOUBT),
        # Only a higher incarnation refutes.
        ((1, SUSPECT), (1, ALIVE), NOTHING),
        ((1, SUSPECT), (2, ALIVE), TOLD),
        ((1, SUSPECT), (1, SUSPECT), NOTHING),
        # Whom we suspect ourselves we believe to be dead.
        ((1, SUSPECT), (1, DEAD), TOLD),
        ((2, SUSPECT), (1, DEAD), NOTHING),
        # The dead come back only with a higher incarnation.
        ((10, DEAD), (10, ALIVE), NOTHING),
        ((10, DEAD), (10, SUSPECT), NOTHING),
        ((10, DEAD), (10, DEAD), NOTHING),
        ((10, DEAD), (11, ALIVE), TOLD),
        ((10, DEAD), (11, DEAD), TOLD),
    ],
)
def test_what_is_said_of_a_member_meets_what_is_known_of_it(own, message, outcome):
    def rumor(state):
        incarnation, health = state
        return member("bob", incarnation, health, by=() if health is ALIVE else "eve")

    stage = ring_of(*([rumor(own)] if own else []), member("cyd"))
    said = rumor(message)
    stage.hear(told(said, by="cyd"))
    assert len(stage.take_all(Doubted)) == (outcome == DOUBT)
    if outcome == TOLD:
        assert bob(stage) == said
        assert news_of(stage) == (said,)
        assert said in rumors_to(stage, "cyd")
        changed = own is None or own[1] is not message[1]
        assert len(stage.take_all(Event)) == changed
    else:
        assert bob(stage) == (rumor(own) if own else None)
    stage.expect_nothing()


def test_a_whole_table_of_another_member_ends_nobody_unchecked():
    """Alive at 2, suspect, dead and new: the dead one is looked after first."""
    stage = ring_of(*map(member, ("m1", "m2", "m3")))
    theirs = (
        member("m1", 2),
        member("m2", 1, SUSPECT, by="eve"),
        dead(name="m3"),
        member("m4"),
    )
    stage.hear(told(*theirs, hot=False))
    healths = {name: stage.role.table.health(name) for name in ("m1", "m2", "m3", "m4")}
    assert healths == {"m1": ALIVE, "m2": SUSPECT, "m3": ALIVE, "m4": ALIVE}
    events = [(event.subject, event.before, event.after) for event in stage.take_all(Event)]
    assert events == [("m2", "alive", "suspect"), ("m4", "unknown", "alive")]
    assert [doubt.rumor for doubt in stage.take_all(Doubted)] == [dead(name="m3")]


def test_suspicions_of_several_add_up_and_each_one_is_told_on_once():
    stage = ring_of(member("bob"), member("cyd"))
    for accuser in ("eve", "dan", "eve"):
        stage.hear(told(member("bob", 1, SUSPECT, by=accuser), by="cyd"))
    assert bob(stage).accusers == ("dan", "eve")
    assert len(stage.take_all(News)) == 2
    assert len(stage.take_all(Event)) == 1
    assert {item for item in stage.role.since.items() if item[0] == bob(stage).key} == {
        (bob(stage).key, stage.now)
    }


# Doubting


def test_an_end_that_is_doubted_is_not_told_on_before_it_is_checked():
    stage = doubting()
    assert stage.take(Doubted).rumor == dead()
    stage.expect_nothing()
    settle(stage.wait(0))
    assert bob(stage).health is ALIVE


def test_what_is_overheard_is_doubted_as_well():
    stage = ring_of(member("bob")).hear(Overheard((dead(),)))
    assert stage.take(Doubted).rumor == dead()


def test_who_says_itself_that_it_goes_is_not_doubted():
    stage = ring_of(member("bob"))
    stage.hear(told(dead(by="bob", why="left"), by="cyd"))
    assert stage.take_all(Doubted) == []
    assert bob(stage).left


def test_a_doubt_that_is_heard_again_is_checked_again_but_not_each_time():
    stage = doubting()
    for _ in range(10):
        stage.wait(AGAIN_SECONDS / 10).hear(told(dead(), by="cyd"))
    assert len(stage.take_all(Doubted)) == 2


def test_a_doubt_about_another_incarnation_is_another_one():
    stage = doubting().hear(told(dead(2), by="cyd"))
    assert [doubt.rumor.incarnation for doubt in stage.take_all(Doubted)] == [1, 2]


def test_when_the_detector_agrees_it_is_believed_as_it_was_said():
    """Evidence of everybody who looks would make many rumors out of one."""
    stage = doubting().drop()
    stage.hear(found(refused=True, why="connection refused to ada"))
    assert bob(stage).health is DEAD
    assert bob(stage).evidence == (evidence_of("eve"),)


def test_the_end_that_was_doubted_may_be_of_a_life_that_was_never_heard_of():
    stage = ring_of(member("bob", 1)).hear(told(dead(5), by="cyd"))
    stage.hear(found(5))
    assert (bob(stage).incarnation, bob(stage).health) == (5, DEAD)


def test_a_finding_about_another_life_than_the_doubted_one_does_not_settle_it():
    stage = ring_of(member("bob", 1)).hear(told(dead(5), by="cyd"))
    stage.hear(found(1, why="refused"))
    assert (bob(stage).incarnation, bob(stage).health) == (1, DEAD)
    assert bob(stage).accusers == ("ada",)


def test_a_suspicion_of_the_detector_settles_no_doubt():
    stage = doubting().hear(found(level=SUSPECT))
    assert bob(stage).health is SUSPECT
    assert bob(stage).accusers == ("ada",)
    stage.hear(found(why=""))
    assert bob(stage).health is DEAD
    assert bob(stage).accusers == ("eve",)  # whose word was held back until then


def test_who_refutes_in_time_was_never_dead_here():
    stage = doubting().drop().hear(told(member("bob", 2)))
    assert stage.take_all(Event) == []
    stage.hear(found(1))
    assert bob(stage) == member("bob", 2)


def test_a_doubt_is_forgotten_with_a_restart_and_comes_with_the_next_word():
    stage = doubting()
    stage.restart(disseminator())
    stage.drop().hear(found(1))
    assert bob(stage).accusers == ("ada",)
    stage = doubting()
    stage.restart(disseminator())
    stage.drop().hear(told(dead(), by="cyd"))
    assert len(stage.take_all(Doubted)) == 1


def test_the_departed_are_not_doubted_back_to_life():
    stage = doubting().hear(told(Departure("bob", "cyd", at=int(NOW)))).drop()
    stage.hear(found(1))
    assert stage.role.table.health("bob") is Health.DEPARTED
    assert stage.take_all(Event) == []


def test_a_confirmation_always_bears_some_evidence():
    """Its time decides when it is forgotten, everywhere."""
    odd = Membership("bob", "bob", "bob:9638", 1, int(SUSPECT))
    stage = ring_of(odd).hear(found(why=""))
    assert bob(stage).accusers == ("ada",)
    assert bob(stage).ended == int(stage.now)


@given(
    st.lists(
        st.one_of(
            st.builds(
                member,
                st.just("bob"),
                st.integers(1, 3),
                st.sampled_from((ALIVE, SUSPECT, DEAD)),
                by=st.sampled_from((("eve",), ("dan",), ("dan", "eve"))),
            ),
            st.builds(found, st.integers(1, 3), st.sampled_from((SUSPECT, DEAD))),
            st.just("check"),
            st.just(0.7),
        ),
        max_size=15,
    )
)
def test_nobody_who_was_alive_is_dead_before_the_detector_said_so(steps):
    stage = ring_of(member("bob"), member("cyd"))
    for step in steps:
        before, dead_before = bob(stage).health, bob(stage).is_gone
        if isinstance(step, float):
            stage.wait(step)
        elif isinstance(step, Accusation):
            stage.hear(step)
        elif step == "check":
            find_dead(stage)
        else:
            stage.hear(told(step, by="cyd"))
            if before is ALIVE and not dead_before:
                assert not bob(stage).is_gone


# Suspicions that have just been heard of


def just_suspected(seconds, **evidence):
    """Bob is suspected by eve, and so much later she says that he is dead."""
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(told(member("bob", health=SUSPECT, by="eve"), by="eve"))
    stage.drop().wait(seconds).drop()
    return stage.hear(told(dead(**evidence), by="eve"))


def test_a_death_on_the_heels_of_its_suspicion_is_looked_into():
    stage = just_suspected(0.2)
    assert bob(stage).health is SUSPECT
    assert stage.take(Doubted).rumor.health is DEAD


def test_who_had_its_time_to_refute_is_believed_to_be_dead():
    stage = just_suspected(1.5)
    assert bob(stage).health is DEAD
    assert stage.take_all(Doubted) == []


def test_whom_its_own_host_refuses_is_believed_to_be_dead_at_once():
    assert bob(just_suspected(0.1, refused=True)).health is DEAD
