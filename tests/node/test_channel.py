"""The channel between root and an actor: letters, their limits, and the end of the other side."""

import os
import select
import signal
import socket

import pytest

from habactors.node.channel import LETTER_BYTES_MAX, Channel
from habactors.protocol.errands import ActorRow, CallRoll, Ended, Roster, Spawn, StopServices

ROW = ActorRow("x" * 128, 4_000_000, "backoff", 1e9, 10**6)


@pytest.fixture
def pair():
    one, other = Channel.pair()
    yield one, other
    one.close()
    other.close()


def spawn(environment_bytes):
    value = {"LARGE": "x" * environment_bytes}
    return Spawn("a.b/run", ("/x",), "/", value, "/fifo", "/pid")


def is_readable(channel):
    return bool(select.select([channel], [], [], 1.0)[0])


def test_letters_arrive_whole_and_in_order(pair):
    one, other = pair
    letters = [CallRoll(), Ended("a.b/run", 7, -9), spawn(1000), StopServices()]
    for letter in letters:
        assert one.send(letter)
    assert list(other.receive()) == letters
    assert list(other.receive()) == []


def test_both_ends_may_speak(pair):
    one, other = pair
    assert one.send(CallRoll())
    assert other.send(StopServices())
    assert list(one.receive()) == [StopServices()]
    assert list(other.receive()) == [CallRoll()]


def test_a_job_with_the_largest_sensible_environment_fits(pair):
    one, other = pair
    large = spawn(128 * 1024)  # the most that Linux takes as one variable
    assert one.send(large)
    assert list(other.receive()) == [large]


def test_the_roster_of_a_whole_cast_fits(pair):
    one, other = pair
    roster = Roster(1e9, (ROW,) * 50)
    assert one.send(roster)
    assert list(other.receive()) == [roster]


def test_a_letter_over_the_limit_is_not_sent_and_not_mistaken_for_the_end(pair):
    one, other = pair
    assert not one.send(spawn(LETTER_BYTES_MAX))
    assert one.send(CallRoll())
    assert list(other.receive()) == [CallRoll()]


def test_a_full_buffer_does_not_block_and_loses_only_the_letters_that_do_not_fit(pair):
    one, other = pair
    sent = 0
    while one.send(Ended(f"{sent}", 7, 0)):
        sent += 1
        assert sent < 100_000
    assert sent > 100
    assert not one.send(CallRoll())
    assert [letter.job for letter in other.receive()] == [str(number) for number in range(sent)]
    assert one.send(CallRoll())


def test_the_end_of_the_other_side_is_seen_at_once(pair):
    one, other = pair
    one.close()
    assert is_readable(other)
    assert list(other.receive()) == [None]


def test_what_was_said_before_the_end_is_heard_before_it(pair):
    one, other = pair
    one.send(CallRoll())
    one.close()
    assert list(other.receive()) == [CallRoll(), None]


def test_what_was_said_before_the_end_is_heard_even_if_the_dead_had_not_read_everything(pair):
    one, other = pair
    other.send(StopServices())
    one.send(CallRoll())
    one.close()
    assert list(other.receive()) == [CallRoll(), None]


def test_the_end_of_a_killed_process_is_seen_at_once():
    ours, theirs = Channel.pair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        signal.pause()
    theirs.close()
    assert not select.select([ours], [], [], 0)[0]
    os.kill(pid, signal.SIGKILL)
    assert is_readable(ours)
    assert list(ours.receive()) == [None]
    os.waitpid(pid, 0)
    ours.close()


def test_speaking_to_the_dead_is_no_error(pair):
    one, other = pair
    other.close()
    assert not one.send(CallRoll())


def test_hanging_up_tells_the_end_but_still_listens(pair):
    one, other = pair
    one.hang_up()
    assert list(other.receive()) == [None]
    assert other.send(CallRoll())
    assert list(one.receive()) == [CallRoll()]
    other.close()
    one.hang_up()  # nobody is there any more: no error


def test_a_closed_channel_receives_its_end(pair):
    one, _ = pair
    one.close()
    assert list(one.receive()) == [None]


def test_no_program_that_is_started_inherits_it(pair):
    assert not any(os.get_inheritable(channel.fileno()) for channel in pair)


def test_message_boundaries_are_kept_by_the_kernel(pair):
    kind = pair[0]._end.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    assert kind == socket.SOCK_SEQPACKET
