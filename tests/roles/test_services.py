"""Does what is wanted come to be, once, whoever dies in between?"""

import pytest
from msgspec.structs import replace

from habactors.config import ServiceLoad
from habactors.protocol.commands import (
    LoadService,
    ReadBoard,
    RestartService,
    ServiceBoard,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.errands import Ended, Halt, Running, Spawn, StopServices
from habactors.protocol.files import Fetch
from habactors.protocol.health import Health
from habactors.protocol.news import Offer, Withdraw
from habactors.protocol.views import ServiceView, Views
from habactors.roles.hook import HOOK_SECONDS
from habactors.roles.orders import ANSWERS_MAX
from habactors.roles.preparation import RETRY_SECONDS
from habactors.roles.services import RECOVERY_SECONDS
from habactors.roles.steps import REPEAT_SECONDS
from tests.roles.services_host import DB, ME, WEB, Host, lose_first, records

JOB = "web.default/run"
HOOK = "web.default/reconfigure"


def loaded(*packages, **named):
    """A host with the service web.default up."""
    host = Host(*packages, **named)
    assert host.order(LoadService, "web").code == ""
    assert host.state() == "up"
    host.take(object)
    return host


def with_hook():
    return loaded(replace(WEB, hooks=("reconfigure", "run")))


# Loading


def test_a_loaded_service_is_told_to_the_ring_rendered_and_started():
    host = Host()
    answer = host.order(LoadService, "web")
    assert (answer.message, answer.code) == ("web.default is loaded", "")
    row = host.row()
    assert (row.state, row.desired, row.pid) == ("up", "up", host.pid())
    assert (row.ident, row.service, row.group) == ("core/web/1.0", "web", "default")
    assert (row.blocked, row.path) == ("", "/svc/web")
    assert host.shelf.listening == ["web"]
    assert [type(letter) for letter in host.said if isinstance(letter, (Offer, Spawn))] == [
        Offer,
        Spawn,
    ]


def test_it_is_started_with_all_that_it_needs_to_know():
    host = Host(replace(WEB, user="www", group="web"))
    host.census.configure("web.blue", unused=1)
    host.order(LoadService, "web", "blue")
    (spawn,) = host.take(Spawn)
    assert spawn == Spawn(
        "web.blue/run",
        ("/svc/web/hooks/run",),
        "/svc/web",
        {
            "PATH": "/bin",
            "HABACTORS_SERVICE_GROUP": "web.blue",
            "HABACTORS_MEMBER_ID": "ada",
            "HABACTORS_CONFIG_VERSION": "1",
            "HABACTORS_TERM": "",
            "HABACTORS_ROLE": "",
        },
        "/svc/web/logs/output.fifo",
        "/svc/web/PID",
        "www",
        "web",
    )


def test_the_group_may_have_an_organization():
    host = Host()
    host.role.places = replace(host.role.places, organization="acme")
    host.order(LoadService, "web")
    assert host.row("web.default@acme").state == "up"
    assert host.order(StopService, "web.default").message == "web.default@acme is stopped"


def test_what_is_loaded_already_is_refused():
    host = loaded()
    pid = host.pid()
    answer = host.order(LoadService, "core/web")
    assert (answer.code, answer.message) == ("conflict", "web.default is already loaded")
    assert "--force" in answer.hint
    assert host.pid() == pid


def test_with_force_it_is_loaded_again_and_restarted():
    host = loaded()
    host.shelf.packages["web"] = replace(WEB, version="2.0", shutdown_signal="QUIT")
    answer = host.order(LoadService, "web", force=True)
    assert answer.code == ""
    host.run(2.0)
    assert host.row().ident == "core/web/2.0"
    assert (host.starts(), host.state()) == (2, "up")
    assert {halt.signal for halt in host.take(Halt)} == {"QUIT"}


def test_force_restarts_and_renders_even_what_seems_to_be_the_same():
    host = loaded()
    host.shelf.renderings.clear()
    host.order(LoadService, "web", force=True)
    host.run(2.0)
    assert (host.starts(), host.state()) == (2, "up")
    assert host.shelf.renderings


def test_an_unknown_package_changes_nothing():
    host = Host()
    answer = host.order(LoadService, "webb")
    assert (answer.code, answer.message) == ("not-found", "no package webb")
    assert answer.hint == "did you mean core/web?"
    assert host.board.services == ()
    assert not host.root.heard


def test_force_with_a_package_that_cannot_be_read_changes_nothing():
    host = loaded()
    del host.shelf.packages["web"]
    assert host.order(LoadService, "web", force=True).code == "not-found"
    host.run(60)
    assert (host.starts(), host.state()) == (1, "up")


def test_a_topology_that_is_not_there_yet_is_refused():
    host = Host()
    answer = host.order(LoadService, "web", topology="initializer")
    assert answer.code == "not-supported"
    load = ServiceLoad("web", topology="initializer")
    host = Host(loads=[load]).run()
    assert host.board.services == ()
    assert "no topology initializer" in host.whys("not loaded")[0]


@pytest.mark.parametrize("group", ["", "a/b", "../x", "a.b", "a b", "a@b", "x" * 65, "a\n"])
def test_a_group_that_is_no_word_is_refused(group):
    assert Host().order(LoadService, "web", group).code == "bad-group"


def test_two_groups_of_a_package_have_folders_of_their_own():
    host = loaded()
    host.order(LoadService, "web", "blue")
    assert [row.path for row in host.board.services] == ["/svc/web", "/svc/web.blue"]
    assert host.shelf.listening == ["web", "web.blue"]
    answer = host.order(StopService, "web")
    assert (answer.code, answer.message) == ("ambiguous", "web could be web.default, web.blue")


def test_services_of_the_settings_are_loaded_at_the_start():
    host = Host(loads=[ServiceLoad("web"), ServiceLoad("nothing")]).run()
    assert host.state() == "up"
    assert host.whys("not loaded") == ["no package nothing: did you mean core/web?"]
    pid = host.pid()
    host.start().run(5.0)
    assert (host.pid(), host.starts()) == (pid, 1)


def test_what_an_operator_unloaded_is_not_loaded_by_the_settings_again():
    host = Host(loads=[ServiceLoad("web")]).run()
    host.order(UnloadService, "web")
    host.start().run(5.0)
    assert host.state() is None
    assert "an operator unloaded it" in host.whys("not loaded")[0]
    host.order(LoadService, "web")
    assert host.start().run(1.0).state() == "up"


# Stopping


def test_a_stopped_service_ends_is_withdrawn_and_then_the_order_is_answered():
    host = loaded()
    host.root.stubborn.add(JOB)
    assert host.order(StopService, "web") is None
    assert host.state() == "stopping"
    assert not host.census.is_listed("web.default")
    host.run(6.0)
    assert host.answers[2].message == "web.default is stopped"
    assert (host.pid(), host.state(), host.row().desired) == (0, "down", "down")
    assert host.row().blocked == ""


def test_to_stop_is_idempotent():
    host = loaded()
    host.root.stubborn.add(JOB)
    host.order(StopService, "web")
    host.order(StopService, "web.default")
    host.run(6.0)
    assert host.answers[3].message == "web.default is stopped"
    answer = host.order(StopService, "web")
    assert (answer.code, answer.message) == ("", "web.default is stopped already")


def test_a_stopped_service_stays_stopped_through_restarts_of_the_actor():
    host = loaded()
    host.order(StopService, "web")
    host.start().run(5.0)
    assert (host.state(), host.starts()) == ("down", 1)
    assert host.role.out.wake is None


def test_a_service_that_never_started_can_be_stopped():
    host = Host()
    host.census.silent = True
    host.order(LoadService, "web")
    assert host.state() == "waiting"
    assert host.order(StopService, "web").message == "web.default is stopped"


def test_a_service_in_its_pause_can_be_stopped():
    host = loaded()
    host.root.crash(JOB)
    host.run(0.1)
    assert host.order(StopService, "web").code == ""
    host.run(20.0)
    assert (host.state(), host.starts()) == ("down", 1)


def test_stop_and_start_in_one_breath_brings_it_back():
    host = loaded()
    host.hear(StopService(100, "web"))
    host.hear(StartService(101, "web"))
    host.run(2.0)
    assert host.state() == "up"
    assert (host.answers[100].code, host.answers[101].code) == ("conflict", "")


def test_orders_for_what_is_not_loaded_are_refused():
    for kind in (StopService, StartService, RestartService, UnloadService):
        answer = loaded().order(kind, "db")
        assert (answer.code, answer.message) == ("not-found", "no service db is loaded")


# Starting and restarting


def test_a_stopped_service_can_be_started():
    host = loaded()
    host.order(StopService, "web")
    assert host.order(StartService, "web").message == "web.default is starting"
    assert (host.state(), host.starts()) == ("up", 2)
    assert host.order(StartService, "web").message == "web.default is up already"


def test_a_restart_is_one_restart():
    host = loaded()
    assert host.order(RestartService, "web").message == "web.default is restarting"
    host.run(10.0)
    assert (host.state(), host.starts(), host.row().restarts) == ("up", 2, 1)
    assert host.row().restarted_because == "an operator wanted it"


def test_an_order_that_is_said_again_is_obeyed_once():
    host = loaded()
    for _ in range(3):
        host.hear(RestartService(77, "web"))
        host.run(2.0)
    host.start().run(5.0)
    host.hear(RestartService(77, "web"))
    host.run(5.0)
    assert (host.starts(), host.state()) == (2, "up")
    host.hear(UnloadService(78, "web"))
    host.run(1.0)
    del host.answers[78]
    host.hear(UnloadService(78, "web"))
    assert host.answers[78].message == "web.default is unloaded"


def test_an_order_is_carried_out_even_if_the_actor_dies_over_it():
    host = loaded()
    host.lose = lambda letter: isinstance(letter, Halt)
    host.order(RestartService, "web")
    host.lose = lambda letter: False
    host.start().run(5.0)
    assert (host.starts(), host.state()) == (2, "up")


def test_the_answers_that_are_remembered_are_bounded():
    host = loaded()
    for number in range(1_000, 1_000 + 3 * ANSWERS_MAX):
        host.hear(StartService(number, "web"))
    assert len(host.role._orders._answers) == ANSWERS_MAX


def test_a_stopped_service_is_not_restarted():
    host = loaded()
    host.order(StopService, "web")
    answer = host.order(RestartService, "web")
    assert (answer.code, answer.message) == ("conflict", "web.default is stopped")
    assert host.starts() == 1


def test_a_restart_ends_the_pause():
    host = loaded()
    for _ in range(3):
        host.root.crash(JOB)
        host.run(3.0)
    host.root.crash(JOB)
    host.run(0.1)
    assert host.state() == "backoff"
    host.order(RestartService, "web")
    assert host.state() == "up"


# Back-off


def pauses(host, times):
    """How long it is down after each of several deaths in a row."""
    found = []
    for _ in range(times):
        starts = host.starts()
        host.root.crash(JOB)
        died = host.agenda.now
        while host.starts() == starts:
            host.run(0.01)
        found.append(host.agenda.now - died)
        host.run(0.1)
    return found


def test_the_pause_grows_from_death_to_death():
    host = loaded()
    first, second, third, fourth, fifth = pauses(host, 5)
    assert 1.0 <= first <= 1.2
    assert 2.0 <= second <= 2.3
    assert 4.0 <= third <= 4.5
    assert 8.0 <= fourth <= 8.9
    assert 8.0 <= fifth <= 8.9
    assert host.row().restarts == 5
    assert host.row().restarted_because == "exit code 1"


def test_a_steady_life_makes_the_pause_short_again():
    host = loaded()
    pauses(host, 3)
    host.run(10.0)
    first, second = pauses(host, 2)
    assert first < 0.1
    assert second < 1.2


def test_the_board_says_when_it_is_started_again():
    host = loaded()
    host.root.crash(JOB)
    host.run(0.1)
    row = host.row()
    assert row.state == "backoff"
    assert 0.9 < row.next_restart - host.agenda.now < 1.1
    assert (row.pid, row.restarted_because) == (0, "exit code 1")


def test_what_cannot_be_started_is_tried_again_after_pauses():
    host = Host()
    host.root.failing.add(JOB)
    host.order(LoadService, "web")
    host.run(30.0)
    assert host.state() == "backoff"
    assert host.row().restarted_because == "could not start: no such file"
    assert 4 <= len(host.take(Spawn)) <= 7
    host.root.failing.clear()
    host.run(10.0)
    assert host.state() == "up"


def test_a_change_of_the_census_does_not_cut_the_pause_short():
    host = loaded()
    pauses(host, 3)
    host.root.crash(JOB)
    host.run(0.1)
    host.census.silent = True
    host.census.configure("web.default", port=81)
    host.run(3.0)
    assert (host.state(), host.starts()) == ("backoff", 4)
    due = host.row().next_restart
    host.census.silent = False
    host.run(due - host.agenda.now - 0.1)
    assert host.starts() == 4
    host.run(0.5)
    assert (host.state(), host.starts()) == ("up", 5)


# Configuration


def test_a_new_configuration_restarts_it_exactly_once():
    host = loaded()
    host.census.configure("web.default", port=81)
    host.run(60.0)
    assert (host.starts(), host.state()) == (2, "up")
    assert host.root.spans[-1][2] == "1.0 81"
    assert host.row().restarted_because == "its configuration changed"


def test_a_configuration_that_renders_nothing_different_restarts_nothing():
    host = loaded()
    host.census.configure("web.default", unused=5)
    host.run(60.0)
    assert host.starts() == 1
    assert b'"unused":5' in host.row().config


def test_a_change_of_what_runs_restarts_it():
    host = loaded()
    host.census.configure("web.default", command="serve --fast")
    host.run(60.0)
    assert host.starts() == 2
    assert host.row().restarted_because == "its run hook changed"


def test_a_change_among_the_other_members_that_is_not_shown_restarts_nothing():
    host = loaded()
    eve = ServiceView(
        "eve", "web.default", "core/web/1.0", 1, "standalone", b"{}", b"{}", Health.ALIVE, False
    )
    renderings = len(host.shelf.renderings)
    host.census.list(eve)
    host.run(60.0)
    assert host.starts() == 1
    assert len(host.shelf.renderings) == renderings + 1


def test_its_new_exports_are_told_before_it_is_restarted_with_them():
    host = loaded()
    host.census.configure("web.default", port=81)
    host.run(5.0)
    told = [type(letter) for letter in host.said if isinstance(letter, (Offer, Halt, Spawn))]
    assert told == [Offer, Halt, Spawn]
    assert host.take(Offer)[0].exports == b'{"port":81}'


def test_two_configurations_in_a_row_end_in_the_second():
    host = loaded()
    host.census.configure("web.default", port=81)
    host.run(0.02)
    host.census.configure("web.default", port=82)
    host.run(10.0)
    assert host.root.spans[-1][2] == "1.0 82"
    assert host.starts() <= 3
    assert host.state() == "up"


def test_a_configuration_that_cannot_be_rendered_leaves_it_as_it_runs():
    host = loaded()
    host.census.configure("web.default", port="bad")
    host.run(5.0)
    assert (host.starts(), host.state()) == (1, "up")
    assert host.row().blocked == "web.conf:1:1: bad port"
    host.root.crash(JOB)
    host.run(5.0)
    assert (host.state(), host.root.spans[-1][2]) == ("up", "1.0 80")
    host.census.configure("web.default", port=82)
    host.run(5.0)
    assert (host.row().blocked, host.root.spans[-1][2]) == ("", "1.0 82")


def test_a_service_that_could_never_be_rendered_says_why_it_waits():
    host = Host()
    host.census.configure("web.default", port="bad")
    host.order(LoadService, "web")
    assert (host.state(), host.row().blocked) == ("waiting", "web.conf:1:1: bad port")


@pytest.mark.parametrize("text", ["port =", "[[port]]\n[port]", "port = " + "9" * 5_000, "\0"])
def test_a_configuration_that_is_no_toml_leaves_the_last_good_one(text):
    host = loaded()
    host.census.configure("web.default", port=81)
    host.run(5.0)
    host.census.configure_text("web.default", 2, text)
    host.run(5.0)
    assert (host.starts(), host.root.spans[-1][2]) == (2, "1.0 81")
    assert host.row().blocked.startswith("the ring's configuration is no TOML: ")


def test_exports_that_are_too_long_for_the_ring_say_so():
    host = loaded()
    host.census.configure("web.default", port="x" * 20_000)
    host.run(5.0)
    assert (host.state(), host.take(Offer)) == ("up", [])
    assert host.row().blocked == "its exports are longer than 16384 bytes"


def test_a_disk_that_refused_is_tried_again():
    host = Host()
    host.shelf.broken = "disk full"
    host.order(LoadService, "web")
    assert host.row().blocked == "disk full"
    host.run(RETRY_SECONDS)
    assert len(host.shelf.renderings) == 2
    host.shelf.broken = ""
    host.run(RETRY_SECONDS)
    assert (host.state(), host.row().blocked) == ("up", "")


# The reconfigure hook


def test_a_reconfigure_hook_takes_up_the_configuration_without_a_restart():
    host = with_hook()
    pid = host.pid()
    host.census.configure("web.default", port=81)
    host.run(0.5)
    assert HOOK in host.root.processes
    (spawn,) = host.take(Spawn)
    assert spawn.argv == ("/svc/web/hooks/reconfigure",)
    assert spawn.pid_file == "/svc/web/hooks/reconfigure.PID"
    host.root.crash(HOOK, 0)
    host.run(60.0)
    assert (host.pid(), host.state()) == (pid, "up")
    assert host.starts() == 1
    assert [job for job, *_ in host.root.spans].count(HOOK) == 1
    assert host.role.out.wake is None


def test_a_configuration_that_comes_during_the_hook_is_taken_up_after_it():
    host = with_hook()
    host.census.configure("web.default", port=81)
    host.run(0.5)
    host.census.configure("web.default", port=82)
    host.run(0.5)
    host.root.crash(HOOK, 0)
    host.run(0.5)
    host.root.crash(HOOK, 0)
    host.run(60.0)
    hooks = [print_ for job, _, print_ in host.root.spans if job == HOOK]
    assert hooks == ["1.0 81", "1.0 82"]


def test_a_hook_that_does_not_end_is_ended():
    host = with_hook()
    host.root.stubborn.add(HOOK)
    host.census.configure("web.default", port=81)
    host.run(HOOK_SECONDS + 5.0)
    assert HOOK not in host.root.processes
    assert host.whys("up")[-1] == "reconfigure killed by signal 9"
    assert host.state() == "up"


def test_a_hook_that_cannot_be_started_is_not_tried_for_ever():
    host = with_hook()
    host.root.failing.add(HOOK)
    host.census.configure("web.default", port=81)
    host.run(60.0)
    assert len(host.take(Spawn)) == 1


def test_a_hook_whose_spawn_or_end_is_lost_is_no_obstacle():
    host = with_hook()
    host.lose = lose_first(Spawn)
    host.census.configure("web.default", port=81)
    host.run(5.0)
    assert HOOK in host.root.processes
    host.lose = lose_first(Ended)
    host.root.crash(HOOK, 0)
    host.run(HOOK_SECONDS + 5.0)
    assert host.role.out.wake is None
    assert [job for job, *_ in host.root.spans].count(HOOK) == 1


def test_a_late_answer_about_a_hook_does_not_count_for_the_next_one():
    host = with_hook()
    host.root.stubborn.add(HOOK)
    host.census.configure("web.default", port=81)
    host.run(1.0)
    host.census.configure("web.default", port=82)
    while len(host.root.spans) < 3:
        host.run(0.001)
    host.hear(Ended(HOOK, 0, None))
    host.run(HOOK_SECONDS + 5.0)
    assert HOOK not in host.root.processes


def test_a_service_that_is_stopped_takes_its_hook_along():
    host = with_hook()
    host.root.stubborn.add(HOOK)
    host.census.configure("web.default", port=81)
    host.run(0.5)
    assert host.order(UnloadService, "web") is None
    host.run(6.0)
    assert host.root.processes == {}
    assert host.answers[2].code == ""


def test_a_hook_of_a_former_life_does_not_count_for_newer_files():
    host = with_hook()
    host.census.configure("web.default", port=81)
    host.run(0.5)
    host.kill()
    host.census.configure("web.default", port=82)
    host.start().run(0.5)
    host.root.crash(HOOK, 0)
    host.run(0.5)
    host.root.crash(HOOK, 0)
    host.run(60.0)
    hooks = [print_ for job, _, print_ in host.root.spans if job == HOOK]
    assert hooks == ["1.0 81", "1.0 82"]
    assert host.starts() == 1


# Restarts of the actor


def test_a_restart_of_the_actor_adopts_without_a_new_process():
    host = loaded()
    pid = host.pid()
    host.start().run(60.0)
    assert (host.pid(), host.state(), host.starts()) == (pid, "up", 1)
    assert host.shelf.listening == ["web"]
    assert [halt.job for halt in host.take(Halt)] == [HOOK]
    assert host.role.out.wake is None


def test_a_restart_of_the_whole_node_adopts_without_a_new_process():
    host = loaded()
    pid = host.pid()
    host.restart_node().run(60.0)
    assert (host.pid(), host.state(), host.starts()) == (pid, "up", 1)
    assert host.whys("up")[-1].startswith("started")
    host.root.crash(JOB)
    host.run(20.0)
    assert host.starts() == 2


def test_a_process_that_died_meanwhile_is_started_again():
    host = loaded()
    host.kill()
    host.root.crash(JOB)
    host.run(5.0)
    host.start().run(5.0)
    assert (host.state(), host.starts()) == ("up", 2)


def test_a_configuration_that_came_meanwhile_restarts_it_once():
    host = loaded()
    host.kill()
    host.census.configure("web.default", port=81)
    host.run(5.0)
    host.start().run(20.0)
    assert (host.starts(), host.root.spans[-1][2]) == (2, "1.0 81")


def test_a_process_whose_start_the_actor_did_not_live_to_hear_of_is_known_by_its_files():
    host = Host()
    host.hear(LoadService(1, "web"))
    while JOB not in host.root.processes:
        host.run(0.0005)
    host.kill()
    host.census.configure("web.default", port=81)
    host.run(5.0)
    host.start().run(20.0)
    assert (host.starts(), host.root.spans[-1][2], host.state()) == (2, "1.0 81", "up")


def test_a_package_that_is_gone_after_a_restart_is_looked_for_again():
    host = loaded()
    pid = host.pid()
    host.shelf.packages.clear()
    host.start().run(5.0)
    assert (host.pid(), host.state()) == (pid, "up")
    assert host.row().blocked == "no package web: did you mean core/web?"
    host.take(Fetch)
    host.run(10 * RETRY_SECONDS)
    assert len(host.take(Fetch)) == 10
    host.shelf.packages["web"] = WEB
    assert host.order(StartService, "web").code == ""
    host.run(RETRY_SECONDS)
    assert (host.row().blocked, host.pid()) == ("", pid)


def test_a_service_without_its_package_can_be_unloaded():
    host = loaded()
    host.shelf.packages.clear()
    host.start().run(1.0)
    assert host.order(UnloadService, "web").code == ""
    assert host.root.processes == {}


# Letters that are lost, actors that are away


@pytest.mark.parametrize("kind", [Spawn, Offer, Running, Views])
def test_a_step_whose_letter_or_answer_is_lost_is_said_again(kind):
    host = Host()
    host.lose = lose_first(kind, times=3)
    host.order(LoadService, "web")
    host.run(10.0)
    assert (host.state(), host.starts()) == ("up", 1)
    assert host.role.out.wake is None


@pytest.mark.parametrize("kind", [Halt, Ended, Withdraw])
def test_an_end_whose_letter_or_answer_is_lost_is_said_again(kind):
    host = loaded()
    host.lose = lose_first(kind, times=3)
    host.order(UnloadService, "web")
    host.run(20.0)
    assert host.answers[2].message == "web.default is unloaded"
    assert host.board.services == ()
    assert not host.census.is_listed("web.default")
    assert host.role.out.wake is None


def test_an_unanswered_step_is_not_said_all_the_time():
    host = Host()
    host.census.silent = True
    host.order(LoadService, "web")
    host.take(Offer)
    host.run(20.0)
    assert 8 <= len(host.take(Offer)) <= 20 / REPEAT_SECONDS


def test_the_census_is_asked_until_it_answers():
    host = loaded()
    host.census.silent = True
    host.start().run(10.0)
    host.census.silent = False
    host.run(3.0)
    assert host.state() == "up"
    assert host.role.out.wake is None


def test_a_gap_in_the_views_is_closed():
    host = loaded()
    host.lose = lose_first(Views)
    host.census.configure("web.default", port=81)
    host.run(1.0)
    assert host.starts() == 1
    host.census.configure("db.default", port=1)
    host.run(5.0)
    assert (host.starts(), host.root.spans[-1][2]) == (2, "1.0 81")


def test_a_new_census_is_followed():
    host = loaded()
    host.census.restart()
    host.census.configure("web.default", port=81)
    host.run(5.0)
    assert host.starts() == 2


def test_a_halt_that_crosses_a_death_costs_no_pause():
    host = loaded()
    host.hear(RestartService(50, "web"))
    host.root.crash(JOB, 0)
    host.run(0.5)
    assert (host.state(), host.starts(), host.row().restarts) == ("up", 2, 1)
    assert not host.whys("backoff")


def test_an_answer_that_comes_late_does_not_undo_a_restart():
    host = loaded()
    host.hear(RestartService(50, "web"))
    host.hear(Running(JOB, host.pid(), host.row().since, adopted=False))
    assert host.state() == "stopping"
    host.run(5.0)
    assert (host.state(), host.starts(), host.row().restarts) == ("up", 2, 1)


# Unloading


def test_an_unloaded_service_leaves_nothing_behind():
    host = loaded()
    assert host.order(UnloadService, "web").message == "web.default is unloaded"
    assert host.root.processes == {}
    assert host.board.services == ()
    assert host.shelf.listening == []
    assert not host.census.is_listed("web.default")
    assert records(host, "spec/") == records(host, "process/") == []
    assert host.start().run(5.0).board.services == ()


def test_unloading_goes_on_after_the_actor_died_over_it():
    host = loaded()
    host.root.stubborn.add(JOB)
    host.order(UnloadService, "web")
    host.start().run(10.0)
    assert host.root.processes == {}
    assert host.board.services == ()
    assert records(host, "spec/") == records(host, "process/") == []


def test_what_is_being_unloaded_can_be_loaded_again():
    host = loaded()
    host.root.stubborn.add(JOB)
    host.order(UnloadService, "web")
    assert host.order(StartService, "web").code == "conflict"
    assert host.order(RestartService, "web").code == "conflict"
    assert host.order(LoadService, "web").code == ""
    assert host.answers[2].code == "conflict"
    host.root.stubborn.clear()
    host.run(10.0)
    assert (host.state(), host.starts()) == ("up", 2)
    assert host.start().run(1.0).state() == "up"


# Lost memory


def test_damaged_state_recovers_from_what_the_ring_says():
    host = loaded()
    host.order(LoadService, "db", "prod")
    pid = host.pid()
    host.records.clear()
    host.start(damaged=True).run(5.0)
    assert (host.pid(), host.state(), host.starts()) == (pid, "up", 1)
    assert host.state("db.prod") == "up"
    assert host.whys("recovered") == ["from the ring"] * 2
    host.start().run(5.0)
    assert host.state() == "up"


def test_one_record_that_cannot_be_read_is_recovered_too():
    host = loaded()
    host.records["spec/web.default"] = b"nonsense"
    host.start().run(5.0)
    assert (host.state(), host.starts()) == ("up", 1)
    host.records["process/web.default"] = b"nonsense"
    host.records["answers"] = b"nonsense"
    host.start().run(5.0)
    assert (host.state(), host.starts()) == ("up", 1)


def test_what_is_unloaded_while_state_recovers_stays_unloaded():
    host = loaded()
    host.records.clear()
    host.start(damaged=True).run(1.0)
    host.lose = lose_first(Withdraw)
    host.order(UnloadService, "web")
    host.census.configure("db.default", port=1)
    host.run(60.0)
    assert host.board.services == ()
    assert not host.census.is_listed("web.default")
    assert len(host.whys("recovered")) == 1


def test_what_cannot_be_recovered_is_withdrawn_and_ended_in_the_end():
    host = loaded()
    host.records.clear()
    host.shelf.packages.clear()
    host.start(damaged=True).run(RECOVERY_SECONDS - 1.0)
    assert host.census.is_listed("web.default")
    assert JOB in host.root.processes
    assert len(host.whys("recovered")) == len(host.whys("not loaded")) == 1
    host.run(10.0)
    assert not host.census.is_listed("web.default")
    assert host.root.processes == {}
    assert host.role.out.wake is None


def test_damaged_state_recovers_even_if_the_actor_dies_over_it():
    host = loaded()
    host.records.clear()
    host.start(damaged=True)
    host.start().run(5.0)
    assert (host.state(), host.starts()) == ("up", 1)


def test_what_is_sent_away_is_ended_even_if_letters_are_lost_and_the_actor_dies_over_it():
    host = loaded()
    host.records.clear()
    host.lose = lambda letter: isinstance(letter, Halt)
    host.start().run(5.0)
    assert not host.census.is_listed("web.default")
    assert JOB in host.root.processes
    host.start().run(5.0)
    host.lose = lambda letter: False
    host.run(5.0)
    assert host.root.processes == {}
    assert records(host, "process/") == []


def test_strays_are_found_even_if_the_census_is_late():
    host = loaded()
    host.records.clear()
    host.census.silent = True
    host.start().run(10.0)
    host.census.silent = False
    host.run(5.0)
    assert not host.census.is_listed("web.default")
    assert host.root.processes == {}


def test_strays_are_withdrawn_until_the_ring_knows():
    host = loaded()
    host.order(UnloadService, "web")
    host.lose = lose_first(Withdraw, times=2)
    host.census.list(
        ServiceView(ME.id, "old.default", "core/old", 1, "standalone", b"{}", b"{}", 0, False)
    )
    host.run(10.0)
    assert not host.census.is_listed("old.default")
    assert host.role.out.wake is None


def test_a_process_without_a_service_is_ended():
    host = loaded()
    host.order(StopService, "web")
    host.order(StartService, "web")
    del host.records["spec/web.default"]
    host.census.members.clear()
    host.start().run(10.0)
    assert host.root.processes == {}
    assert records(host, "process/") == []
    assert host.role.out.wake is None


def test_a_process_without_a_service_does_not_cost_another_one_its_own():
    host = loaded()
    host.order(LoadService, "web", "blue")
    del host.records["spec/web.blue"]
    host.start().run(10.0)
    assert [*host.root.processes] == [JOB]
    assert host.starts() == 1


# The end of the node


def test_stop_services_ends_all_and_says_so():
    host = loaded()
    host.order(LoadService, "db")
    host.root.stubborn.add(JOB)
    assert host.stop_services()
    assert host.root.processes == {}
    assert not host.take(Withdraw)
    host.restart_node().run(5.0)
    assert (host.state(), host.state("db.default")) == ("up", "up")


def test_stop_services_is_answered_when_nothing_is_loaded():
    assert Host().stop_services()


def test_stop_services_ends_all_after_a_restart_in_the_middle():
    host = loaded()
    host.root.stubborn.add(JOB)
    host.post("root", StopServices())
    host.run(0.5)
    host.start()
    assert host.stop_services()
    assert host.root.processes == {}
    assert host.starts() == 1


def test_a_service_that_is_loaded_while_the_node_stops_does_not_start():
    host = loaded()
    assert host.stop_services()
    host.order(LoadService, "db")
    host.run(5.0)
    assert host.root.processes == {}


# The board


def test_the_board_is_said_when_it_changes_and_when_somebody_asks():
    host = loaded()
    host.run(60.0)
    host.take(ServiceBoard)
    host.run(60.0)
    host.census.configure("other.default", port=1)
    host.run(1.0)
    assert not host.take(ServiceBoard)
    host.hear(ReadBoard())
    assert host.take(ServiceBoard) == [host.board]


def test_an_idle_service_wants_no_wake_up():
    host = loaded()
    host.run(10.0)
    assert host.role.out.wake is None


def test_several_services_do_not_disturb_each_other():
    host = Host(WEB, DB)
    host.order(LoadService, "web")
    host.order(LoadService, "db")
    host.census.configure("db.default", port=5)
    host.root.crash(JOB)
    host.run(20.0)
    assert (host.state(), host.state("db.default")) == ("up", "up")
    assert (host.starts(), host.starts("db.default")) == (2, 2)


@pytest.mark.parametrize(
    ("ident", "recovered"),
    [("web", 1), ("test/web/1.0", 1), ("/tmp/web", 0), ("../web", 0), ("a/../../web", 0), ("", 0)],
)
def test_the_ring_can_name_a_package_but_no_folder_of_this_host(ident, recovered):
    host = Host()
    host.start(damaged=True).run(1.0)
    host.census.hear(Offer("web.other", ident, "standalone", b"{}", b"{}"))
    host.run(5.0)
    assert len(host.whys("recovered")) == recovered
