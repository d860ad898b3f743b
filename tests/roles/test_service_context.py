"""Do templates see what they see in Habitat?"""

import msgspec
import pytest

from habactors.protocol.files import Package
from habactors.protocol.health import Health
from habactors.protocol.views import GroupView, ServiceView
from habactors.roles.context import Places, context, split
from habactors.template import compile as compile_template

PACKAGE = Package(
    path="/packages/web",
    origin="core",
    name="web",
    version="1.0",
    release="20240101000000",
    run="web --fast",
    user="www",
    group="web",
    exports={"ssl": "tls.port", "port": "port"},
    exposes=("port",),
)

SYS = {
    "version": "1.2",
    "member_id": "bob",
    "ip": "10.0.0.2",
    "hostname": "bob.example",
    "gossip_ip": "10.0.0.2",
    "gossip_port": 9638,
    "http_gateway_ip": "127.0.0.1",
    "http_gateway_port": 9631,
    "ctl_gateway_ip": "",
    "ctl_gateway_port": 0,
    "permanent": True,
}

PLACES = Places("/data/svc", sys=SYS)


def view(member_id, health=Health.ALIVE, ident="core/web/1.0/20240101000000", **cfg):
    return ServiceView(
        member_id,
        "web.prod@acme",
        ident,
        3,
        "standalone",
        msgspec.json.encode(cfg),
        msgspec.json.encode({"ip": f"10.0.0.{ord(member_id[0]) - 96}", "hostname": member_id}),
        int(health),
        permanent=member_id == "ann",
    )


GROUP = GroupView(
    "web.prod@acme",
    4,
    b"",
    "eve",
    (
        view("ann", port=81),
        view("bob", port=82),
        view("cat", Health.SUSPECT, port=83),
        view("dan", Health.CONFIRMED),
        view("eve", Health.DEPARTED),
    ),
)


@pytest.fixture
def roots():
    return context(PLACES, PACKAGE, "web", GROUP, {"port": 82, "tls": {"port": 443}})


def render(roots, source):
    return compile_template(source, "test").render(roots, strict=True)


def test_the_roots_are_those_of_habitat(roots):
    assert set(roots) == {"sys", "pkg", "cfg", "svc", "bind"}
    assert roots["sys"] == SYS
    assert roots["cfg"] == {"port": 82, "tls": {"port": 443}}
    assert roots["bind"] == {}


def test_a_package_knows_itself_and_its_folders(roots):
    assert roots["pkg"] == {
        "ident": "core/web/1.0/20240101000000",
        "origin": "core",
        "name": "web",
        "version": "1.0",
        "release": "20240101000000",
        "deps": [],
        "env": {},
        "exposes": ["port"],
        "exports": {"port": "port", "ssl": "tls.port"},
        "path": "/packages/web",
        "svc_path": "/data/svc/web",
        "svc_config_path": "/data/svc/web/config",
        "svc_data_path": "/data/svc/web/data",
        "svc_files_path": "/data/svc/web/files",
        "svc_static_path": "/data/svc/web/static",
        "svc_var_path": "/data/svc/web/var",
        "svc_pid_file": "/data/svc/web/PID",
        "svc_run": "web --fast",
        "svc_user": "www",
        "svc_group": "web",
    }
    assert list(roots["pkg"]["exports"]) == ["port", "ssl"]


def test_a_service_knows_its_group(roots):
    svc = roots["svc"]
    assert (svc["service"], svc["group"], svc["org"]) == ("web", "prod", "acme")
    assert svc["leader"] is None
    assert [member["member_id"] for member in svc["members"]] == ["ann", "bob", "cat"]
    assert svc["first"] is svc["members"][0]
    assert svc["me"] is svc["members"][1]


def test_a_member_has_all_that_habitat_tells_of_one(roots):
    assert roots["svc"]["members"][0] == {
        "member_id": "ann",
        "package": "core/web/1.0/20240101000000",
        "pkg": {"origin": "core", "name": "web", "version": "1.0", "release": "20240101000000"},
        "pkg_incarnation": 0,
        "service": "web",
        "group": "prod",
        "org": "acme",
        "persistent": True,
        "leader": False,
        "follower": False,
        "update_leader": False,
        "update_follower": False,
        "election_is_running": False,
        "election_is_no_quorum": False,
        "election_is_finished": False,
        "update_election_is_running": False,
        "update_election_is_no_quorum": False,
        "update_election_is_finished": False,
        "sys": {"ip": "10.0.0.1", "hostname": "ann"},
        "cfg": {"port": 81},
        "alive": True,
        "suspect": False,
        "confirmed": False,
        "departed": False,
    }


def test_the_suspect_are_still_members_and_the_dead_are_not(roots):
    cat = roots["svc"]["members"][2]
    assert (cat["member_id"], cat["alive"], cat["suspect"]) == ("cat", False, True)


def test_an_ident_without_all_its_parts_leaves_the_rest_empty():
    group = GroupView("web.prod@acme", 0, b"", "", (view("bob", ident="core/web"),))
    member = context(PLACES, PACKAGE, "web", group, {})["svc"]["me"]
    assert member["pkg"] == {"origin": "core", "name": "web", "version": "", "release": ""}


def test_who_is_not_listed_yet_sees_no_self_and_no_first():
    group = GroupView("web.prod", 0, b"", "", ())
    svc = context(PLACES, PACKAGE, "web", group, {})["svc"]
    assert (svc["me"], svc["first"], svc["members"], svc["org"]) == (None, None, [], None)


def test_nothing_but_the_census_and_the_configuration_makes_a_difference(roots):
    again = context(PLACES, PACKAGE, "web", GROUP, {"port": 82, "tls": {"port": 443}})
    assert again == roots
    members = tuple(
        view(one.member_id, Health.ALIVE if one.member_id != "ann" else Health.SUSPECT, port=1)
        for one in GROUP.members
    )
    other = msgspec.structs.replace(GROUP, members=members)
    assert context(PLACES, PACKAGE, "web", other, {}) != roots


def test_templates_written_for_habitat_find_what_they_look_for(roots):
    source = (
        "{{#eachAlive svc.members as |m|}}{{m.sys.ip}}:{{m.cfg.port}}"
        "{{#unless @last}},{{/unless}}{{/eachAlive}}"
        " {{sys.ip}} {{pkg.svc_data_path}} {{cfg.tls.port}} {{svc.me.member_id}}"
        "{{#if svc.me.leader}} leads{{/if}}{{#if bind.db}} {{bind.db.first.sys.ip}}{{/if}}"
    )
    assert render(roots, source) == ("10.0.0.1:81,10.0.0.2:82 10.0.0.2 /data/svc/web/data 443 bob")


@pytest.mark.parametrize(
    ("service_group", "parts"),
    [
        ("web.default", ("web", "default", None)),
        ("web.default@acme", ("web", "default", "acme")),
        ("web.a.b@c", ("web", "a.b", "c")),
    ],
)
def test_a_service_group_has_its_parts(service_group, parts):
    assert split(service_group) == parts
