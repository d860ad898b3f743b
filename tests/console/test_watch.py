"""The live loop of the dashboard, on a terminal of its own."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from tests.console.answering import Answering
from tests.hosts import REPOSITORY

DEADLINE_SECONDS = 10.0
PATIENCE_SECONDS = 0.02


class Terminal:
    """A terminal of 100 columns and 30 lines in which a command runs."""

    def __init__(self, *words):
        self.shown = ""
        self._end, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "habactors", *map(str, words)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=REPOSITORY,
            env=os.environ | {"TERM": "xterm"},
            start_new_session=True,
        )
        os.close(theirs)

    def read_until(self, wanted):
        """Wait for a text that was not read before."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (found := re.search(wanted, self.shown, re.DOTALL)):
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.shown[-3000:]}"
            if select.select([self._end], [], [], PATIENCE_SECONDS)[0]:
                self.shown += os.read(self._end, 65_536).decode(errors="replace")
        self.shown = self.shown[found.end() :]

    def type(self, keys):
        os.write(self._end, keys)

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self._end)


@pytest.fixture
def terminal(run_dir):
    made = Terminal("watch", "--run-dir", run_dir)
    yield made
    made.end()


def test_the_dashboard_outlives_the_node_and_ends_with_q(run_dir, terminal):
    terminal.read_until("no node is running in .* waiting")
    for _ in range(2):
        node = Answering(run_dir)
        terminal.read_until("redis.prod")
        node.close()
        (run_dir / "control.sock").unlink()
        terminal.read_until("no node is running")
    terminal.type(b"q")
    assert terminal.process.wait(5) == 0


def test_the_dashboard_shows_what_happened_without_delay(node, terminal):
    terminal.read_until("redis.prod")
    node.answers["members"] = [{**node.answers["members"][0], "name": "somebody-new"}]
    terminal.read_until("somebody-new")
    terminal.type(b"xyz")
    node.answers["members"] = []
    terminal.read_until("none")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(5) == 0


def test_a_watch_that_nobody_watches_prints_one_frame(at_node):
    done = at_node("watch")
    assert done.exit_code == 0, done.output
    assert "╭─ members" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_node_cannot_be_watched_where_there_is_no_terminal(habactors):
    done = habactors("start", "--watch")
    assert done.exit_code == 2
    assert "needs a terminal" in done.stderr
