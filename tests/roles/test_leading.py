"""Does a service of leader topology lead only as long as it may?"""

from random import Random

import pytest
from msgspec.structs import replace

from habactors.protocol.commands import (
    LoadService,
    RestartService,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.errands import Running, Spawn
from habactors.protocol.files import Proclaim
from habactors.protocol.health import Health
from habactors.protocol.leadership import Demoted, Stand, Withdrawn
from habactors.roles.leading import MARGIN_SECONDS
from habactors.roles.suitability import EVERY_SECONDS, LIMIT_SECONDS
from tests.roles.electing import service_view
from tests.roles.led_host import JOB, LEASE, NAME, LedHost
from tests.roles.services_host import WEB, Host

HOOKED = replace(WEB, hooks=("reconfigure", "run"))
MEASURED = replace(WEB, hooks=("run", "suitability"))
HOOK = f"{NAME}/reconfigure"
MEASURE = f"{NAME}/suitability"


def spawned(host):
    """What the last process was told."""
    spawns = [spawn for spawn in host.take(Spawn) if spawn.job == JOB]
    environment = spawns[-1].environment
    return environment["HABACTORS_ROLE"], environment["HABACTORS_TERM"]


# Waiting


def test_it_waits_for_a_leader_and_says_what_for():
    host = LedHost().run(30)
    assert (host.starts(), host.state()) == (0, "waiting")
    assert host.row().blocked.startswith("waits for a leader: ")
    host.election.say()
    host.run(0.1)
    assert host.row().blocked == "waits for a leader: 2 of at least 3 members are known"
    assert host.stood()[-1] == Stand(NAME, True, 0)


def test_the_leader_starts_under_its_role_and_term():
    host = LedHost()
    host.election.elect("ada", term=7)
    host.run(0.5)
    assert spawned(host) == ("leader", "7")
    assert (host.state(), host.row().role, host.row().blocked) == ("up", "leader", "")


def test_followers_start_under_theirs():
    host = LedHost()
    host.election.elect("bob", term=7)
    host.run(0.5)
    assert spawned(host) == ("follower", "7")
    assert (host.row().role, host.lead) == ("follower", None)


def test_that_a_process_leads_is_kept_and_told_before_it_starts():
    host = LedHost()
    kinds = []
    deliver = host._deliver

    def watched(letter):
        if isinstance(letter, (Spawn, Proclaim)):
            kinds.append((type(letter), host.lead))
        return deliver(letter)

    host._deliver = watched
    host.election.elect("ada", term=7)
    host.run(0.5)
    assert kinds == [(Proclaim, b"7"), (Spawn, b"7")]


def test_it_ends_with_its_supervisor_and_others_do_not():
    host = LedHost()
    host.election.elect("bob")
    host.order(LoadService, "web", "blue")
    spawns = {spawn.job: spawn.dies_with_root for spawn in host.take(Spawn)}
    assert spawns == {JOB: True, "web.blue/run": False}


def test_who_leads_can_be_read_and_is_written_when_it_changes():
    host = LedHost(HOOKED, leader="bob")
    host.run(10)
    told = {"term": 1, "leader": "bob", "role": "follower"}
    assert host.shelf.proclaimed == [("web", told)]
    host.election.elect("ada")
    host.run(0.2)
    assert host.shelf.proclaimed[-1] == ("web", {"term": 2, "leader": "ada", "role": "leader"})


def test_a_leader_that_cannot_be_shown_yet_is_waited_for():
    """Templates would tell the service to follow nobody."""
    host = LedHost()
    host.election.elect("zoe")
    host.run(5)
    assert host.starts() == 0
    host.census.list(service_view("zoe", group=NAME))
    host.run(0.5)
    assert spawned(host) == ("follower", "1")


# Stopping in time


def test_without_renewals_it_has_stopped_before_its_lease_is_over_although_nobody_says_so():
    host = LedHost(leader="ada")
    host.election.silent = True
    until = host.election.lease_until
    host.run(until - MARGIN_SECONDS - 0.01 - host.agenda.now)
    assert host.pid()
    host.run(MARGIN_SECONDS)
    assert (host.pid(), host.lead) == (0, None)


def test_a_stubborn_one_is_killed_before_its_lease_is_over():
    host = LedHost(leader="ada")
    host.root.stubborn.add(JOB)
    host.election.silent = True
    host.run(host.election.lease_until - host.agenda.now - 0.01)
    assert host.pid() == 0


@pytest.mark.parametrize("order", [StopService, UnloadService, RestartService])
def test_a_stubborn_one_that_is_ordered_to_stop_is_killed_before_its_lease_is_over(order):
    host = LedHost(replace(WEB, shutdown_timeout_seconds=60.0), leader="ada")
    host.root.stubborn.add(JOB)
    host.hear(order(99, "web"))
    host.election.silent = True
    host.run(host.election.lease_until - host.agenda.now - 0.01)
    assert host.pid() == 0


def test_it_stays_up_while_the_election_actor_is_restarted():
    host = LedHost(leader="ada")
    host.election.silent = True
    host.run(1.5)
    host.election.restart()
    host.run(20)
    assert (host.starts(), host.state()) == (1, "up")
    assert host.stood() == [Stand(NAME, True, 0)]


def test_who_loses_leadership_stops_says_so_once_it_has_and_comes_back_as_a_follower():
    host = LedHost(leader="ada").lose_leadership()
    host.run(0.03)
    assert host.demoted() == []
    host.run(0.1)
    assert (host.pid(), host.demoted(), host.state()) == (0, [1], "waiting")
    host.run(5)
    assert host.starts() == 1
    host.election.elect("bob")
    host.run(0.5)
    assert (spawned(host), host.row().restarted_because) == (
        ("follower", "2"),
        "it leads its group no more",
    )


def test_one_that_is_stopped_says_that_it_serves_no_more_and_then_that_it_leads_no_more():
    host = LedHost(leader="ada")
    host.order(StopService, "web")
    kinds = [type(letter) for letter in host.election.take(Withdrawn, Demoted)]
    assert kinds == [Withdrawn, Demoted]
    host.order(StartService, "web")
    assert host.stood()[-1] == Stand(NAME, True, 0)


def test_one_that_dies_is_not_fit_until_it_starts_again():
    host = LedHost(leader="ada")
    host.root.crash(JOB)
    host.run(0.1)
    assert host.demoted() == [1]
    (stood,) = host.stood()
    assert (stood.eligible, stood.why) == (False, "exit code 1")
    host.run(5)
    assert host.stood()[-1].eligible
    assert (host.starts(), host.state()) == (2, "up")


def test_a_process_that_is_just_starting_is_not_taken_for_one_that_has_ended():
    host = LedHost(leader="ada")
    host.root.crash(JOB)
    host.run(0.5)
    host.demoted()
    host.lose = lambda letter: isinstance(letter, Running)
    host.run(1.5)
    assert (host.pid() != 0, host.lead, host.demoted()) == (True, b"1", [])
    host.lose_leadership().run(0.5)
    assert host.pid() == 0
    assert host.demoted() == [1]


def test_a_leadership_that_is_lost_before_any_process_led_starts_none():
    host = LedHost()
    host.shelf.broken = "disk full"
    host.election.elect("ada")
    host.run(0.1)
    host.lose_leadership().run(0.1)
    assert host.demoted() == [1]
    host.shelf.broken = ""
    host.run(60)
    assert (host.starts(), host.lead) == (0, None)


def test_a_leadership_that_ran_out_before_any_process_led_starts_none():
    host = LedHost()
    host.shelf.broken = "disk full"
    host.election.elect("ada")
    host.run(0.1)
    host.election.silent = True
    host.run(LEASE)
    host.shelf.broken = ""
    host.run(60)
    assert (host.starts(), host.lead) == (0, None)


def test_who_cannot_start_does_not_stand():
    host = LedHost()
    host.shelf.broken = "disk full"
    host.election.elect("ada")
    host.run(0.5)
    assert host.stood()[-1] == Stand(NAME, False, 0, "disk full")
    host.shelf.broken = ""
    host.run(60)
    assert host.stood()[-1].eligible


def test_followers_go_on_while_nobody_leads_and_nothing_is_rendered():
    host = LedHost(leader="bob").lose_leadership()
    seen = len(host.shelf.renderings)
    host.census.list(service_view("bob", Health.CONFIRMED, NAME))
    host.run(20)
    assert (host.state(), host.starts(), len(host.shelf.renderings)) == ("up", 1, seen)
    assert host.demoted() == []


# Becoming the leader


def test_a_follower_takes_over_live_when_it_can_take_up_its_configuration():
    host = LedHost(HOOKED, leader="bob")
    host.election.elect("ada")
    host.run(0.2)
    (hook,) = [spawn for spawn in host.take(Spawn) if spawn.job == HOOK]
    assert hook.environment["HABACTORS_ROLE"] == "leader"
    assert host.lead == b"2"
    host.root.crash(HOOK, 0)
    host.run(30)
    assert (host.starts(), host.state(), host.row().role) == (1, "up", "leader")


def test_a_hook_that_cannot_take_the_configuration_up_live_asks_for_a_restart():
    host = LedHost(HOOKED, leader="bob")
    host.election.elect("ada")
    host.run(0.2)
    host.root.crash(HOOK, 75)
    host.run(2)
    assert (host.starts(), host.state()) == (2, "up")
    assert spawned(host) == ("leader", "2")
    assert host.row().restarted_because == "its configuration cannot be taken up live"


def test_without_such_a_hook_it_is_restarted():
    host = LedHost(leader="bob")
    host.election.elect("ada")
    host.run(2)
    assert (host.starts(), spawned(host)) == (2, ("leader", "2"))


# Restarts of the services actor


def test_a_leader_stays_up_while_the_services_actor_is_restarted():
    host = LedHost(leader="ada")
    host.kill()
    host.run(0.5)
    host.start().run(10)
    assert (host.starts(), host.state(), host.lead) == (1, "up", b"1")


def test_a_restarted_services_actor_that_hears_nothing_stops_the_leader():
    host = LedHost(leader="ada")
    host.election.silent = True
    host.kill()
    host.run(0.5)
    host.start().run(1.0)
    assert host.pid() == 0


def test_a_restarted_services_actor_stops_a_leader_that_lost_meanwhile_and_says_so():
    host = LedHost(leader="ada")
    host.kill()
    host.lose_leadership().run(0.5)
    host.start().run(1.0)
    assert (host.pid(), host.demoted()) == (0, [1])


def test_what_is_stopped_is_withdrawn_once_more_after_a_restart():
    """Perhaps it was not heard the first time."""
    host = LedHost(leader="ada")
    host.order(StopService, "web")
    host.election.heard.clear()
    host.start().run(1)
    assert host.stood() == [Withdrawn(NAME)]


# Topologies


@pytest.mark.parametrize(("mine", "theirs"), [("leader", "standalone"), ("standalone", "leader")])
def test_one_group_has_one_topology(mine, theirs):
    host = Host()
    host.census.list(service_view("bob", group=NAME, topology=theirs))
    host.run(0.1)
    answer = host.order(LoadService, "web", topology=mine)
    assert answer.code == "conflict"
    assert answer.message == f"{NAME} has topology {theirs} on other members"
    assert theirs in answer.hint
    assert host.board.services == ()


def test_services_of_other_topologies_stand_for_nothing():
    host = LedHost()
    host.stood()
    host.order(LoadService, "db")
    assert host.stood() == []
    assert host.starts("db.default") == 1


# Suitability


def measure(host, text, code=0):
    """The hook that runs says so and ends."""
    host.shelf.outputs["web"] = text
    assert MEASURE in host.root.processes
    host.root.crash(MEASURE, code)
    host.run(0.1)
    return host.stood()


def test_suitability_is_measured_from_time_to_time():
    host = LedHost(MEASURED, leader="bob")
    (stood,) = measure(host, "some words\n17\n")
    assert stood.suitability == 17
    assert stood.measured_at <= host.agenda.now
    host.run(EVERY_SECONDS)
    (again,) = measure(host, "18")
    assert (again.suitability, again.measured_at > stood.measured_at) == (18, True)


def test_suitability_is_measured_at_once_when_the_leader_is_lost():
    host = LedHost(MEASURED, leader="bob")
    measure(host, "17")
    lost_at = host.agenda.now
    host.lose_leadership().run(0.1)
    (stood,) = measure(host, "99")
    assert stood.suitability == 99
    assert stood.measured_at >= lost_at


@pytest.mark.parametrize(
    ("text", "suitability"),
    [
        ("", 0),
        ("none", 0),
        ("17 bytes", 0),
        ("-5", 0),
        ("0.25", 0),
        ("v2", 0),
        ("offset:42\n\n", 42),
        ("9" * 100, 2**63 - 1),
        ("\x00\xff" * 1_000 + " 7", 7),
    ],
)
def test_rubbish_is_worth_nothing(text, suitability):
    host = LedHost(MEASURED, leader="bob")
    stood = measure(host, text)
    assert stood[-1].suitability == suitability


def test_a_hook_that_fails_says_nothing():
    host = LedHost(MEASURED, leader="bob")
    measure(host, "17")
    host.run(EVERY_SECONDS)
    assert measure(host, "3", code=1) == []


def test_a_hook_that_hangs_is_ended_and_asked_again():
    host = LedHost(MEASURED, leader="bob")
    host.root.stubborn.add(MEASURE)
    host.run(LIMIT_SECONDS + 1.5)
    assert MEASURE not in host.root.processes
    host.run(1.0)
    assert measure(host, "17")[-1].suitability == 17
    assert host.starts() == 1


def test_what_does_not_run_is_not_measured():
    host = LedHost(MEASURED).run(30)
    assert [spawn.job for spawn in host.take(Spawn)] == []


# Whatever happens


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_no_process_leads_after_its_lease(seed):
    """As long as the services actor lives: root does not know of leases."""
    rng = Random(seed)
    host = LedHost(rng.choice((WEB, HOOKED)))
    for _ in range(60):
        luck = rng.random()
        if luck < 0.3:
            host.election.elect(rng.choice(("ada", "ada", "bob", "")))
        elif luck < 0.5:
            host.election.silent = not host.election.silent
        elif luck < 0.6:
            host.root.crash(rng.choice((JOB, HOOK)), rng.choice((0, 1, 75)))
        elif luck < 0.7:
            host.census.configure(NAME, port=rng.randrange(80, 90))
        elif luck < 0.8:
            order = rng.choice((StopService, StartService, RestartService))
            host.hear(order(rng.randrange(1_000, 9_999), "web"))
        elif luck < 0.9:
            host.root.stubborn ^= {JOB}
        for _ in range(rng.randrange(1, 60)):
            host.run(0.05)
            leads = host.pid() and host.lead
            assert not leads or host.agenda.now <= host.election.lease_until
    host.election.silent = False
    host.root.stubborn.clear()
    host.order(StartService, "web")
    host.election.elect("ada")
    host.run(60)
    assert (host.state(), host.row().role) == ("up", "leader")
