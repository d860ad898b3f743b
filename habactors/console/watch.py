"""What is going on, right now?

The live loop of the dashboard: it asks again whenever something happens and at least every second,
outlives restarts of control and of the node, and ends with q or Ctrl-C.
"""

import contextlib
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from habactors.client import Control
from habactors.console.dashboard import NOTHING, Picture, dashboard, picture_of
from habactors.console.options import choices, common, example
from habactors.console.show import print_rich
from habactors.errors import UserError

REFRESH_SECONDS = 1.0
HASTE_SECONDS = 0.8
"""How much sooner it looks again for each thing that happened."""

KEY_SECONDS = 0.1
RETRY_SECONDS = 0.5
QUIT = "q"
KEYS_MAX = 64
QUERIES = ("members", "status", "census", "elections", "svc.status", "events")
PATIENCE_SECONDS = 5.0
FRAME_COLUMNS, FRAME_LINES = 100, 40
"""The one frame that is printed where there is no terminal."""


@click.command(epilog=example("habactors watch --run-dir run/ada"))
@common
def watch() -> None:
    """Show a live dashboard of the ring and of this node; q ends it."""
    run_dir = choices().run_dir
    if sys.stdout.isatty() and sys.stdin.isatty():
        watch_node(run_dir, lambda: True)
        return
    with Control(run_dir) as node:
        print_rich(dashboard(_look(node), FRAME_COLUMNS, FRAME_LINES))


def watch_node(run_dir: Path, goes_on: Callable[[], bool]) -> None:
    """The dashboard, until somebody has enough or `goes_on` says no."""
    console = Console(highlight=False)
    with _keys() as pressed, Live(console=console, screen=True, auto_refresh=False) as live:
        for picture in _pictures(run_dir, pressed):
            live.update(dashboard(picture, console.width, console.height), refresh=True)
            if not goes_on():
                return


def _pictures(run_dir: Path, pressed: Callable[[float], str]) -> Iterator[Picture]:
    """Pictures of the node until q is pressed: soon after an event, and every second."""
    latest, due = NOTHING, 0.0
    while True:
        try:
            with Control(run_dir) as node:
                for event in node.stream("events", pause_seconds=KEY_SECONDS):
                    if QUIT in pressed(0.0):
                        return
                    due -= HASTE_SECONDS if event else 0.0
                    if time.monotonic() >= due:
                        due = time.monotonic() + REFRESH_SECONDS
                        latest = _look(node)
                        yield latest
        except UserError as error:
            latest = _troubled(latest, error)
            yield latest
        if QUIT in pressed(RETRY_SECONDS):
            return


def _troubled(latest: Picture, error: UserError) -> Picture:
    """What is still shown when no answers come; without a node that is nothing."""
    now = time.time()
    if error.code == "no-node":
        return NOTHING._replace(now=now, trouble=f"{error.message}, waiting")
    restarting = error.code == "interrupted"
    trouble = "control is being restarted" if restarting else error.message
    return latest._replace(now=now, trouble=trouble)


def _look(node: Control) -> Picture:
    answers = {query: node.call(query, timeout=PATIENCE_SECONDS) for query in QUERIES}
    return picture_of(answers, time.time())


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """A function that waits so many seconds for keys; they come at once and are not shown.

    The end of the terminal counts as q.
    """
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        typed = os.read(sys.stdin.fileno(), KEYS_MAX) if ready else b" "
        return typed.decode(errors="replace") or QUIT

    try:
        yield pressed
    except KeyboardInterrupt:
        pass
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
