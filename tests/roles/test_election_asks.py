"""Questions and orders about leaders: what control tells, and what it passes on to election."""

import pytest

from habactors.protocol.commands import Answered, ServiceBoard
from habactors.protocol.electorate import Electorate
from habactors.protocol.errands import ActorRow, Roster
from habactors.protocol.events import Event
from habactors.protocol.hands import Reply
from habactors.protocol.health import Health
from habactors.protocol.leadership import Leadership, StepDown
from habactors.protocol.views import GroupView, MemberView, ServiceView, Views
from habactors.roles.control import Control
from tests.roles.stage import ADA, NOW, Stage
from tests.roles.test_control import answer, ask, refusal, service

GROUP = "redis.prod"
NAMES = ("ada", "bob", "cyd")
ROSTER = Roster(NOW - 60, (ActorRow("root", 7, "running", NOW - 60, 0),))


def ring(dead=(), group=None, departed=()):
    """The whole census of a ring whose members are dead or departed, or alive."""
    gone = {**dict.fromkeys(dead, Health.CONFIRMED), **dict.fromkeys(departed, Health.DEPARTED)}
    members = [
        MemberView(
            f"{name}-id" if name != "ada" else "ada",
            name,
            f"{name}:9638",
            1,
            int(gone.get(name, Health.ALIVE)),
            False,
            NOW - 9,
            "no answer" if name in gone else "",
        )
        for name in (*NAMES, "dan")
    ]
    views = [group] if group else []
    return Views(1, 1, whole=True, members=tuple(members), groups=tuple(views))


def served(*names, topology="leader", dead=(), term=0, leader="", voters=None):
    """The group, served by those of that name; with a term, what its leader has told."""
    rows = tuple(
        ServiceView(
            one,
            GROUP,
            "core/redis",
            1,
            topology,
            b"{}",
            b"{}",
            int(Health.CONFIRMED if one in dead else Health.ALIVE),
            False,
        )
        for one in names
    )
    electorate = Electorate(term, 0, tuple(voters or names)) if term else Electorate()
    return GroupView(GROUP, 0, b"", "", rows, term, leader, electorate)


ALL = ("ada", "bob-id", "cyd-id")
ELSEWHERE = ("bob-id", "cyd-id", "dan-id")


def control(views, *more):
    made = Stage(Control(ADA, "")).start()
    return made.hear(views, ServiceBoard(()), ROSTER, *more).drop()


def standing(leader="ada", role="leader", **changes):
    """What this node's election actor tells."""
    told = {
        "service_group": GROUP,
        "term": 7,
        "leader": leader,
        "role": role,
        "lease_until": NOW + 2.5 if role == "leader" else 0.0,
        "status": "finished" if leader else "in-progress",
        "electorate": ALL,
        "quorum": 2,
        "alive": 3,
        "why": "ada was elected",
    }
    return Leadership(**told | changes)


def only(stage, **args):
    (row,) = answer(ask(stage, "elections", **args))
    return row


# Who leads?


def test_where_the_group_is_served_the_election_of_that_node_tells():
    own = standing(suitability={"ada": 5})
    stage = control(ring(group=served(*ALL, term=6, leader="bob-id")), own)
    assert only(stage) == {
        "service_group": GROUP,
        "status": "finished",
        "term": 7,
        "leader": "ada",
        "leader_name": "ada",
        "lease_seconds": 2.5,
        "electorate": [
            {"id": "ada", "name": "ada", "health": "alive", "suitability": 5},
            {"id": "bob-id", "name": "bob", "health": "alive", "suitability": None},
            {"id": "cyd-id", "name": "cyd", "health": "alive", "suitability": None},
        ],
        "quorum": 2,
        "alive": 3,
        "why": "ada was elected",
    }


def test_the_lease_of_another_is_not_known():
    stage = control(ring(group=served(*ALL)), standing("bob-id", "follower"))
    row = only(stage, group=GROUP)
    assert (row["leader_name"], row["lease_seconds"]) == ("bob", None)


