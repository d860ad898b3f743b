"""The mailbox as the inbox of a pykka actor: what wakes it, and in what order."""

import gc
import os
import threading
import time

import pykka
import pytest
import zmq

from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.mailbox import LETTERS_AT_ONCE, Broken, Delivery, Mailbox, Ready, RootGone
from habactors.protocol.errands import CallRoll, Ended, StopServices
from habactors.protocol.letters import write
from habactors.protocol.lifecycle import Wake
from tests.hosts import until


@pytest.fixture
def context():
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture(params=["ipc", "inproc"])
def door(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    return f"ipc://{folder}/census.mail" if request.param == "ipc" else "inproc://census"


@pytest.fixture
def channel():
    ours, theirs = Channel.pair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def mailbox(door, context, channel):
    mailbox = Mailbox()
    mailbox.open(door, context, channel[1], Clock())
    yield mailbox
    mailbox.close()


@pytest.fixture
def post(mailbox, door, context):
    """Writes letters to the mailbox."""
    box = context.socket(zmq.PUSH)
    box.connect(door)
    return lambda letter: box.send(write(letter))


def numbered(number):
    return Ended(f"{number}", number, 0)


def take(mailbox, count):
    return [mailbox.get().message for _ in range(count)]


def test_letters_arrive_in_order(mailbox, post):
    letters = [numbered(number) for number in range(500)]
    for letter in letters:
        post(letter)
    assert take(mailbox, 500) == letters


def test_letters_of_root_arrive(mailbox, channel):
    channel[0].send(CallRoll())
    channel[0].send(StopServices())
    assert take(mailbox, 2) == [CallRoll(), StopServices()]


def test_the_end_of_root_is_a_message_after_its_last_letters(mailbox, channel, post):
    channel[0].send(CallRoll())
    channel[0].close()
    assert take(mailbox, 2) == [CallRoll(), RootGone()]
    post(StopServices())
    assert take(mailbox, 1) == [StopServices()]


def test_it_wakes_at_the_deadline_and_not_before(mailbox):
    mailbox.deadline = mailbox._clock.now() + 0.05
    deadline = mailbox.deadline
    assert take(mailbox, 1) == [Wake()]
    assert 0.0 <= mailbox._clock.now() - deadline < 0.5
    assert mailbox.deadline is None


def test_a_deadline_that_has_passed_wakes_it_at_once(mailbox):
    mailbox.deadline = mailbox._clock.now() - 60.0
    assert take(mailbox, 1) == [Wake()]


def test_a_letter_comes_before_a_deadline_that_is_not_due(mailbox, post):
    mailbox.deadline = mailbox._clock.now() + 60.0
    post(CallRoll())
    assert take(mailbox, 1) == [CallRoll()]


def test_without_deadline_and_letters_it_sleeps(mailbox):
    """One system call, however long nothing happens."""
    polls = []
    real = mailbox._poller.poll

    def poll(timeout):
        polls.append(timeout)
        return real(timeout)

    mailbox._poller.poll = poll
    threading.Timer(0.1, mailbox.put, [Delivery("up")]).start()
    assert take(mailbox, 1) == ["up"]
    assert polls == [None]


def test_a_flood_of_letters_does_not_starve_the_deadline(mailbox, post):
    for number in range(5_000):
        post(numbered(number))
    assert take(mailbox, 1) == [numbered(0)]
    mailbox.deadline = mailbox._clock.now()
    assert Wake() in take(mailbox, LETTERS_AT_ONCE + 1)


def test_a_flood_of_letters_does_not_starve_root_nor_what_is_watched(mailbox, post, channel):
    reader, writer = os.pipe()
    mailbox.watch(reader, lambda: None)
    for number in range(5_000):
        post(numbered(number))
    take(mailbox, 1)
    channel[0].send(CallRoll())
    os.write(writer, b"x")
    heard = take(mailbox, 2 * LETTERS_AT_ONCE + 2)
    assert CallRoll() in heard
    assert any(isinstance(message, Ready) for message in heard)
    mailbox.unwatch(reader)
    os.close(reader)
    os.close(writer)


def test_what_another_thread_puts_in_arrives_at_once(mailbox):
    put = time.monotonic() + 0.05
    threading.Timer(0.05, mailbox.put, [Delivery("from afar")]).start()
    assert take(mailbox, 1) == ["from afar"]
    assert time.monotonic() - put < 1.0


def test_what_many_threads_put_in_arrives_completely(mailbox):
    def put_many(name):
        for number in range(200):
            mailbox.put(Delivery((name, number)))

    threads = [threading.Thread(target=put_many, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    heard = take(mailbox, 800)
    for thread in threads:
        thread.join()
    assert sorted(heard) == [(name, number) for name in range(4) for number in range(200)]
    assert [number for name, number in heard if name == 2] == list(range(200))


def test_a_watched_descriptor_is_called_back_while_it_is_readable(mailbox):
    reader, writer = os.pipe()
    got = []
    mailbox.watch(reader, lambda: got.append(os.read(reader, 1)))
    os.write(writer, b"ab")
    for _ in range(2):
        (ready,) = take(mailbox, 1)
        ready.call()
    assert got == [b"a", b"b"]
    mailbox.unwatch(reader)
    os.write(writer, b"c")
    mailbox.deadline = mailbox._clock.now() + 0.02
    assert take(mailbox, 1) == [Wake()]
    os.close(reader)
    os.close(writer)


def test_a_watched_socket_is_called_back(mailbox, context):
    got = []
    with context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
        pull.bind("inproc://watched")
        push.connect("inproc://watched")
        mailbox.watch(pull, lambda: got.append(pull.recv()))
        push.send(b"x")
        take(mailbox, 1)[0].call()
        mailbox.unwatch(pull)
    assert got == [b"x"]


def test_a_letter_that_cannot_be_read_is_a_failure_of_the_actor_not_of_the_mailbox(
    mailbox, door, context
):
    with context.socket(zmq.PUSH) as push:
        push.connect(door)
        push.send(b"\xc1 no letter")
        (broken,) = take(mailbox, 1)
        assert isinstance(broken, Broken)
        push.send(write(CallRoll()))
        assert take(mailbox, 1) == [CallRoll()]


def test_closing_drops_the_letters_that_wait(mailbox, post):
    for number in range(1_000):
        post(numbered(number))
    take(mailbox, 1)
    assert not mailbox.empty()
    mailbox.close()
    assert mailbox.empty()
    mailbox.close()


def test_putting_into_a_closed_mailbox_is_no_error(mailbox):
    mailbox.close()
    mailbox.put(Delivery("too late"))


def test_a_successor_can_open_at_once_where_the_predecessor_has_closed(
    mailbox, post, door, context, channel
):
    post(CallRoll())
    take(mailbox, 1)
    for _ in range(20):
        mailbox.close()
        mailbox = Mailbox()
        mailbox.open(door, context, channel[1], Clock())
    with context.socket(zmq.PUSH) as push:
        push.connect(door)
        push.send(write(StopServices()))
        while (message := mailbox.get().message) != StopServices():
            assert message == CallRoll()
    mailbox.close()


def test_the_socket_file_of_a_killed_predecessor_is_replaced(tmp_path, context, channel):
    door = f"ipc://{tmp_path}/census.mail"
    pid = os.fork()
    if pid == 0:
        killed = zmq.Context().socket(zmq.PULL)
        killed.bind(door)
        os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
    assert (tmp_path / "census.mail").exists()
    mailbox = Mailbox()
    mailbox.open(door, context, channel[1], Clock())
    with context.socket(zmq.PUSH) as push:
        push.connect(door)
        push.send(write(CallRoll()))
        assert take(mailbox, 1) == [CallRoll()]
    mailbox.close()


def test_it_is_the_inbox_of_a_pykka_actor(context, channel, door):
    heard = []

    class Listener(pykka.ThreadingActor):
        @staticmethod
        def _create_actor_inbox():
            return Mailbox()

        def on_start(self):
            self.actor_inbox.open(door, context, channel[1], Clock())

        def on_receive(self, message):
            heard.append(message)
            return "answer"

        def on_stop(self):
            self.actor_inbox.close()

    listener = Listener.start()
    assert listener.ask("question", timeout=5) == "answer"
    channel[0].send(CallRoll())
    with context.socket(zmq.PUSH) as push:
        push.connect(door)
        push.send(write(StopServices()))
        until(lambda: {"question", CallRoll(), StopServices()} <= set(heard))
    assert listener.stop(timeout=5)


def test_mailboxes_leave_no_descriptor_open(door, context, channel):
    def lives():
        mailbox = Mailbox()
        mailbox.open(door, context, channel[1], Clock())
        mailbox.close()

    lives()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(20):
        lives()
    deadline = time.monotonic() + 5
    while gc.collect() or len(os.listdir("/proc/self/fd")) > before:  # noqa: PTH208
        assert time.monotonic() < deadline, "descriptors are left open"
