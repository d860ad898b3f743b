"""A group of Redis fails over by itself, whatever ends its leader, and loses nothing."""

import os
import signal
import time

import pytest

from habactors.errors import UserError
from tests.hosts import until
from tests.node.beliefs import wait_till
from tests.node.redis_group import (
    GROUP,
    ask,
    election,
    follows,
    kill_supervisor,
    known_leader,
    load,
    others,
    replicated,
    role,
    story,
    write,
)

NAMES = ("ada", "bob", "cyd")
CRASH_SECONDS = 5.0
ORDER_SECONDS = 3.0
LEASE_SECONDS = 3.0


@pytest.fixture
def ring(hosts):
    return hosts.ring(*NAMES)


def wait_for_another(ring, began, seconds):
    """The new leader, known to all and replicated from; it must be known within the seconds."""
    leader = until(lambda: known_leader(ring), 2 * seconds, lambda: story(ring))
    took = time.monotonic() - began
    assert took < seconds, f"{took:.2f} s\n{story(ring)}"
    until(lambda: replicated(ring) is leader, 5.0, lambda: story(ring))
    return leader


def wait_until_it_follows(host, leader, ring):
    until(lambda: follows(host, leader), 15.0, lambda: story(ring))
    assert role(host) == "follower"
    assert election(host)["leader_name"] == leader.name


def test_three_elect_one_leader_and_two_replicate_from_it(ring):
    leader = load(ring)
    assert [role(host) for host in others(ring, leader)] == ["follower", "follower"]
    assert {election(host)["term"] for host in ring} == {1}
    assert write(leader, "greeting", "hello") >= 1
    for host in ring:
        until(lambda host=host: ask(host, "GET", "greeting") == "hello")
        assert election(host)["status"] == "finished"
        assert election(host)["quorum"] == 2


def test_a_killed_node_is_replaced_and_comes_back_as_follower_with_all_data(ring):
    old = load(ring)
    rest = others(ring, old)
    assert write(old, "greeting", "hello") >= 1
    began = time.monotonic()
    kill_supervisor(old)
    until(lambda: ask(old, "PING") is None, 1.0, "its Redis outlives its supervisor")
    new = wait_for_another(rest, began, CRASH_SECONDS)
    assert ask(new, "GET", "greeting") == "hello"
    assert write(new, "parting", "goodbye") == 1

    old.start().wait_until_up()
    wait_until_it_follows(old, new, ring)
    assert ask(old, "MGET", "greeting", "parting") == ["hello", "goodbye"]
    assert known_leader(ring) is new


def test_a_killed_redis_is_replaced_and_comes_back_as_follower(ring):
    old = load(ring)
    assert write(old, "greeting", "hello") >= 1
    began = time.monotonic()
    os.kill(old.service_pid(GROUP), signal.SIGKILL)
    until(lambda: role(old) != "leader", 2.0)
    new = wait_for_another(ring, began, CRASH_SECONDS)
    assert new is not old
    assert ask(new, "GET", "greeting") == "hello"
    wait_until_it_follows(old, new, ring)


def test_a_frozen_leader_takes_no_write_once_it_wakes_and_follows(ring):
    old = load(ring)
    rest = others(ring, old)
    assert write(old, "greeting", "hello") >= 1
    began = time.monotonic()
    with old.frozen():
        new = wait_for_another(rest, began, CRASH_SECONDS)
        assert write(new, "greeting", "goodbye") == 1
        wait_till(time.time() + began + 6.0 - time.monotonic())
    woke = time.monotonic()
    until(lambda: not takes_writes(old), LEASE_SECONDS, lambda: story(ring))
    seconds = time.monotonic() - woke
    wait_until_it_follows(old, new, ring)
    assert seconds < 1.0, f"took writes for {seconds:.2f} s\n{story(ring)}"
    assert ask(old, "GET", "greeting") == "goodbye"


def takes_writes(host):
    """Whether a client would get a write through; None of them is acknowledged by a follower."""
    return ask(host, "SET", "stray", "1") == "OK"


