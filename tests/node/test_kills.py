"""Kill any process of a node: nobody else notices, and nothing is lost."""

import os
import re
import signal
import time

import psutil
import pytest

from tests.hosts import CAST, until

COUNTING = """
origin = "test"
name = "counting"
version = "1"
run = "/bin/sh {{pkg.svc_config_path}}/count.sh"
"""
COUNT = """
n=0
while :; do n=$((n+1)); echo "line $n"; sleep 0.005; done
"""


@pytest.fixture
def counting(tmp_path):
    """A package whose service writes numbered lines as fast as it can be asked to."""
    folder = tmp_path / "counting"
    (folder / "config").mkdir(parents=True)
    (folder / "package.toml").write_text(COUNTING)
    (folder / "config" / "count.sh").write_text(COUNT)
    return folder


def numbers(host):
    """The numbers of all lines that the service's logs hold, in order."""
    logs = sorted(
        (host.data_dir / "svc" / "counting" / "logs").glob("output.log*"),
        key=lambda path: -int(path.suffix[1:]) if path.suffix != ".log" else 1,
    )
    text = "".join(path.read_text() for path in logs)
    return [int(number) for number in re.findall(r"line (\d+)\n", text)]


def accusations(hosts):
    return [
        event
        for host in hosts
        for event in host.events()
        if event["kind"] == "member" and event["to"] in ("suspect", "confirmed")
    ]


def test_every_actor_can_be_killed_and_nobody_notices(hosts, counting):
    ada, bob, _ = ring = hosts.ring("ada", "bob", "cyd")
    bob.control.svc_load(str(counting))
    pid = until(lambda: bob.service_pid("counting.default"), what=bob.printed())
    ada.control.config_apply("counting.default", 1, "colour = 1")
    until(lambda: bob.control.config_show("counting.default")["version"] == 1)

    for actor in CAST:
        victim = bob.pid_of(actor)
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        until(lambda victim=victim: is_back(bob, victim), 1.0, f"{actor}: {bob.printed()}")
        assert time.monotonic() - began < 1.0
        assert bob.service_pid("counting.default") == pid
        assert bob.control.config_show("counting.default")["version"] == 1
    rounds_watched = bob.events()[-1]["time"] + 3.0
    until(lambda: time.time() > rounds_watched)  # three periods in which anybody could accuse

    assert accusations(ring) == []
    found = until(lambda: numbers(bob))
    assert found == list(range(1, len(found) + 1)), "a line of the service's log is missing"
    assert psutil.Process(pid).is_running()


def is_back(host, victim):
    """Whether the actor has a new process and the node knows again all that it knew."""
    pids = [row["pid"] for row in host.control.status()["actors"]]
    return (
        victim not in pids
        and host.actors_running()
        and host.sees(ada="alive", bob="alive", cyd="alive")
        and host.service_pid("counting.default")
        and "counting.default" in host.control.census()["census_groups"]
    )


def test_a_killed_root_leaves_its_services_to_the_next_start(hosts, counting):
    (ada,) = hosts.ring("ada")
    ada.control.svc_load(str(counting))
    pid = until(lambda: ada.service_pid("counting.default"), what=ada.printed())
    created = psutil.Process(pid).create_time()
    actors = [psutil.Process(ada.pid_of(actor)) for actor in CAST]

    os.kill(ada.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(actors, timeout=2.0)
    assert not alive
    ada.process.wait(1)
    assert psutil.Process(pid).is_running()

    ada.start().wait_until_up()
    until(lambda: ada.service_pid("counting.default") == pid, what=ada.printed())
    assert psutil.Process(pid).create_time() == created
    seen = len(numbers(ada))
    found = until(lambda: len(numbers(ada)) > seen + 100 and numbers(ada))
    assert found == list(range(1, len(found) + 1)), "a line of the service's log is missing"

    ada.control.svc_stop("counting.default")
    until(lambda: not psutil.pid_exists(pid))


def test_a_node_killed_whole_is_confirmed_and_returns_with_its_id(hosts):
    ada, bob, cyd = hosts.ring("ada", "bob", "cyd")
    member_id = cyd.control.status()["id"]
    cyd.kill_whole()
    for host in (ada, bob):
        until(lambda host=host: host.sees(cyd="confirmed"), 2.0, host.printed())
    row = next(row for row in ada.control.members() if row["name"] == "cyd")
    assert "refused" in row["why"]

    cyd.start().wait_until_up()
    assert cyd.control.status()["id"] == member_id
    for host in (ada, bob, cyd):
        until(lambda host=host: host.sees(cyd="alive"), what=host.printed())


def test_a_stop_leaves_no_process_and_no_socket_file(hosts, counting):
    (ada,) = hosts.ring("ada")
    ada.control.svc_load(str(counting))
    pid = until(lambda: ada.service_pid("counting.default"), what=ada.printed())
    ada.control.stop()
    assert ada.process.wait(10) == 0, ada.printed()
    assert not psutil.pid_exists(pid)
    assert ada.leftovers() == []
    assert [path for path in ada.run_dir.rglob("*") if not path.is_dir()] == []
