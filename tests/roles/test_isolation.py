"""Can this node reach a majority of what it knew?"""

from random import Random

import pytest

from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.news import News, Snapshot
from habactors.protocol.rumors import Departure
from habactors.protocol.views import MemberView
from habactors.roles.census import Census
from habactors.roles.isolation import is_isolated, reach
from tests.roles.stage import ADA, NOW, Stage, known, member

ALIVE, SUSPECT, DEAD, DEPARTED = Health


def view(number, health, left=False):
    name = f"m{number}"
    return MemberView(name, name, f"{name}:1", 1, int(health), False, NOW, "", left)


@pytest.mark.parametrize(
    ("healths", "isolated"),
    [
        ((ALIVE,), False),  # alone from the beginning
        ((ALIVE, ALIVE), False),
        ((ALIVE, SUSPECT), False),
        ((ALIVE, DEAD), True),
        ((ALIVE, ALIVE, DEAD), False),
        ((ALIVE, ALIVE, DEAD, DEAD), True),
        ((ALIVE, SUSPECT, ALIVE, DEAD, DEAD), False),
        ((ALIVE, DEPARTED, DEPARTED), False),
        ((), False),
    ],
)
def test_a_node_is_isolated_when_at_most_half_of_those_it_knew_can_be_reached(healths, isolated):
    views = [view(number, health) for number, health in enumerate(healths)]
    assert is_isolated(views) is isolated


def test_who_left_counts_no_more():
    views = [view(0, ALIVE), view(1, DEAD, left=True), view(2, DEAD, left=True)]
    assert reach(views) == (1, 1)
    assert not is_isolated(views)


def test_a_node_that_loses_sight_of_the_majority_reports_it_once_and_again_when_it_is_back():
    stage = Stage(Census(ADA, Random(1))).start()
    stage.hear(Snapshot(1, 0, known(member("ada"), member("bob"), member("cyd")))).drop()
    events = []
    for version, rumor in enumerate(
        (
            member("bob", health=DEAD, by="ada"),
            member("cyd", health=DEAD, by="ada"),
            member("cyd", 2, DEAD, by="ada"),
            member("cyd", 3),
            Departure("bob", "ada"),
        ),
        start=1,
    ):
        stage.hear(News(1, version, known(rumor)))
        events += [(event.before, event.after, event.why) for event in stage.take_all(Event)]
    assert events == [
        ("connected", "isolated", "1 of 3 known members can be reached"),
        ("isolated", "connected", "2 of 3 known members can be reached"),
    ]
