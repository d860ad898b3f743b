"""Root and its nursery with real processes: births, deaths, signals, and the end of all."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.hosts import REPOSITORY, until
from tests.node.stand_in import ACTORS

FAILED = 70


class Node:
    """A node of stand-ins; `behaviour` by actor, `settings` of root."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def start(self, *options, settings=None, behaviour=None, **more):
        (self.folder / "settings").write_text(json.dumps(settings or {}))
        self.behave(**behaviour or {})
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.node.stand_in", str(self.folder), *options],
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                **more,
            )
        return self

    def behave(self, **behaviour):
        (self.folder / "behaviour").write_text(json.dumps(behaviour))

    def wait_until_up(self):
        for actor in ACTORS:
            self.wait_for(actor)
        return self

    def wait_for(self, actor, other_than=0):
        """What the actor sees of itself, once it is alive under another pid."""
        return until(lambda: self.seen(actor, other_than), what=self.printed())

    def seen(self, actor, other_than):
        try:
            seen = json.loads((self.folder / f"{actor}.json").read_text())
        except FileNotFoundError:
            return None
        return seen if seen["pid"] != other_than and psutil.pid_exists(seen["pid"]) else None

    def kill(self, actor, number=signal.SIGKILL):
        """Kill an actor and wait for its next life."""
        pid = self.wait_for(actor)["pid"]
        os.kill(pid, number)
        return self.wait_for(actor, pid)

    def wait(self, seconds=10):
        return self.process.wait(seconds)

    def printed(self):
        return (self.folder / "log").read_text()

    def lines(self):
        return [json.loads(line) for line in self.printed().splitlines() if line[0] == "{"]

    def causes(self, actor):
        """Why the actor was started again, each time."""
        lines = [line for line in self.lines() if line.get("subject") == actor]
        return [line["why"] for line in lines if line["to"] == "restarting"]

    def actors(self):
        return psutil.Process(self.process.pid).children()

    def end(self):
        if self.process and self.process.poll() is None:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
            self.process.kill()
            self.process.wait()


@pytest.fixture
def node(tmp_path):
    node = Node(tmp_path)
    yield node
    node.end()


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_actors_are_processes_with_their_own_titles(node):
    node.start().wait_until_up()
    assert len(node.actors()) == len(ACTORS)
    for actor in ACTORS:
        assert node.wait_for(actor)["title"] == f"habactors: {actor} (ada)"


def test_a_child_holds_no_descriptor_of_root_or_of_others(node):
    """Its channel, and what every process has, and nothing else; also after many restarts.

    Only the wire holds the port of the ring as well.
    """
    node.start(settings={"intensity": 100}, behaviour={"services": "spawning"}).wait_until_up()
    until(lambda: (node.folder / "PID").exists() and (node.folder / "PID").read_text())
    for _ in range(3):
        for actor in ACTORS:
            descriptors = node.kill(actor)["descriptors"]
            kinds = [place.partition(":")[0] for place in descriptors.values()]
            assert kinds.count("socket") == (2 if actor == "wire" else 1), descriptors
            assert "anon_inode" not in kinds, descriptors
            assert not [place for place in descriptors.values() if "fifo" in place], descriptors


def test_no_signal_stays_blocked_in_a_child(node):
    node.start().wait_until_up()
    assert {node.wait_for(actor)["blocked"] for actor in ACTORS} == {"0" * 16}
    job = Path(f"/proc/{node.process.pid}/status").read_text()
    assert f"SigBlk:\t{'0' * 16}" in job


def test_a_killed_actor_is_started_again_and_leaves_no_zombie(node):
    node.start(settings={"intensity": 100}).wait_until_up()
    for _ in range(5):
        for actor in ACTORS:
            node.kill(actor)
    states = [child.status() for child in node.actors()]
    assert len(states) == len(ACTORS)
    assert psutil.STATUS_ZOMBIE not in states
    assert node.causes("wire") == ["killed by SIGKILL"] * 5


def test_all_actors_may_die_at_once(node):
    node.start(settings={"intensity": 100}).wait_until_up()
    for _ in range(5):
        pids = {actor: node.wait_for(actor)["pid"] for actor in ACTORS}
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        for actor, pid in pids.items():
            node.wait_for(actor, pid)
    assert node.process.poll() is None


def test_an_actor_may_die_while_root_is_busy(node):
    """Then root hears of it twice at once: by the signal, and at the other end of the channel."""
    node.start("--slow", behaviour={"control": "asking"}).wait_until_up()
    pid = node.wait_for("wire")["pid"]
    until((node.folder / "busy").exists)
    node.process.send_signal(signal.SIGCHLD)
    os.kill(pid, signal.SIGKILL)
    node.wait_for("wire", pid)
    node.kill("wire")
    assert node.process.poll() is None


def test_restarts_leave_no_descriptor_open_in_root(node):
    def count():
        return len(list(Path(f"/proc/{node.process.pid}/fd").iterdir()))

    node.start(settings={"intensity": 100}).wait_until_up()
    before = count()
    for _ in range(20):
        node.kill("wire")
    until(lambda: count() == before)


def test_an_actor_whose_role_raised_ends_with_70_and_is_started_again(node):
    node.start(behaviour={"wire": "failing"}).wait_for("services")
    until(lambda: node.causes("wire"))
    node.behave()
    assert node.causes("wire")[0] == f"exit code {FAILED}"
    until(lambda: len(node.actors()) == len(ACTORS))


