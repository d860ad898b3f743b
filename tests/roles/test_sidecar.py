"""The sidecar on a stage: what it asks for, what it shows, and when that changes."""

import json

import msgspec
import pytest

from habactors.config import ServicesConfig
from habactors.protocol.commands import ReadBoard, ReadHealth, ServiceBoard, ServiceStatus
from habactors.protocol.electorate import Electorate
from habactors.protocol.errands import ActorRow, CallRoll, Roster
from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.leadership import AskLeadership, Leadership
from habactors.protocol.views import GroupView, MemberView, Recount, ServiceView, Views
from habactors.roles.context import Places
from habactors.roles.service_document import HEALTH_CODES, health_document
from habactors.roles.sidecar import Sidecar
from tests import habitat
from tests.roles.stage import ADA, NOW, Stage

SYS = {
    **dict.fromkeys(("ip", "gossip_ip", "http_gateway_ip", "ctl_gateway_ip"), "10.0.0.1"),
    **dict.fromkeys(("gossip_port", "http_gateway_port", "ctl_gateway_port"), 9638),
    **dict.fromkeys(("hostname", "member_id", "version"), "ada"),
    "permanent": False,
}
PLACES = Places(svc_dir="/data/svc", sys=SYS)

REDIS = ServiceStatus(
    ident="core/redis/7.0/20240101000000",
    service="redis",
    group="default",
    service_group="redis.default",
    topology="standalone",
    desired="up",
    state="up",
    pid=4711,
    since=NOW - 5,
    restarts=0,
    next_restart=0.0,
    blocked="",
    path="/data/svc/redis",
    config=b'{"port": 6379, "hosts": ["a"], "tls": {"on": false, "ratio": 0.5}}',
)
ROSTER = Roster(NOW - 60, (ActorRow("root", 1, "running", NOW - 60, 0),))


def status(**changes):
    return msgspec.structs.replace(REDIS, **changes)


def viewed(name, health=Health.ALIVE):
    return MemberView(name, name, f"{name}:9638", 1, int(health), False, NOW, "")


def serving(*names, group="redis.default", dead=()):
    members = tuple(
        ServiceView(
            name,
            group,
            REDIS.ident,
            1,
            "standalone",
            b'{"port":1}',
            b"{}",
            int(Health.CONFIRMED if name in dead else Health.ALIVE),
            False,
        )
        for name in names
    )
    return GroupView(group, 0, b"", "", members)


def led(group, leader, term=4):
    """The group with the outcome of an election in which all its members could vote."""
    electorate = Electorate(term, 0, tuple(member.member_id for member in group.members))
    return msgspec.structs.replace(group, term=term, leader=leader, electorate=electorate)


def whole(version, members, groups=()):
    return Views(1, version, True, tuple(members), tuple(groups))


def change(version, **changes):
    return Views(1, version, False, **{"members": (), "groups": (), **changes})


@pytest.fixture
def stage():
    return Stage(Sidecar(ADA, ServicesConfig(), PLACES)).start().drop()


def body(document):
    return json.loads(document.body)


def item(role, loaded):
    shown = role.document(loaded)
    habitat.check(json.loads(json.dumps(shown)), habitat.SERVICE)
    return shown


def test_at_its_start_it_asks_for_everything():
    stage = Stage(Sidecar(ADA)).start()
    for question in (Recount, AskLeadership, ReadBoard, CallRoll, ReadHealth):
        stage.take(question)
    stage.expect_nothing()


def test_it_is_ready_when_census_and_roster_were_heard(stage):
    assert not stage.role.shown.ready
    stage.hear(whole(1, [viewed("ada")]))
    assert not stage.role.shown.ready
    stage.hear(ROSTER)
    assert stage.role.shown.ready


def test_before_it_heard_anything_its_documents_are_empty_but_whole(stage):
    census = body(stage.role.shown.census)
    habitat.check(census, habitat.CENSUS)
    assert census["census_groups"] == {}
    assert body(stage.role.shown.services) == []


