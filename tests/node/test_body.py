"""A role in its body: an actor in a thread, with a mailbox, a post, hands and an end."""

import gc
import logging
import os
import threading
from pathlib import Path

import pytest
import zmq

from habactors.config import Config, NodeConfig, RootConfig, SidecarConfig
from habactors.node.body import Berth, Body, Outcome, absentees, state_dir
from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.hands import Hands
from habactors.node.mailbox import Delivery, Ready
from habactors.protocol.errands import Running, StopServices
from habactors.protocol.files import Fetch, Fetched
from habactors.protocol.letters import read, write
from habactors.protocol.lifecycle import Start, Wake
from habactors.protocol.news import Withdraw
from habactors.roles.role import Role
from tests.hosts import until
from tests.roles.stage import ADA

RUNNING = Running("a.b/run", 7, 1.0, adopted=False)
WAIT_SECONDS = 5.0


class Services(Role):
    """Notes what it hears, keeps how often it has lived, and fails when it is told to."""

    NAME = "services"

    def __init__(self):
        super().__init__(ADA)
        self.heard = []
        self.threads = set()

    def hear(self, message, now):
        self.heard.append(message)
        self.threads.add(threading.current_thread().name)
        match message:
            case Start(kept):
                lives = int(kept.get("lives", b"0")) + 1
                self.keep("lives", b"%d" % lives)
                self.wake_at(now + 0.02)
            case Wake():
                self.wake_at(None)
            case Running(pid=13):
                raise ValueError("unlucky")
            case Running():
                self.say(Withdraw("a.b"))
                self.say(Fetch("t", "p"))


class Fingers(Hands):
    """Answer at once, watch a pipe, and note whether they are open."""

    def __init__(self, fail_at=""):
        self.fail_at = fail_at
        self.is_open = False

    def open(self, desk):
        if self.fail_at == "open":
            raise OSError("the port is taken")
        self.desk = desk
        self.reader, self.writer = os.pipe()
        desk.mailbox.watch(self.reader, self.note)
        self.is_open = True

    def do(self, message):
        self.desk.hear(Fetched(message.ticket, None))

    def note(self):
        self.desk.hear(Fetched(os.read(self.reader, 100).decode(), None))

    def close(self):
        self.is_open = False
        os.close(self.reader)
        os.close(self.writer)
        if self.fail_at == "close":
            raise OSError("it does not close")


class Life:
    """One life of the actor; `root` is root's end of the channel."""

    def __init__(self, tmp_path, processes, hands=None, counters=None, keeps=True):
        self.config = Config(
            node=NodeConfig(name="ada", data_dir=tmp_path, run_dir=tmp_path),
            root=RootConfig(processes=processes),
        )
        state_dir(self.config).mkdir(exist_ok=True)
        self.root, theirs = Channel.pair()
        self.counters = counters or Counters()
        self.counters.add("services", "body", "starts")
        berth = Berth("services", self.config, ADA, Clock(), self.counters, theirs, False)
        self.role = Services()
        self.hands = hands or Fingers()
        self.outcome = Outcome()
        self.actor = Body.start(berth, self.role, self.hands, self.outcome, keeps=keeps)

    def tell(self, letter):
        """By mail, as another actor would."""
        self.push(write(letter))

    def push(self, written):
        separate = self.config.root.processes == "separate"
        run_dir = self.config.node.run_dir
        door = f"ipc://{run_dir}/services.mail" if separate else "inproc://services"
        with zmq.Context.instance().socket(zmq.PUSH) as push:
            push.connect(door)
            push.send(written)

    def wait_for(self, *messages):
        until(lambda: all(message in self.role.heard for message in messages))

    def end(self):
        """As root ends it; whether it failed."""
        self.root.hang_up()
        return self.wait()

    def wait(self):
        assert self.outcome.ended.wait(WAIT_SECONDS), "it did not end"
        failed = self.outcome.wait()
        self.root.close()
        return failed


