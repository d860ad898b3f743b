"""Letters to the other actors of a node: they find whoever is there, and never block."""

import time

import pytest
import zmq

from habactors.node import post as posting
from habactors.node.channel import Channel
from habactors.node.counters import Counters
from habactors.node.post import Post
from habactors.protocol.errands import CallRoll, Ended, StopServices
from habactors.protocol.letters import read

WAIT_MILLISECONDS = 5_000


@pytest.fixture
def context():
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture
def channel():
    ours, theirs = Channel.pair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture(params=["ipc", "inproc"])
def door(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("p")
    return f"ipc://{folder}/{{}}.mail" if request.param == "ipc" else "inproc://{}"


@pytest.fixture
def post(context, door, channel, counters):
    post = Post("census", context, door, channel[1], counters)
    yield post
    post.close()


class Hearer:
    """A life of an actor, as far as its mail is concerned."""

    def __init__(self, context, door, counters, name="control"):
        counters.add(name, "body", "starts")  # as root's nursery does
        self.name = name
        self.door = door.format(name)
        self.socket = context.socket(zmq.PULL)
        self.socket.set(zmq.RCVTIMEO, WAIT_MILLISECONDS)
        self.socket.bind(self.door)

    def hear(self):
        return read(self.socket.recv())

    def is_left_alone(self, milliseconds=50):
        return not self.socket.poll(milliseconds)

    def end(self):
        self.socket.unbind(self.door)
        self.socket.close(linger=0)


@pytest.fixture
def start(context, door, counters):
    hearers = []

    def start(name="control"):
        hearers.append(Hearer(context, door, counters, name))
        return hearers[-1]

    yield start
    for hearer in hearers:
        hearer.socket.close(linger=0)


def numbered(number):
    return Ended(f"{number}", number, 0)


def deliver_until_heard(post, hearer, letter, seconds=5.0):
    """Say it again and again, as roles do, until it is heard; what is heard."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        post.deliver((hearer.name,), letter)
        if not hearer.is_left_alone(20):
            return hearer.hear()
    raise AssertionError("not heard")


def test_a_letter_reaches_its_hearers_and_nobody_else(post, start):
    control, sidecar, services = start("control"), start("sidecar"), start("services")
    post.deliver(("control", "sidecar"), CallRoll())
    assert control.hear() == sidecar.hear() == CallRoll()
    assert services.is_left_alone()


def test_letters_to_root_go_through_the_channel(post, channel, counters):
    post.deliver(("root",), CallRoll())
    assert list(channel[0].receive()) == [CallRoll()]
    assert counters.get("census", "dropped", "letter") == 0


def test_letters_to_a_root_that_is_gone_are_counted(post, channel, counters):
    channel[0].close()
    post.deliver(("root",), CallRoll())
    assert counters.get("census", "dropped", "letter") == 1


def test_letters_arrive_in_order(post, start):
    control = start()
    for number in range(1_000):
        post.deliver(("control",), numbered(number))
    assert [control.hear().pid for _ in range(1_000)] == list(range(1_000))


def test_a_hearer_that_is_not_there_yet_finds_its_letters(post, start, counters):
    for number in range(100):
        post.deliver(("control",), numbered(number))
    control = start()
    post.deliver(("control",), numbered(100))
    assert [control.hear().pid for _ in range(101)] == list(range(101))
    assert counters.get("census", "dropped", "letter") == 0


def test_a_restarted_hearer_is_found(post, start):
    control = start()
    for life in range(5):
        post.deliver(("control",), numbered(life))
        assert control.hear() == numbered(life)
        control.end()
        control = start()
        assert deliver_until_heard(post, control, CallRoll()) == CallRoll()
        while not control.is_left_alone():
            assert control.hear() == CallRoll()


def test_a_hearer_that_is_gone_blocks_nobody(post, start):
    control, sidecar = start(), start("sidecar")
    post.deliver(("control",), CallRoll())
    control.hear()
    control.end()
    begun = time.monotonic()
    for _ in range(1_000):
        post.deliver(("control", "sidecar"), StopServices())
    assert time.monotonic() - begun < 2.0
    for _ in range(1_000):
        assert sidecar.hear() == StopServices()


def test_letters_that_a_hearer_never_reads_are_dropped_at_last_and_counted(
    monkeypatch, context, door, channel, counters, start
):
    monkeypatch.setattr(posting, "LETTERS_MAX", 10)
    post = Post("census", context, door, channel[1], counters)
    idle = start()
    begun = time.monotonic()
    for number in range(50_000):
        post.deliver(("control",), numbered(number))
    assert time.monotonic() - begun < 20.0
    dropped = counters.get("census", "dropped", "letter")
    assert dropped > 0
    heard = [idle.hear().pid]
    while not idle.is_left_alone(200):
        heard.append(idle.hear().pid)
    assert heard[:10] == list(range(10))
    assert heard == sorted(heard)
    assert len(heard) + dropped == 50_000
    post.close()


def test_letters_to_a_hearer_that_is_dead_for_long_are_dropped_at_last_and_counted(
    monkeypatch, context, door, channel, counters, start
):
    monkeypatch.setattr(posting, "LETTERS_MAX", 10)
    post = Post("census", context, door, channel[1], counters)
    control = start()
    post.deliver(("control",), CallRoll())
    control.hear()
    control.end()
    begun = time.monotonic()
    for _ in range(10_000):
        post.deliver(("control",), CallRoll())
    assert time.monotonic() - begun < 5.0
    assert counters.get("census", "dropped", "letter") > 8_000
    control = start()
    assert deliver_until_heard(post, control, StopServices())
    post.close()


def test_actors_that_this_node_does_without_get_no_letters(context, door, channel, counters):
    post = Post("census", context, door, channel[1], counters, absent=("sidecar",))
    post.deliver(("sidecar",), CallRoll())
    assert post._boxes == {}
    assert counters.get("census", "dropped", "letter") == 0
    post.close()


def test_closing_does_not_wait_for_hearers_that_are_not_there(post, context):
    post.deliver(("control",), CallRoll())
    begun = time.monotonic()
    post.close()
    context.term()
    assert time.monotonic() - begun < 2.0


def test_what_was_said_just_before_the_end_arrives(context, door, channel, counters, start):
    control = start()
    post = Post("census", context, door, channel[1], counters)
    for number in range(100):
        post.deliver(("control",), numbered(number))
    post.close()
    assert [control.hear().pid for _ in range(100)] == list(range(100))
