"""All actors of a node as threads of one process: they still die and come back one by one."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.hosts import CAST, REPOSITORY, until


@pytest.fixture
def host(hosts):
    """A node in one process, not yet started."""
    return hosts.add("ada", root={"processes": "one", "intensity": 50})


def start_sabotaged(host, actor):
    """Start the node; each line written to its input breaks the actor."""
    with host.log.open("a") as log:
        host.process = subprocess.Popen(
            [sys.executable, "-m", "tests.node.one_process", str(host.file), actor],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=REPOSITORY,
            text=True,
            bufsize=1,
        )
    host.wait_until_up()


def row(host, actor):
    rows = host.control.status()["actors"]
    return next(row for row in rows if row["name"] == actor)


def test_all_actors_run_in_the_process_of_root(host):
    host.start().wait_until_up()
    assert {row(host, actor)["pid"] for actor in (*CAST, "root")} == {host.pid}
    assert psutil.Process(host.pid).children() == []


def test_it_needs_no_mail_files(host):
    host.start().wait_until_up()
    assert sorted(path.suffix for path in host.run_dir.iterdir() if path.is_socket()) == [".sock"]


def test_it_ends_in_good_order(host):
    host.start().wait_until_up()
    host.control.stop()
    assert host.process.wait(10) == 0
    assert not list(Path(host.run_dir).iterdir())


def test_an_operator_restarts_each_actor(host):
    host.start().wait_until_up()
    for actor in CAST:
        restart(host, actor, 1)
        until(lambda: host.sees(ada="alive"))


@pytest.mark.parametrize("actor", ["wire", "disseminator"])
def test_an_actor_that_fails_is_started_again_and_the_others_do_not_notice(host, actor):
    start_sabotaged(host, actor)
    for failures in range(1, 4):
        host.process.stdin.write("\n")
        until(lambda expected=failures: row(host, actor)["restarts"] == expected)
        until(host.actors_running)
    others = [row(host, other)["restarts"] for other in CAST if other != actor]
    assert others == [0] * len(others)
    assert "DecodeError" in host.printed()
    until(lambda: host.sees(ada="alive"))
    host.process.stdin.close()


def test_restarts_leave_no_thread_and_few_descriptors_behind(host):
    def count():
        process = psutil.Process(host.pid)
        return process.num_threads(), process.num_fds()

    host.start().wait_until_up()
    for restarts in range(1, 4):
        restart(host, "wire", restarts)
    threads, descriptors = count()
    for restarts in range(4, 24):
        restart(host, "wire", restarts)
    until(lambda: count()[0] <= threads)
    assert count()[1] < descriptors + 40


def restart(host, actor, restarts):
    host.control.actor_restart(actor)
    until(
        lambda: row(host, actor)["restarts"] == restarts and host.actors_running(),
        what=host.printed(),
    )


def test_two_of_them_make_a_ring(hosts):
    settings = {"root": {"processes": "one"}}
    ada = hosts.add("ada", **settings).start().wait_until_up()
    bob = hosts.add("bob", [ada], **settings).start().wait_until_up()
    for host in (ada, bob):
        until(lambda host=host: host.sees(ada="alive", bob="alive"), what=host.printed())
