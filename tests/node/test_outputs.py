"""Does every line that a service writes get into its log, once, whatever happens to us?"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from habactors.node import log_file
from habactors.node.log_file import LogFile
from habactors.node.logs_reader import Position, follow, tail
from habactors.node.outputs import TAKE_BYTES_MAX, Outputs

PATIENCE_SECONDS = 30.0

READER = """
import select, sys
from pathlib import Path
from habactors.node.outputs import Output
output = Output(Path(sys.argv[1]), int(sys.argv[2]), lambda count: None)
poll = select.poll()
poll.register(output.pipe, select.POLLIN)
while True:
    poll.poll()
    output.take()
"""

WRITER = """
import sys, time
for number in range(int(sys.argv[1])):
    sys.stdout.write(f"{number} {'x' * (number % 97)}\\n")
    if number % 500 == 0:
        sys.stdout.flush()
        time.sleep(0.03)
"""


class Table:
    """A desk whose mailbox is a poller and whose counter is a number."""

    def __init__(self):
        self.mailbox = self.counters = self
        self.counted = 0
        self._calls = {}
        self._poll = select.poll()

    def watch(self, source, call):
        self._poll.register(source, select.POLLIN)
        self._calls[source] = call

    def unwatch(self, source):
        self._poll.unregister(source)
        del self._calls[source]

    def add(self, actor, happened, message, count):
        assert (actor, happened, message) == ("services", "body", "log_bytes")
        self.counted += count

    def poll(self, milliseconds=0):
        """Call back once whoever is ready; how many were."""
        ready = self._poll.poll(milliseconds)
        for source, _ in ready:
            self._calls[source]()
        return len(ready)


class Logged:
    """A service's log, and the pipe as root holds it open."""

    def __init__(self, svc_dir, rotate_bytes=log_file.ROTATE_BYTES):
        self.svc_dir = svc_dir
        self.folder = svc_dir / "web"
        self.table = Table()
        self.outputs = Outputs(svc_dir, rotate_bytes)
        self.outputs.open(self.table)
        self.outputs.listen("web")
        self.pipe = os.open(self.folder / "logs/output.fifo", os.O_RDWR | os.O_NONBLOCK)

    def write(self, text):
        """Write as a service does and have it logged; the pipe takes 64 kB at once."""
        written = text.encode()
        while written:
            count = os.write(self.pipe, written[:16_384])
            written = written[count:]
            self.settle()

    def settle(self):
        while self.table.poll():
            pass

    def text(self, name="output.log"):
        return (self.folder / "logs" / name).read_text()

    def files(self):
        found = (path.name for path in (self.folder / "logs").iterdir())
        return sorted(name for name in found if name != "output.fifo")

    def close(self):
        self.outputs.close()
        os.close(self.pipe)


@pytest.fixture
def logged(tmp_path):
    made = Logged(tmp_path / "svc")
    yield made
    made.close()


@pytest.fixture
def small(tmp_path):
    """A log that is full with a thousand bytes."""
    made = Logged(tmp_path / "svc", rotate_bytes=1_000)
    yield made
    made.close()


@pytest.fixture(params=["splice", "copy"])
def way(request, monkeypatch):
    """Both ways into the file."""
    if request.param == "copy":

        def refuse(*_args, **_options):
            raise OSError(log_file.errno.EINVAL, "no splice here")

        monkeypatch.setattr(log_file.os, "splice", refuse)
    return request.param


# Writing


def test_what_is_written_gets_into_the_log_and_is_counted(way, logged):
    logged.write("one\ntwo\n")
    logged.write("three")
    assert logged.text() == "one\ntwo\nthree"
    assert logged.table.counted == len("one\ntwo\nthree")


def test_the_pipe_is_made_for_nobody_else(logged):
    assert (logged.folder / "logs/output.fifo").stat().st_mode & 0o777 == 0o600


def test_a_log_goes_on_where_it_was(way, tmp_path):
    for word in ("first\n", "second\n"):
        logged = Logged(tmp_path)
        logged.write(word)
        logged.close()
    assert logged.text() == "first\nsecond\n"


def test_what_was_written_while_nobody_listened_is_not_lost(logged):
    logged.outputs.close()
    os.write(logged.pipe, b"meanwhile\n")
    again = Logged(logged.svc_dir)
    again.settle()
    assert again.text() == "meanwhile\n"
    again.close()


def test_who_ends_to_listen_takes_in_what_is_left(logged):
    os.write(logged.pipe, b"last words\n")
    logged.outputs.unlisten("web")
    assert logged.text() == "last words\n"
    logged.outputs.unlisten("web")


def test_a_ready_call_after_the_end_does_nothing(logged):
    (call,) = logged.table._calls.values()
    logged.outputs.unlisten("web")
    call()


def test_to_listen_twice_is_to_listen_once(logged):
    logged.outputs.listen("web")
    logged.write("once\n")
    assert logged.text() == "once\n"