def test_the_census_follows_every_change(stage):
    stage.hear(whole(1, [viewed("ada"), viewed("bob")], [serving("ada", "bob")]))
    population = body(stage.role.shown.census)["census_groups"]["redis.default"]["population"]
    assert population.keys() == {"ada", "bob"}
    stage.hear(change(2, groups=(serving("ada"),), gone_members=("bob",)))
    census = body(stage.role.shown.census)
    habitat.check(census, habitat.CENSUS)
    assert census["census_groups"]["redis.default"]["population"].keys() == {"ada"}
    stage.hear(change(3, gone_groups=("redis.default",)))
    assert body(stage.role.shown.census)["census_groups"] == {}


def test_the_census_tells_who_leads_and_who_follows(stage):
    group = led(serving("ada", "bob", "cyd"), "bob")
    stage.hear(whole(1, [viewed("ada"), viewed("bob"), viewed("cyd")], [group]))
    census = body(stage.role.shown.census)
    habitat.check(census, habitat.CENSUS)
    shown = census["census_groups"]["redis.default"]
    assert (shown["election_status"], shown["leader_id"]) == ("ElectionFinished", "bob")
    flags = {name: (row["leader"], row["follower"]) for name, row in shown["population"].items()}
    assert flags == {"ada": (False, True), "bob": (True, False), "cyd": (False, True)}
    assert all(row["election_is_finished"] for row in shown["population"].values())


@pytest.mark.parametrize(
    ("dead", "status", "flag"),
    [
        ("b", "ElectionInProgress", "election_is_running"),
        ("bc", "ElectionNoQuorum", "election_is_no_quorum"),
        ("ac", "ElectionNoQuorum", "election_is_no_quorum"),
    ],
)
def test_the_census_tells_that_nobody_leads_and_whether_anybody_could(stage, dead, status, flag):
    names = ("ada", "bob", "cyd")
    group = led(serving(*names, dead=[name for name in names if name[0] in dead]), "bob")
    stage.hear(whole(1, map(viewed, names), [group]))
    census = body(stage.role.shown.census)
    habitat.check(census, habitat.CENSUS)
    shown = census["census_groups"]["redis.default"]
    assert (shown["election_status"], shown["leader_id"]) == (status, None)
    for row in shown["population"].values():
        raised = [name for name in row if name.startswith("election_is_") and row[name]]
        assert raised == [flag]
        assert not row["leader"]
        assert not row["follower"]


def test_a_leader_that_gave_up_is_none(stage):
    stage.hear(whole(1, [viewed("ada")], [led(serving("ada", "bob", "cyd"), "")]))
    shown = body(stage.role.shown.census)["census_groups"]["redis.default"]
    assert (shown["election_status"], shown["leader_id"]) == ("ElectionInProgress", None)


def test_leadership_changes_no_document_but_the_ledger(stage):
    stage.hear(whole(1, [viewed("ada")], [serving("ada")]))
    before = stage.role.shown
    stage.hear(
        Leadership("redis.default", 1, "ada", "leader", NOW + 3, "finished", ("ada",), 1, 1, "")
    )
    assert stage.role.shown.census is before.census
    assert before.ledger.leaderships == {}
    assert stage.role.shown.ledger.leaderships["redis.default"].leader == "ada"


def test_a_gap_is_asked_about_and_what_was_shown_stays(stage):
    stage.hear(whole(1, [viewed("ada")], [serving("ada")]))
    stage.hear(change(3, gone_groups=("redis.default",)))
    stage.take(Recount)
    assert "redis.default" in body(stage.role.shown.census)["census_groups"]


def test_what_was_shown_does_not_change_under_its_reader(stage):
    stage.hear(whole(1, [viewed("ada")], [serving("ada")]), ServiceBoard((REDIS,)))
    before = stage.role.shown
    stage.hear(
        change(2, members=(viewed("bob", Health.SUSPECT),), gone_groups=("redis.default",)),
        ServiceBoard(()),
        Event(NOW, "ada", "detector", "member", "bob", "bob", "alive", "suspect", ""),
    )
    assert before.ledger.members.keys() == {"ada"}
    assert not before.ledger.events
    assert "redis.default" in body(before.census)["census_groups"]
    assert body(before.services)[0]["service_group"] == "redis.default"
    assert before.service("redis.default")
    assert stage.role.shown.service("redis.default") is None