@pytest.mark.parametrize(
    ("dead", "leader", "status", "found", "alive"),
    [
        ((), "bob-id", "finished", "bob", 3),
        (("cyd-id",), "bob-id", "finished", "bob", 2),
        (("bob-id",), "bob-id", "in-progress", None, 2),
        ((), "", "in-progress", None, 3),
        (("bob-id", "cyd-id"), "bob-id", "no-quorum", None, 1),
        (("cyd-id", "dan-id"), "bob-id", "no-quorum", None, 1),
    ],
)
def test_where_it_is_not_served_the_census_tells(dead, leader, status, found, alive):
    group = served(*ELSEWHERE, term=4, leader=leader, dead=dead)
    row = only(control(ring(group=group)))
    assert (row["status"], row["leader_name"], row["term"]) == (status, found, 4)
    assert (row["alive"], row["quorum"], row["lease_seconds"]) == (alive, 2, None)
    assert row["why"]


def test_what_the_election_of_this_node_knows_is_passed_over_once_it_serves_no_more():
    group = served(*ELSEWHERE, term=8, leader="bob-id")
    row = only(control(ring(group=group), standing("", "", status="no-quorum")))
    assert (row["status"], row["leader"], row["term"]) == ("finished", "bob-id", 8)


@pytest.mark.parametrize("topology", ["leader", "initializer"])
def test_before_the_first_leader_there_is_none_and_all_are_needed(topology):
    row = only(control(ring(group=served(*ELSEWHERE, topology=topology))))
    assert (row["status"], row["leader"], row["term"]) == ("none", None, 0)
    assert (row["alive"], row["quorum"]) == (3, 3)


def test_groups_that_choose_no_leader_are_not_listed_and_not_explained():
    stage = control(ring(group=served(*ALL, topology="standalone")))
    assert answer(ask(stage, "elections")) == []
    for command in ("elections", "explain.election", "leader.step-down"):
        error = refusal(ask(stage, command, group=GROUP))
        assert error["message"] == f"{GROUP} chooses no leader"


def test_a_group_that_is_not_there_is_not_found():
    stage = control(ring())
    assert refusal(ask(stage, "elections", group="web.prod"))["code"] == "not-found"


# Why?


def elected(time, name):
    return Event(time, "ada", "disseminator", "election", GROUP, GROUP, "nobody", name, "")


def test_an_election_is_explained_with_since_when_and_how_long():
    stage = control(ring(group=served(*ALL)), standing(), elected(NOW - 60, "ada"))
    stage.hear(ServiceBoard((service(GROUP),))).drop()
    found = answer(ask(stage, "explain.election", group=GROUP))
    assert (found["leader_name"], found["term"], found["since"]) == ("ada", 7, NOW - 60)
    assert (found["lease_seconds"], found["arithmetic"]) == (2.5, "3 of 3 are alive, 2 are needed")
    assert (found["missing"], found["advice"]) == ([], None)
    assert found["here"] == {
        "serves": True,
        "votes": True,
        "role": "leader",
        "state": "up",
        "blocked": None,
    }
    assert [row["self"] for row in found["electorate"]] == [True, False, False]


def test_since_when_is_not_claimed_of_a_leader_whose_election_was_not_heard():
    stage = control(ring(group=served(*ALL)), elected(NOW - 60, "bob"), standing())
    assert answer(ask(stage, "explain.election", group=GROUP))["since"] is None


def test_who_is_missing_is_named_with_the_reason_and_what_to_do():
    group = served("ada", "bob-id", voters=ALL, term=7, dead=("bob-id",))
    own = standing("", "", status="no-quorum", alive=1)
    found = answer(ask(control(ring(("bob",), group), own), "explain.election", group=GROUP))
    assert found["arithmetic"] == "1 of 3 are alive, 2 are needed"
    assert found["missing"] == [
        {"id": "bob-id", "name": "bob", "why": "no answer"},
        {"id": "cyd-id", "name": "cyd", "why": "it serves in the group no more"},
    ]
    assert [row["alive"] for row in found["electorate"]] == [True, False, False]
    assert "start bob again and load the service on cyd again" in found["advice"]
    assert "habactors depart those that never come back" in found["advice"]