def test_an_idle_pipe_whose_writers_are_gone_is_quiet(logged):
    os.close(logged.pipe)
    subprocess.run(
        ["sh", "-c", f"echo hi >{logged.folder}/logs/output.fifo"], check=True, timeout=10
    )
    logged.settle()
    assert logged.text() == "hi\n"
    assert logged.table.poll(200) == 0
    logged.pipe = os.open(logged.folder / "logs/output.fifo", os.O_RDWR)


def test_a_chatty_service_does_not_keep_others_waiting(logged):
    import fcntl

    fcntl.fcntl(logged.pipe, 1031, 1_048_576)  # F_SETPIPE_SZ, the most there is without privilege
    logged.outputs.listen("db")
    quiet = os.open(logged.svc_dir / "db/logs/output.fifo", os.O_RDWR)
    chatter = b"x" * 65_536
    os.write(quiet, b"me too\n")
    os.set_blocking(logged.pipe, False)
    for _ in range(16):
        os.write(logged.pipe, chatter)
    assert logged.table.poll() == 2
    assert (logged.svc_dir / "db/logs/output.log").read_text() == "me too\n"
    assert logged.table.counted <= TAKE_BYTES_MAX + 7
    os.close(quiet)


def test_a_removed_log_is_made_anew(way, logged):
    logged.write("old\n")
    (logged.folder / "logs/output.log").unlink()
    logged.write("new\n")
    assert logged.text() == "new\n"


def test_an_emptied_log_is_written_from_its_beginning(way, logged):
    logged.write("old\n")
    os.truncate(logged.folder / "logs/output.log", 0)
    logged.write("new\n")
    assert logged.text() == "new\n"


def test_something_else_in_the_place_of_the_pipe_costs_a_warning(tmp_path, caplog):
    (tmp_path / "web/logs/output.fifo").mkdir(parents=True)
    outputs = Outputs(tmp_path)
    outputs.open(Table())
    outputs.listen("web")
    outputs.unlisten("web")
    assert "no output of web is logged" in caplog.text


