"""Nodes that run in the background: daemons that are stopped, and demos that leave nothing."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.hosts import REPOSITORY, until

COMMAND = [sys.executable, "-m", "habactors"]


def habactors(*words):
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=REPOSITORY,
        check=False,
    )


@pytest.fixture
def host(hosts):
    """A node that is not started, and is stopped with the test if it is then."""
    made = hosts.add("zoe")
    yield made
    habactors("stop", "-c", made.file)


def test_a_daemon_runs_until_it_is_stopped(host):
    done = habactors("start", "-c", host.file, "--daemon")
    assert done.returncode == 0, done.stderr
    pid = int(re.search(r"pid (\d+)", done.stdout)[1])
    assert f"log {host.data_dir / 'log'}" in done.stdout
    assert host.actors_running()
    assert "ring at" in (host.data_dir / "log").read_text()

    again = habactors("start", "-c", host.file, "--daemon")
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1
    assert f"(pid {pid})" in again.stderr

    began = time.monotonic()
    done = habactors("stop", "-c", host.file)
    assert (done.returncode, done.stdout) == (0, "zoe has stopped\n"), done.stderr
    assert time.monotonic() - began < 10
    until(lambda: not psutil.pid_exists(pid))
    assert [path for path in host.run_dir.rglob("*") if not path.is_dir()] == []
    assert habactors("stop", "-c", host.file).returncode == 3


def test_a_daemon_that_cannot_start_says_why(host, hosts):
    other = hosts.add("yan")
    other.file.write_text(other.file.read_text().replace(other.address, host.address))
    host.start().wait_until_up()
    done = habactors("start", "-c", other.file, "--daemon")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "[wire] listen" in done.stderr


@pytest.fixture
def demo():
    """A demo that has just become ready, and its folder."""
    before = {*Path("/tmp").glob("habactors-demo-*")}
    process = subprocess.Popen(
        [*COMMAND, "demo", "--nodes", "2", "--seconds", "60"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    lines = iter(process.stdout.readline, "")
    assert any("what happens" in line for line in lines)
    (folder,) = {*Path("/tmp").glob("habactors-demo-*")} - before
    yield process, folder
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_demo_leaves_nothing_however_it_ends(demo, number):
    process, folder = demo
    everybody = psutil.Process(process.pid).children(recursive=True)
    assert len(everybody) > 2 * 9
    os.kill(process.pid, number)
    process.wait(20)
    _, alive = psutil.wait_procs(everybody, timeout=20)
    assert alive == []
    until(lambda: not folder.exists())
