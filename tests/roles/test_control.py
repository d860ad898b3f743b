"""Control alone: questions, orders that are said again, streams, and what it remembers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.commands import (
    Answered,
    ApplyConfig,
    LoadService,
    ReadBoard,
    ReadHealth,
    ServiceBoard,
    ServiceStatus,
    StopService,
)
from habactors.protocol.errands import ActorRow, CallRoll, RestartActor, Roster, StopNode
from habactors.protocol.events import Event
from habactors.protocol.hands import Asked, Reply
from habactors.protocol.health import Health
from habactors.protocol.leadership import AskLeadership
from habactors.protocol.views import GroupView, MemberView, Recount, ServiceView, Views
from habactors.roles.asks import COMMANDS
from habactors.roles.control import ORDERS_MAX, STREAMS_MAX, Control
from habactors.roles.ledger import EVENTS_MAX
from habactors.roles.unfinished import Unfollowed, Unmeasured, Unread
from tests.roles.stage import ADA, NOW, Stage

ROUTE = b"somebody"


def service(group="redis.prod", state="up", **more):
    name, _, rest = group.partition(".")
    settings = {
        "ident": f"core/{name}/7.0",
        "service": name,
        "group": rest.partition("@")[0],
        "service_group": group,
        "topology": "standalone",
        "desired": "up",
        "state": state,
        "pid": 42 if state == "up" else 0,
        "since": NOW - 5.0,
        "restarts": 0,
        "next_restart": 0.0,
        "blocked": "",
        "path": f"/data/svc/{name}",
        "config": b"{}",
    }
    return ServiceStatus(**settings | more)


def event(number, time=NOW):
    return Event(time, "ada", "census", "service", f"s{number}", f"s{number}", "down", "up", "")


MEMBERS = (
    MemberView("bob", "bob", "bob:9638", 2, int(Health.SUSPECT), False, NOW - 3, "no answer"),
    MemberView("ada", "ada", "ada:9638", 1, int(Health.ALIVE), True, NOW - 9, ""),
)
EXPORTS = b'{"port": 6379, "unset": null}'
GROUP = GroupView(
    "redis.prod",
    3,
    b"port = 1",
    "bob",
    (
        ServiceView(
            "bob",
            "redis.prod",
            "core/redis/7.0",
            1,
            "standalone",
            EXPORTS,
            b'{"ip": "b"}',
            2,
            False,
        ),
        ServiceView("ada", "redis.prod", "redis", 1, "standalone", b"no JSON", b"[]", 1, True),
    ),
)
VIEWS = Views(1, 1, whole=True, members=MEMBERS, groups=(GROUP,))
ROSTER = Roster(NOW - 60, (ActorRow("root", 7, "running", NOW - 60, 0),))


@pytest.fixture
def stage():
    """Control, which knows a small ring and one service."""
    made = Stage(Control(ADA, "")).start()
    return made.hear(VIEWS, ServiceBoard((service(),)), ROSTER).drop()


def ask(stage, command, id=1, route=ROUTE, **args):
    stage.hear(Asked(route, id, command, args))
    return stage


def answer(stage):
    """The result of the only answer, which is a good one."""
    reply = stage.take(Reply)
    assert reply.ok, reply
    assert not reply.more
    return reply.body


def refusal(stage):
    """The only answer, which is an error."""
    reply = stage.take(Reply)
    assert not reply.ok, reply
    assert reply.body.keys() == {"code", "message", "hint"}
    return reply.body


# Questions


def test_at_the_start_it_asks_for_all_that_it_shows():
    stage = Stage(Control(ADA, "")).start()
    for question in (Recount, AskLeadership, ReadBoard, CallRoll, ReadHealth):
        stage.take(question)
    stage.expect_nothing()


def test_members_are_told_in_the_shape_of_the_contract(stage):
    ada, bob = answer(ask(stage, "members"))
    assert ada == {
        "id": "ada",
        "name": "ada",
        "address": "ada:9638",
        "incarnation": 1,
        "health": "alive",
        "permanent": True,
        "self": True,
        "since": NOW - 9,
        "why": "",
    }
    assert (bob["health"], bob["self"], bob["why"]) == ("suspect", False, "no answer")


def test_the_status_is_left_to_the_hands_to_complete(stage):
    body = answer(ask(stage, "status"))
    assert isinstance(body, Unmeasured)
    assert body.status["ring"] == {"alive": 1, "suspect": 1, "confirmed": 0, "departed": 0}
    assert body.status["started"] == NOW - 60
    assert body.status["actors"] == [
        {"name": "root", "pid": 7, "state": "running", "uptime_seconds": 60.0, "restarts": 0}
    ]


def test_services_are_told_in_the_shape_of_the_contract(stage):
    board = ServiceBoard(
        (service(), service("redis.test", "backoff", restarts=3, next_restart=NOW + 4.0))
    )
    up, waiting = answer(ask(stage.hear(board), "svc.status"))
    assert up == {
        "ident": "core/redis/7.0",
        "service": "redis",
        "group": "prod",
        "service_group": "redis.prod",
        "topology": "standalone",
        "desired": "up",
        "state": "up",
        "pid": 42,
        "elapsed_seconds": 5.0,
        "health": "unknown",
        "role": None,
        "restarts": 0,
        "next_restart_seconds": None,
        "blocked": None,
        "restarted_because": None,
    }
    assert (waiting["pid"], waiting["restarts"]) == (None, 3)
    assert waiting["next_restart_seconds"] == 4.0


def test_services_are_found_by_name_and_by_name_and_group(stage):
    stage.hear(ServiceBoard((service("redis.prod@acme"), service("redis.test@acme"))))
    assert len(answer(ask(stage, "svc.status", name="redis"))) == 2
    assert len(answer(ask(stage, "svc.status", name="redis.prod"))) == 1
    assert len(answer(ask(stage, "svc.status", name="redis.prod@acme"))) == 1
    error = refusal(ask(stage, "svc.status", name="redis.dev"))
    assert error["code"] == "not-found"
    assert "redis.test@acme" in error["hint"]


def test_the_census_document_lists_everybody_whatever_members_tell_of_themselves(stage):
    document = answer(ask(stage, "census"))
    group = document["census_groups"]["redis.prod"]
    assert document["local_member_id"] == "ada"
    assert group["service_config"] == {"incarnation": 3, "value": {"port": 1}}
    bob, ada = group["population"]["bob"], group["population"]["ada"]
    assert (bob["suspect"], ada["alive"], ada["suspect"]) == (True, True, False)
    assert bob["cfg"] == {"port": 6379}
    assert bob["sys"]["ip"] == "b"
    assert ada["cfg"] == {}
    assert ada["sys"].keys() == bob["sys"].keys()
    assert bob["pkg"] == {"origin": "core", "name": "redis", "version": "7.0", "release": None}
    assert ada["pkg"]["name"] == "redis"


def test_the_census_of_one_group_has_only_that_group(stage):
    assert list(answer(ask(stage, "census", group="redis.prod"))["census_groups"]) == [
        "redis.prod"
    ]
    error = refusal(ask(stage, "census", group="redis.dev"))
    assert (error["code"], error["hint"]) == ("not-found", "there are redis.prod")


def test_a_configuration_is_shown_with_its_version_and_source(stage):
    shown = answer(ask(stage, "config.show", group="redis.prod"))
    assert shown == {
        "service_group": "redis.prod",
        "version": 3,
        "source": "bob",
        "body": "port = 1",
    }


def test_the_organization_of_the_node_completes_the_name_of_a_group():
    stage = Stage(Control(ADA, "acme")).start().hear(VIEWS, ServiceBoard(()), ROSTER).drop()
    ask(stage, "config.apply", group="redis.prod", version=1, body="")
    assert stage.take(ApplyConfig).service_group == "redis.prod@acme"
    ask(stage, "config.apply", group="redis.prod@other", version=1, body="")
    assert stage.take(ApplyConfig).service_group == "redis.prod@other"


def test_questions_wait_until_all_have_said_what_they_know():
    stage = Stage(Control(ADA, "")).start().drop()
    ask(stage, "members").hear(VIEWS, ROSTER).expect_nothing()
    stage.hear(ServiceBoard(()))
    assert len(answer(stage)) == 2


def test_an_actor_that_says_nothing_delays_answers_only_a_little():
    stage = Stage(Control(ADA, "")).start().drop()
    ask(stage, "members").hear(ROSTER)
    ask(stage, "svc.status", id=2, name="redis")
    stage.wait(0.9).expect_nothing()
    stage.wait(0.2)
    members, services = stage.take_all(Reply)
    assert members.body == []
    assert services.body["code"] == "not-found"


# What cannot be asked


@pytest.mark.parametrize(
    ("command", "args", "says"),
    [
        ("membres", {}, "did you mean members?"),
        ("butterflies", {}, "no command 'butterflies'"),
        ("", {}, "there are members"),
        ("svc.status", {"nam": "x"}, "did you mean name?"),
        ("svc.stop", {}, "lacks its argument name"),
        ("svc.stop", {"name": 7}, "name of svc.stop is wrong"),
        ("svc.stop", {"name": ""}, "name of svc.stop is wrong"),
        ("members", {"timeout": 0}, "timeout of members is wrong"),
        ("members", {"timeout": "soon"}, "timeout of members is wrong"),
        ("svc.load", {"package": "x", "topology": "ring"}, "topology of svc.load is wrong"),
        ("svc.load", {"package": "x", "group": "../x"}, "name of a group"),
        ("svc.load", {"package": "x", "wait": "ready"}, "wait of svc.load is wrong"),
        ("svc.logs", {"name": "x", "lines": -1}, "lines of svc.logs is wrong"),
        ("events", {"since": -1.0}, "since of events is wrong"),
        ("config.apply", {"group": "a.b", "version": 0, "body": ""}, "version of config.apply"),
        ("config.apply", {"group": "a.b", "version": 2**63, "body": ""}, "version of config"),
        ("config.apply", {"group": "a.b", "version": "new", "body": ""}, "version of config"),
    ],
)
def test_what_cannot_be_asked_is_refused_as_wrong_usage(stage, command, args, says):
    error = refusal(ask(stage, command, **args))
    assert error["code"] == "usage"
    assert says in f"{error['message']}: {error['hint']}"
    stage.expect_nothing()


@pytest.mark.parametrize(
    "group", ["redis", "redis.", ".prod", "a.b.c", "a.b@", "a.b@c@d", "a.b#c", "a b.c", "a.b\n"]
)
def test_a_group_that_is_no_service_group_is_wrong_usage(stage, group):
    for command, args in (("config.show", {}), ("config.apply", {"version": 1, "body": ""})):
        error = refusal(ask(stage, command, group=group, **args))
        assert error["code"] == "usage"
        assert "service.group" in error["hint"]


@given(
    command=st.one_of(st.sampled_from(sorted(COMMANDS)), st.text(max_size=20)),
    args=st.dictionaries(
        st.one_of(
            st.sampled_from(["name", "group", "version", "body", "timeout", "follow"]), st.text()
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    ),
)
def test_nothing_that_can_be_asked_harms_control(command, args):
    stage = Stage(Control(ADA, "")).start().hear(VIEWS, ServiceBoard(()), ROSTER).drop()
    stage.hear(Asked(ROUTE, 1, command, args)).drop()
    assert len(answer(ask(stage, "members", id=2))) == 2


# Configurations


def test_a_configuration_goes_to_the_disseminator_and_its_version_comes_back(stage):
    ask(stage, "config.apply", group="redis.prod", version="auto", body="port = 2112")
    order = stage.take(ApplyConfig)
    assert (order.service_group, order.version, order.body) == ("redis.prod", 0, b"port = 2112")
    stage.hear(Answered(order.request, "accepted: version 4 stands", version=4))
    assert answer(stage) == {"message": "accepted: version 4 stands", "version": 4}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("port = = 1", "line 1, column 8: "),
        ("port = 1\nhost", "line 2, column 5: "),
        ("x = '''", "line 1, column 8: "),
        ("x = " + "[" * 40 + "]" * 40, "deep"),
    ],
)
def test_a_body_that_is_no_toml_is_refused_with_its_place(stage, body, says):
    error = refusal(ask(stage, "config.apply", group="redis.prod", version=1, body=body))
    assert error["code"] == "invalid"
    assert says in error["message"]


def test_a_body_may_have_just_so_many_bytes(stage):
    fits = "#" + "x" * 65_535
    ask(stage, "config.apply", group="redis.prod", version=1, body=fits)
    assert len(stage.take(ApplyConfig).body) == 65_536
    error = refusal(ask(stage, "config.apply", group="redis.prod", version=1, body=fits + "x"))
    assert error["code"] == "too-large"
    assert "65,536" in error["message"]


# Orders


def test_an_order_is_said_again_every_second_until_it_is_answered(stage):
    ask(stage, "svc.stop", name="redis")
    stage.wait(3.5)
    orders = stage.take_all(StopService)
    assert len(orders) == 4
    assert len({order.request for order in orders}) == 1
    stage.hear(Answered(orders[0].request, "redis.prod is stopped"))
    assert answer(stage) == {"message": "redis.prod is stopped"}
    stage.wait(60).expect_nothing()


def test_the_number_of_an_order_is_never_used_again(stage):
    numbers = []
    for _ in range(50):
        ask(stage, "stop")
        numbers.append(stage.take(StopNode).request)
    other = Stage(Control(ADA, ""), now=NOW + 0.001).start()
    ask(other, "stop")
    numbers.append(other.take(StopNode).request)
    assert len({*numbers}) == 51
    assert all(0 < number < 2**48 for number in numbers)


def test_a_refused_order_comes_back_with_code_message_and_hint(stage):
    ask(stage, "actor.restart", name="census")
    order = stage.take(RestartActor)
    assert order.actor == "census"
    stage.hear(Answered(order.request, "there is no actor census", "not-found", "look again"))
    expected = {"code": "not-found", "message": "there is no actor census", "hint": "look again"}
    assert refusal(stage) == expected


def test_an_order_that_nobody_answers_times_out_at_its_limit(stage):
    ask(stage, "svc.stop", name="redis", timeout=2.5)
    stage.wait(2.4)
    assert len(stage.take_all(StopService)) == 3
    stage.expect_nothing()
    stage.wait(0.2)
    error = refusal(stage)
    assert error["code"] == "timed-out"
    assert "2.5 s" in error["message"]
    stage.wait(60).expect_nothing()


def test_a_late_or_repeated_answer_is_of_no_concern(stage):
    ask(stage, "svc.stop", name="redis", timeout=1)
    number = stage.wait(5).take_all(StopService)[0].request
    refusal(stage)
    late = Answered(number, "redis.prod is stopped")
    stage.hear(late, late, Answered(12345, "whatever")).expect_nothing()


def test_a_control_that_stood_still_over_both_deadlines_times_out_once(stage):
    ask(stage, "svc.stop", name="redis", timeout=5)
    stage.drop().wake_late(100)
    assert refusal(stage)["code"] == "timed-out"


def test_orders_of_a_client_that_left_are_forgotten(stage):
    ask(stage, "svc.stop", name="redis")
    number = stage.take(StopService).request
    ask(stage, "cancel").drop()
    stage.hear(Answered(number, "redis.prod is stopped")).expect_nothing()
    stage.wait(60).expect_nothing()


def test_the_number_of_orders_on_their_way_is_bounded(stage):
    for number in range(ORDERS_MAX):
        ask(stage, "stop", id=number)
    ask(stage.drop(), "stop", id=-1)
    assert refusal(stage)["code"] == "busy"


# Loading with a wait


def load(stage, **args):
    """Ask for a service, and have it loaded; what became of it is still open."""
    ask(stage, "svc.load", package="core/hello", group="prod", wait="up", **args)
    order = stage.take(LoadService)
    stage.hear(Answered(order.request, "hello.prod is loaded"))
    stage.take(ReadBoard)
    stage.expect_nothing()
    return order


def test_a_load_with_wait_is_answered_when_the_service_is_up(stage):
    load(stage)
    stage.hear(ServiceBoard((service("hello.prod", "initializing"),))).expect_nothing()
    stage.hear(ServiceBoard((service("hello.prod", "up"),)))
    assert answer(stage) == {"message": "hello.prod is up, pid 42"}
    stage.wait(60).expect_nothing()


def test_a_load_with_wait_fails_when_the_service_fails(stage):
    load(stage)
    failed = service("hello.prod", "backoff", restarted_because="exit code 3")
    stage.hear(ServiceBoard((failed,)))
    error = refusal(stage)
    assert error["code"] == "failed"
    assert "exit code 3" in error["message"]


def test_a_load_with_wait_fails_when_the_service_is_unloaded_meanwhile(stage):
    load(stage)
    assert "unloaded" in refusal(stage.hear(ServiceBoard(())))["message"]


def test_a_load_with_wait_says_at_the_limit_why_the_service_is_not_up(stage):
    load(stage, timeout=4)
    waiting = service("hello.prod", "waiting", blocked="waits for redis.prod")
    stage.hear(ServiceBoard((waiting,))).wait(5)
    error = refusal(stage)
    assert error["code"] == "timed-out"
    assert "waits for redis.prod" in error["message"]
    assert error["hint"] == "look at habactors svc status hello.prod"


def test_a_load_that_is_refused_waits_for_nothing(stage):
    ask(stage, "svc.load", package="core/hello", wait="up")
    number = stage.take(LoadService).request
    stage.hear(Answered(number, "there is no package", "not-found", ""))
    assert refusal(stage)["code"] == "not-found"


# Events and streams


def test_events_are_told_from_any_time_on(stage):
    stage.hear(event(1, NOW - 100), event(2, NOW - 10), event(3, NOW))
    assert [row["subject"] for row in answer(ask(stage, "events"))] == ["s1", "s2", "s3"]
    found = answer(ask(stage, "events", since=10))
    assert [row["subject"] for row in found] == ["s2", "s3"]
    assert found[0] == {
        "time": NOW - 10,
        "node": "ada",
        "actor": "census",
        "kind": "service",
        "subject": "s2",
        "name": "s2",
        "from": "down",
        "to": "up",
        "why": "",
    }


def test_a_stream_of_events_goes_on_until_the_client_has_enough(stage):
    stage.hear(event(1))
    ask(stage, "events", id="stream", follow=True).expect_nothing()
    stage.hear(event(2))
    reply = stage.take(Reply)
    assert (reply.route, reply.id, reply.more) == (ROUTE, "stream", True)
    assert reply.body["subject"] == "s2"
    ask(stage, "cancel", id="stream")
    assert answer(stage) is None
    stage.hear(event(3)).expect_nothing()


def test_a_stream_begins_with_the_past_when_it_is_asked_for(stage):
    stage.hear(event(1, NOW - 100), event(2, NOW - 1))
    ask(stage, "events", follow=True, since=10)
    assert stage.take(Reply).body["subject"] == "s2"


def test_the_cancel_of_one_client_ends_nobody_elses_stream(stage):
    ask(stage, "events", follow=True, route=b"one")
    ask(stage, "events", follow=True, route=b"other")
    ask(stage, "cancel", route=b"one").drop()
    stage.hear(event(1))
    assert stage.take(Reply).route == b"other"


def test_the_number_of_streams_is_bounded(stage):
    for number in range(STREAMS_MAX):
        ask(stage, "events", id=number, follow=True)
    assert refusal(ask(stage, "svc.logs", id=-1, name="redis", follow=True))["code"] == "busy"


def test_events_survive_a_restart_and_only_the_latest_are_kept(stage):
    for number in range(EVENTS_MAX + 20):
        stage.hear(event(number))
    assert len(stage.records) == EVENTS_MAX
    stage.restart(Control(ADA, "")).hear(VIEWS, ServiceBoard(()), ROSTER).drop()
    stage.hear(event(-1))
    found = [row["subject"] for row in answer(ask(stage, "events"))]
    assert found == [f"s{number}" for number in range(21, EVENTS_MAX + 20)] + ["s-1"]
    assert len(stage.records) == EVENTS_MAX


def test_a_damaged_record_costs_one_event(stage):
    stage.hear(event(1), event(2), event(3))
    stage.records["event/1"] = stage.records["event/1"][:-3]
    stage.records["event/77"] = b""
    stage.restart(Control(ADA, "")).hear(VIEWS, ServiceBoard(()), ROSTER).drop()
    assert [row["subject"] for row in answer(ask(stage, "events"))] == ["s1", "s3"]


def test_the_logs_of_a_service_are_left_to_the_hands_to_read(stage):
    assert answer(ask(stage, "svc.logs", name="redis", lines=7)) == Unread("/data/svc/redis", 7)


def test_logs_of_a_name_that_two_services_bear_are_refused(stage):
    stage.hear(ServiceBoard((service("redis.prod"), service("redis.test"))))
    error = refusal(ask(stage, "svc.logs", name="redis"))
    assert error["code"] == "ambiguous"
    assert "redis.prod, redis.test" in error["message"]


def test_logs_are_looked_at_again_only_while_somebody_follows(stage):
    ask(stage, "svc.logs", id=1, name="redis", follow=True)
    assert stage.take(Reply) == Reply(ROUTE, 1, True, Unread("/data/svc/redis", 50), more=True)
    stage.wait(1.0)
    looks = stage.take_all(Reply)
    assert 3 <= len(looks) <= 5
    assert {look.body for look in looks} == {Unfollowed("/data/svc/redis")}
    ask(stage, "cancel", id=1).drop()
    assert stage.role.out.wake is None


def test_an_idle_control_sleeps(stage):
    assert stage.role.out.wake is None