def test_a_document_is_built_once_and_only_anew_when_it_changed(stage):
    stage.hear(whole(1, [viewed("ada")], [serving("ada")]), ServiceBoard((REDIS,)))
    census, services = stage.role.shown.census, stage.role.shown.services
    assert census.body is census.body
    stage.hear(Event(NOW, "ada", "root", "actor", "wire", "wire", "running", "backoff", ""))
    stage.hear(ROSTER)
    assert stage.role.shown.census is census
    assert stage.role.shown.services is services
    stage.hear(ServiceBoard(()))
    assert stage.role.shown.census is census
    assert stage.role.shown.services is not services


def test_a_running_service_has_every_field_of_habitat(stage):
    shown = item(stage.role, REDIS)
    assert shown["process"] == {"pid": 4711, "state": "up", "state_entered": int(NOW) - 5}
    assert shown["health_check"] == "Ok"
    assert shown["desired_state"] == "Up"
    assert shown["cfg"] == json.loads(REDIS.config)
    assert shown["sys"] == SYS
    assert shown["pkg"]["version"] == "7.0"
    assert shown["manager_fs_cfg"]["member_id_file"] == "/data/MEMBER_ID"
    assert shown["restart_config"]["max_backoff_period"] == {"secs": 60, "nanos": 0}


@pytest.mark.parametrize("state", ["down", "waiting", "initializing", "stopping", "parked"])
def test_a_service_without_a_process_is_down_and_critical(stage, state):
    shown = item(stage.role, status(state=state, pid=0, desired="down"))
    assert shown["process"]["pid"] is None
    assert shown["process"]["state"] == "down"
    assert (shown["desired_state"], shown["health_check"]) == ("Down", "Critical")
    assert not shown["initialized"]


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("exit code 1", "run_hook_failed"),
        ("its configuration changed", "app_config_updated"),
        ("its run hook changed", "run_hook_updated"),
    ],
)
def test_a_service_in_backoff_tells_of_its_last_process_and_the_next(stage, why, reason):
    waiting = status(
        state="backoff", pid=0, restarts=3, next_restart=NOW + 4, restarted_because=why
    )
    shown = item(stage.role, waiting)
    assert shown["last_process_state"]["termination_reason"] == reason
    assert shown["last_process_state"]["terminated_at"] == int(NOW) - 5
    assert shown["next_restart_at"] == int(NOW) + 4
    assert shown["restart_count"] == 3


def test_the_initializer_topology_is_shown_as_leader(stage):
    assert item(stage.role, status(topology="initializer"))["topology"] == "leader"
    assert item(stage.role, status(topology="leader"))["topology"] == "leader"


def test_fractions_on_the_first_level_become_text_or_whole_numbers(stage):
    shown = item(stage.role, status(config=b'{"half": 0.5, "two": 2.0, "none": null}'))
    assert shown["cfg"] == {"half": "0.5", "two": 2, "none": None}
    assert type(shown["cfg"]["two"]) is int


def test_a_service_whose_package_was_not_found_is_shown_too(stage):
    shown = item(stage.role, status(ident="redis", state="waiting", pid=0, since=0.0, config=b""))
    assert shown["pkg"]["name"] == "redis"
    assert shown["cfg"] == {}


def test_without_places_the_item_is_whole_all_the_same():
    item(Sidecar(ADA), REDIS)


def test_health_is_that_of_the_process():
    up, down = health_document(REDIS), health_document(status(pid=0, state="backoff"))
    for health in (up, down):
        habitat.check(health, habitat.HEALTH)
    assert HEALTH_CODES[up["status"]] == 200
    assert HEALTH_CODES[down["status"]] == 503
    assert HEALTH_CODES["UNKNOWN"] == 500
    assert HEALTH_CODES["WARNING"] == 200