@pytest.mark.parametrize("order", ["stop", "unload", "shut down", "depart", "step down"])
def test_a_leader_that_is_told_to_go_is_replaced_at_once(ring, order):
    old = load(ring)
    rest = others(ring, old)
    assert write(old, "greeting", "hello") >= 1
    began = time.monotonic()
    match order:
        case "stop":
            old.control.svc_stop(GROUP)
        case "unload":
            old.control.svc_unload(GROUP)
        case "shut down":
            old.control.stop()
        case "depart":
            rest[0].control.depart(old.name)
        case "step down":
            old.control.leader_step_down(GROUP)
    until(lambda: known_leader(rest) not in (None, old), what=lambda: story(ring))
    new = wait_for_another(rest, began, ORDER_SECONDS)
    assert ask(new, "GET", "greeting") == "hello"
    assert write(new, "parting", "goodbye") == 1
    match order:
        case "stop":
            old.control.svc_start(GROUP)
        case "unload":
            old.control.svc_load("core/redis", group="prod", topology="leader")
        case "shut down":
            assert old.process.wait(10) == 0
            old.start().wait_until_up()
        case "depart":
            until(lambda: ask(old, "PING") is None, what=lambda: story(ring))
            return
    wait_until_it_follows(old, new, ring)
    assert ask(old, "MGET", "greeting", "parting") == ["hello", "goodbye"]
    assert known_leader(ring) is new


def test_leadership_goes_to_whom_an_operator_names(ring):
    old = load(ring)
    for heir in others(ring, old):
        began = time.monotonic()
        known_leader(ring).control.leader_transfer(GROUP, heir.name)
        until(lambda heir=heir: known_leader(ring) is heir, ORDER_SECONDS, lambda: story(ring))
        assert wait_for_another(ring, began, ORDER_SECONDS + 1.0) is heir
        until(lambda: replicated(ring), what=lambda: story(ring))


def test_nobody_notices_when_actors_of_the_leader_are_killed(ring):
    leader = load(ring)
    pids = [host.service_pid(GROUP) for host in ring]
    for actor in ("election", "services", "election"):
        os.kill(leader.pid_of(actor), signal.SIGKILL)
        wait_till(time.time() + LEASE_SECONDS + 0.5)
        assert [host.service_pid(GROUP) for host in ring] == pids, story(ring)
        assert replicated(ring) is leader, story(ring)
        assert {election(host)["term"] for host in ring} == {1}, story(ring)
        assert write(leader, "actor", actor) >= 1


def test_a_leader_whose_root_is_killed_is_replaced_and_its_redis_ends_with_it(ring):
    old = load(ring)
    assert write(old, "greeting", "hello") >= 1
    began = time.monotonic()
    os.kill(old.pid, signal.SIGKILL)
    until(lambda: ask(old, "PING") is None, 1.0, "its Redis outlives root")
    old.process.wait(5)
    new = wait_for_another(others(ring, old), began, CRASH_SECONDS)
    assert ask(new, "GET", "greeting") == "hello"
    old.start().wait_until_up()
    wait_until_it_follows(old, new, ring)


def test_two_are_too_few_and_wait_for_a_third(hosts):
    ring = ada, bob, cyd = hosts.ring(*NAMES)
    for host in (ada, bob):
        host.control.svc_load("core/redis", group="prod", topology="leader")
    told = "waits for a leader: 2 of at least 3 members are known"
    for host in (ada, bob):
        until(lambda host=host: host.service(GROUP)["blocked"] == told, what=lambda: story(ring))
        assert host.service_pid(GROUP) is None
        assert election(host)["status"] == "no-quorum"
    cyd.control.svc_load("core/redis", group="prod", topology="leader")
    until(lambda: replicated(ring), what=lambda: story(ring))


def test_one_group_has_one_topology(hosts):
    ada, bob = hosts.ring("ada", "bob")
    ada.control.svc_load("core/redis", group="prod", topology="leader")
    until(lambda: GROUP in bob.control.census()["census_groups"])
    with pytest.raises(UserError, match="topology leader on other members"):
        bob.control.svc_load("core/redis", group="prod")
    ada.control.svc_load("core/redis", group="test")
    until(lambda: "redis.test" in bob.control.census()["census_groups"])
    with pytest.raises(UserError, match="topology standalone on other members"):
        bob.control.svc_load("core/redis", group="test", topology="leader")