def test_an_actor_that_cannot_even_be_made_ends_with_70_and_tells_why(node):
    node.start(behaviour={"wire": "raising"})
    until(lambda: node.causes("wire"), what=node.printed())
    assert node.causes("wire")[0] == f"exit code {FAILED}"
    assert "ValueError: unlucky" in node.printed()
    errors = [line for line in node.lines() if line.get("level") == "error"]
    assert errors[0]["actor"] == "wire"


def test_an_actor_that_never_starts_ends_the_node_with_an_error_and_all_its_actors(node):
    node.start(settings={"intensity": 1}, behaviour={"wire": "failing", "control": "busy"})
    others = [node.wait_for(actor)["pid"] for actor in ACTORS[1:]]
    assert node.wait() == 1
    assert "wire cannot start (exit code 70)" in node.lines()[-1]["message"]
    assert not [pid for pid in others if psutil.pid_exists(pid)]


def test_a_node_whose_actor_never_starts_leaves_its_services_running(node):
    node.start(settings={"intensity": 1}, behaviour={"wire": "failing", "services": "spawning"})
    until(lambda: (node.folder / "PID").exists() and (node.folder / "PID").read_text())
    service = psutil.Process(int((node.folder / "PID").read_text()))
    assert node.wait() == 1
    assert service.is_running()
    assert service.status() != psutil.STATUS_ZOMBIE
    service.kill()


def test_a_host_without_processes_makes_root_wait_not_die(node):
    node.start("--no-forks").wait_until_up()
    assert len(node.causes("wire")) + len(node.causes("disseminator")) == 2
    assert "temporarily unavailable" in node.causes("wire")[0]


# Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_node_in_good_order(node, number):
    node.start().wait_until_up()
    pids = [child.pid for child in node.actors()]
    node.process.send_signal(number)
    assert node.wait() == 0
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_a_signal_to_the_whole_group_ends_the_node_in_good_order(node):
    node.start(start_new_session=True).wait_until_up()
    os.killpg(node.process.pid, signal.SIGTERM)
    assert node.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_is_said_to_all_processes_only_root_hears(node, number):
    node.start().wait_until_up()
    pids = {actor: node.wait_for(actor)["pid"] for actor in ACTORS}
    for pid in pids.values():
        os.kill(pid, number)
    node.kill("wire")
    assert {child.pid for child in node.actors()} >= set(list(pids.values())[1:])
    assert node.process.poll() is None


def test_a_hangup_that_was_to_be_ignored_is_ignored(node):
    """As nohup(1) does."""
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    node.start()
    signal.signal(signal.SIGHUP, former)
    node.wait_until_up()
    node.process.send_signal(signal.SIGHUP)
    node.kill("wire")
    assert node.process.poll() is None


@pytest.mark.parametrize(
    ("number", "cause"),
    [(signal.SIGSEGV, "killed by SIGSEGV"), (40, "killed by signal 40")],
    ids=["fault", "real time"],
)
def test_the_signal_that_killed_an_actor_is_named(node, number, cause):
    node.start().wait_until_up()
    node.kill("wire", number)
    assert node.causes("wire") == [cause]


def test_a_signal_that_meets_an_actor_while_it_is_born_does_not_stop_the_node(node):
    """The newborn still has the ears of root; the signal must not be heard with them."""
    node.start("--signalled-newborns").wait_until_up()
    node.kill("wire")
    assert node.process.poll() is None
    assert not [line for line in node.lines() if line.get("kind") == "node"]


def test_an_actor_that_does_not_end_is_killed_after_its_time(node):
    node.start(behaviour={"disseminator": "deaf"}).wait_until_up()
    node.process.send_signal(signal.SIGTERM)
    assert node.wait() == 0


def test_with_root_all_actors_end_at_once_even_the_busy_ones(node):
    node.start(behaviour={"wire": "busy", "control": "deaf"}).wait_until_up()
    pids = [child.pid for child in node.actors()]
    assert len(pids) == len(ACTORS)
    node.process.kill()
    node.wait()
    until(lambda: not [pid for pid in pids if is_alive(pid)], 1.0)


def test_a_service_outlives_its_root_and_is_adopted_by_the_next(node):
    node.start(behaviour={"services": "spawning"}).wait_until_up()
    until(lambda: (node.folder / "PID").exists() and (node.folder / "PID").read_text())
    service = psutil.Process(int((node.folder / "PID").read_text()))
    node.process.kill()
    node.wait()
    for actor in ACTORS:
        (node.folder / f"{actor}.json").unlink()
    node.start(behaviour={"services": "spawning"}).wait_until_up()
    assert service.is_running()
    assert int((node.folder / "PID").read_text()) == service.pid
    assert [child.pid for child in node.actors() if child.name() == "sleep"] == []
    service.kill()
    until(lambda: not (node.folder / "PID").exists())


def test_services_that_still_run_end_with_the_node(node):
    node.start(behaviour={"services": "spawning"}).wait_until_up()
    until(lambda: (node.folder / "PID").exists() and (node.folder / "PID").read_text())
    service = psutil.Process(int((node.folder / "PID").read_text()))
    node.process.send_signal(signal.SIGTERM)
    assert node.wait() == 0
    assert not service.is_running() or service.status() == psutil.STATUS_ZOMBIE