def test_too_few_members_are_advised_to_become_more():
    own = standing("", "", status="no-quorum", electorate=("ada",), quorum=1, alive=1)
    stage = control(ring(group=served("ada")), own)
    found = answer(ask(stage, "explain.election", group=GROUP))
    assert found["advice"] == "load the service on more nodes"
    assert found["arithmetic"] == "1 of 1 are alive, 1 is needed"


def test_a_strangers_election_is_explained_from_the_census():
    group = served(*ELSEWHERE, term=4, leader="bob-id", dead=("bob-id",))
    found = answer(ask(control(ring(("bob",), group)), "explain.election", group=GROUP))
    assert found["why"] == "bob led in term 4 and is gone; an election is under way"
    assert found["advice"].startswith("wait")
    assert found["here"] == {
        "serves": False,
        "votes": False,
        "role": None,
        "state": None,
        "blocked": None,
    }


# Orders


def test_a_leader_is_told_to_step_down_and_its_answer_is_told():
    stage = control(ring(group=served(*ALL)), standing())
    order = ask(stage, "leader.step-down", group=GROUP).take(StepDown)
    assert (order.service_group, order.to) == (GROUP, "")
    stage.hear(Answered(order.request, "ada hands redis.prod over"))
    assert answer(stage) == {"message": "ada hands redis.prod over"}


@pytest.mark.parametrize("to", ["bob", "bob-id"])
def test_a_transfer_names_its_heir_by_name_or_id(to):
    stage = control(ring(group=served(*ALL)), standing())
    order = ask(stage, "leader.transfer", group=GROUP, to=to).take(StepDown)
    assert (order.service_group, order.to) == (GROUP, "bob-id")


def test_a_transfer_to_whoever_leads_already_is_done():
    stage = control(ring(group=served(*ALL)), standing())
    told = answer(ask(stage, "leader.transfer", group=GROUP, to="ada"))
    assert told == {"message": "ada leads redis.prod already"}
    stage.hear(standing("bob-id", "follower"))
    told = answer(ask(stage, "leader.transfer", group=GROUP, to="bob"))
    assert told == {"message": "bob leads redis.prod already"}
    stage.expect_nothing()


@pytest.mark.parametrize(
    ("command", "args"), [("leader.step-down", {}), ("leader.transfer", {"to": "cyd"})]
)
def test_where_another_leads_the_error_tells_which_node_to_ask(command, args):
    own = standing("bob-id", "follower")
    for stage in (
        control(ring(group=served(*ALL)), own),
        control(ring(group=served(*ELSEWHERE, term=3, leader="bob-id"))),
    ):
        error = refusal(ask(stage, command, group=GROUP, **args))
        assert error["code"] == "conflict"
        assert error["message"] == "ada does not lead redis.prod, bob does"
        assert error["hint"] == "ask there, at the node of bob:9638"
        stage.expect_nothing()


def test_where_nobody_leads_a_node_that_serves_asks_its_election_and_another_refuses():
    stage = control(ring(group=served(*ALL)), standing("", ""))
    ask(stage, "leader.step-down", group=GROUP).take(StepDown)
    stage = control(ring(group=served(*ELSEWHERE)))
    error = refusal(ask(stage, "leader.step-down", group=GROUP))
    assert error["message"] == "nobody leads redis.prod"


@pytest.mark.parametrize("to", ["cyd", "dan"])
def test_neither_the_dead_nor_strangers_are_handed_a_group(to):
    group = served(*ALL, dead=("cyd-id",))
    stage = control(ring(("cyd",), group), standing())
    error = refusal(ask(stage, "leader.transfer", group=GROUP, to=to))
    assert error["message"] == f"{to} cannot lead redis.prod now"
    assert error["hint"] == "choose from bob"
    assert stage.take_all(Reply) == []
    stage.expect_nothing()