@pytest.fixture(params=["separate", "one"])
def begin(request, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("b")
    lives = []

    def begin_life(**more):
        lives.append(Life(tmp_path, request.param, **more))
        return lives[-1]

    begin_life.lives = lives
    yield begin_life
    for life in lives:
        life.root.close()
        assert life.outcome.ended.wait(WAIT_SECONDS)


def test_it_starts_wakes_hears_letters_and_root_and_ends_in_good_order(begin):
    life = begin()
    life.wait_for(Start(), Wake())
    life.root.send(StopServices())
    life.tell(RUNNING)
    life.wait_for(StopServices(), RUNNING)
    assert not life.end()
    assert not life.hands.is_open


def test_hands_are_heard_and_may_watch(begin):
    life = begin()
    life.tell(RUNNING)
    life.wait_for(Fetched("t", None))
    os.write(life.hands.writer, b"from the pipe")
    life.wait_for(Fetched("from the pipe", None))
    assert not life.end()


def test_everything_happens_in_the_actors_own_thread_which_bears_its_name(begin):
    life = begin()
    life.tell(RUNNING)
    life.wait_for(Fetched("t", None), Wake())
    assert life.role.threads == {"services"}
    life.end()


def test_what_is_kept_is_there_in_the_next_life(begin):
    for lives in range(3):
        life = begin()
        life.wait_for(Wake())
        expected = {"lives": b"%d" % lives} if lives else {}
        assert life.role.heard[0] == Start(expected, damaged=False)
        assert not life.end()


def test_a_role_that_raises_ends_its_actor_as_failed_and_root_sees_it(begin, caplog):
    life = begin()
    life.tell(Running("a.b/run", 13, 1.0, adopted=False))
    assert life.wait()
    assert "ValueError: unlucky" in caplog.text
    assert not life.hands.is_open


def test_root_hears_the_end_of_a_failed_actor(begin):
    life = begin()
    life.tell(Running("a.b/run", 13, 1.0, adopted=False))
    assert life.outcome.ended.wait(WAIT_SECONDS)
    assert list(life.root.receive())[-1] is None


def test_a_failed_actor_can_be_started_again_at_once(begin):
    counters = Counters()
    for _ in range(5):
        life = begin(counters=counters)
        life.wait_for(Wake())
        life.tell(Running("a.b/run", 13, 1.0, adopted=False))
        assert life.wait()
    life = begin(counters=counters)
    life.tell(RUNNING)
    life.wait_for(RUNNING)
    assert not life.end()


def test_hands_that_cannot_be_opened_end_the_actor_as_failed(begin, caplog):
    life = begin(hands=Fingers(fail_at="open"))
    assert life.wait()
    assert "the port is taken" in caplog.text
    assert life.role.heard == []
    assert not begin().end()


def test_hands_that_cannot_be_closed_end_it_as_failed_but_end_it(begin, caplog):
    life = begin(hands=Fingers(fail_at="close"))
    life.wait_for(Wake())
    assert life.end()
    assert "it does not close" in caplog.text
    assert not begin().end()


def test_a_letter_that_cannot_be_read_ends_it_as_failed(begin, caplog):
    life = begin()
    life.wait_for(Wake())
    life.push(b"\xc1 no letter")
    assert life.wait()
    assert "DecodeError" in caplog.text


def test_a_letter_that_is_not_for_it_ends_it_as_failed(begin, caplog):
    life = begin()
    life.tell(Withdraw("a.b"))
    assert life.wait()
    assert "KeyError" in caplog.text


def test_an_actor_that_keeps_nothing_has_no_file(begin):
    life = begin(keeps=False)
    assert life.wait()  # this role keeps records: its own mistake
    assert list(state_dir(life.config).iterdir()) == []


def test_what_it_says_goes_to_the_hearers(begin):
    life = begin()
    life.wait_for(Wake())
    separate = life.config.root.processes == "separate"
    run_dir = life.config.node.run_dir
    with zmq.Context.instance().socket(zmq.PULL) as disseminator:
        disseminator.set(zmq.RCVTIMEO, 5_000)
        door = f"ipc://{run_dir}/disseminator.mail" if separate else "inproc://disseminator"
        disseminator.bind(door)
        life.tell(RUNNING)
        assert read(disseminator.recv()) == Withdraw("a.b")
        disseminator.unbind(door)
    assert not life.end()


def test_other_threads_may_put_something_in(begin):
    life = begin()
    called = []
    life.wait_for(Wake())
    life.actor.actor_inbox.put(
        Delivery(Ready(lambda: called.append(threading.current_thread().name)))
    )
    until(lambda: called)
    assert called == ["services"]
    life.end()


def test_lives_leave_no_descriptor_and_no_thread_behind(begin, monkeypatch):
    monkeypatch.setattr(logging.getLogger("pykka"), "disabled", True)  # tracebacks hold on to all

    def live(pid):
        life = begin(counters=counters)
        life.wait_for(Wake())
        life.tell(Running("a.b/run", pid, 1.0, adopted=False))
        if pid != 13:
            life.wait_for(Fetched("t", None))
            life.root.hang_up()
        life.wait()
        begin.lives.clear()

    def count():
        while disseminator.poll(0):
            disseminator.recv()
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir())) + threading.active_count()

    counters = Counters()
    with zmq.Context.instance().socket(zmq.PULL) as disseminator:
        disseminator.bind("inproc://disseminator")
        live(7)
        live(13)
        before = count()
        for number in range(20):
            live(13 if number % 2 else 7)
        until(lambda: count() < before + 5)
        disseminator.unbind("inproc://disseminator")


def test_a_node_without_a_sidecar_writes_it_no_letters():
    node = NodeConfig(name="ada", data_dir=Path("/d"), run_dir=Path("/r"))
    assert absentees(Config(node=node)) == ()
    assert absentees(Config(node=node, sidecar=SidecarConfig(listen=None))) == ("sidecar",)