def test_a_full_disk_costs_lines_and_a_warning_but_blocks_nobody(logged, monkeypatch, caplog):
    def refuse(*_args, **_options):
        raise OSError(log_file.errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(log_file.os, "splice", refuse)
        logged.write("lost\n" * 3)
    logged.write("kept\n")
    assert logged.text() == "kept\n"
    assert "takes no more output" in caplog.text
    assert "15 bytes of output were lost" in caplog.text
    assert logged.table.counted == 20


# Rotation


def numbers(small, names):
    return [int(line) for name in names for line in small.text(name).splitlines()]


def test_a_full_log_makes_room_and_keeps_five(small):
    for number in range(100_000, 103_000):
        small.write(f"{number}\n")
    names = [f"output.log.{number}" for number in range(5, 0, -1)]
    assert small.files() == ["output.log", *reversed(names)]
    modes = {(small.folder / "logs" / name).stat().st_mode & 0o777 for name in small.files()}
    assert modes == {0o640}
    kept = numbers(small, [*names, "output.log"])
    assert kept == list(range(kept[0], 103_000))
    assert all(1_000 <= len(small.text(name)) < 1_010 for name in names)


def test_it_is_cut_at_a_lines_end_even_when_lines_come_in_pieces(way, small):
    text = "".join(f"{number}\n" for number in range(100_000, 100_400))
    for start in range(0, len(text), 11):
        small.write(text[start : start + 11])
    names = [name for name in reversed(small.files()) if name != "output.log"]
    assert len(names) == 2
    assert all(small.text(name).endswith("\n") for name in names)
    assert numbers(small, [*names, "output.log"]) == list(range(100_000, 100_400))


def test_a_line_without_end_is_cut_anywhere(small, monkeypatch):
    monkeypatch.setattr(log_file, "LINE_BYTES_MAX", 100)
    small.write("\n" + "x" * 1_500)
    small.write("y")
    assert small.text("output.log.1") == "\n" + "x" * 1_500
    assert small.text() == "y"


class Killed(Exception):
    """Stands for the death of the process."""


def dying_after(steps, method):
    def call(*args, **options):
        if next(steps, None) is None:
            raise Killed
        return method(*args, **options)

    return call


@pytest.mark.parametrize("steps", range(12))
def test_a_rotation_killed_halfway_is_finished_by_the_next_life(logged, steps, monkeypatch):
    lines = [f"{number}\n" for number in range(100_000, 101_000)]
    half = "".join(lines[:850]) + lines[850][:4]
    logged.write(half)
    logged.outputs.close()
    file = LogFile(logged.folder / "logs")
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        left = iter(range(steps))
        for name in ("replace", "write_bytes", "exists", "open"):
            patch.setattr(Path, name, dying_after(left, getattr(Path, name)))
        file._rotate()
    file.close()
    again = Logged(logged.svc_dir)
    again.write("".join(lines)[len(half) :])
    names = again.files()
    again.close()
    assert names == (["output.log", "output.log.1"] if steps > 3 else ["output.log"])
    assert numbers(again, reversed(names)) == list(range(100_000, 101_000))


def end(process):
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def test_kill_minus_nine_again_and_again_loses_and_repeats_no_line(tmp_path):
    """A writer writes numbered lines, readers die in the midst of it, also while they rotate."""
    count = 30_000
    luck = Random(7)
    logged = Logged(tmp_path)
    logged.outputs.close()
    pipe = os.open(tmp_path / "web/logs/output.fifo", os.O_RDWR)
    written = [sys.executable, "-c", WRITER, str(count)]
    writer = subprocess.Popen(written, stdout=pipe)
    kills = 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while writer.poll() is None and time.monotonic() < deadline:
            web = str(tmp_path / "web")
            reader = subprocess.Popen([sys.executable, "-c", READER, web, "300000"])
            enough = size_of(tmp_path) + luck.randrange(1, 300_000)
            while size_of(tmp_path) < enough and writer.poll() is None:
                assert time.monotonic() < deadline, "nothing is logged"
            end(reader)
            kills += 1
    finally:
        end(writer)
        os.close(pipe)
    last = Logged(tmp_path, 300_000)
    last.settle()
    names = [name for name in reversed(last.files()) if name != "output.log"]
    lines = [line for name in [*names, "output.log"] for line in last.text(name).splitlines()]
    last.close()
    os.close(logged.pipe)
    assert lines == [f"{number} {'x' * (number % 97)}" for number in range(count)]
    assert len(names) >= 3
    assert kills >= 3


def size_of(svc_dir):
    total = 0
    for path in (svc_dir / "web/logs").iterdir():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


# Reading


def test_the_last_lines_are_told(small):
    small.write("".join(f"{number}\n" for number in range(1000)))
    assert tail(small.folder, 3)[0] == ["997", "998", "999"]
    assert tail(small.folder, 700)[0] == [str(number) for number in range(300, 1000)]
    assert tail(small.folder, 0)[0] == []
    everything, _ = tail(small.folder, 10_000)
    assert everything == [str(number) for number in range(int(everything[0]), 1000)]
    assert len(everything) > 900


def test_a_service_that_wrote_nothing_has_no_lines(tmp_path, logged):
    assert tail(tmp_path / "nowhere", 10) == ([], Position())
    assert follow(tmp_path / "nowhere", Position()) == ([], Position())
    assert tail(logged.folder, 10)[0] == []


def test_what_comes_after_the_tail_is_followed(logged):
    logged.write("one\ntwo\n")
    _, position = tail(logged.folder, 1)
    assert follow(logged.folder, position) == ([], position)
    logged.write("three\nfo")
    lines, position = follow(logged.folder, position)
    assert lines == ["three"]
    logged.write("ur\n")
    assert follow(logged.folder, position)[0] == ["four"]


def test_an_unfinished_line_is_in_the_tail_and_comes_whole_when_it_is_finished(logged):
    logged.write("one\ntw")
    lines, position = tail(logged.folder, 5)
    assert lines == ["one", "tw"]
    logged.write("o\n")
    assert follow(logged.folder, position)[0] == ["two"]


def test_who_follows_misses_and_repeats_nothing_when_the_log_moves_on(small):
    text = "".join(f"{number}\n" for number in range(100_000, 102_000))
    found, position = tail(small.folder, 10)
    for start in range(0, len(text), 37):
        small.write(text[start : start + 37])
        if start % (37 * 9) == 0:
            lines, position = follow(small.folder, position)
            found += lines
    while True:
        lines, position = follow(small.folder, position)
        if not lines:
            break
        found += lines
    assert [int(line) for line in found] == list(range(100_000, 102_000))


def test_who_was_left_behind_goes_on_with_the_oldest_lines_there_are(small):
    small.write("first\n")
    _, position = tail(small.folder, 1)
    for number in range(100_000, 102_000):
        small.write(f"{number}\n")
    lines, _ = follow(small.folder, position)
    oldest, _ = tail(small.folder, 10_000)
    assert lines[0] == oldest[0]


def test_an_emptied_log_is_followed_from_its_beginning(logged):
    logged.write("long and old\n")
    _, position = tail(logged.folder, 1)
    os.truncate(logged.folder / "logs/output.log", 0)
    logged.write("new\n")
    assert follow(logged.folder, position)[0] == ["new"]


def test_a_very_long_line_is_followed_in_pieces(logged):
    logged.write("x" * 1_500_000 + "\n")
    first, position = follow(logged.folder, Position())
    second, _ = follow(logged.folder, position)
    assert "".join(first + second) == "x" * 1_500_000


def test_bytes_that_are_no_text_are_shown_as_such(logged):
    os.write(logged.pipe, b"a\xffb\n")
    logged.settle()
    assert tail(logged.folder, 1)[0] == ["a�b"]
