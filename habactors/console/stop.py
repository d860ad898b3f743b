"""How is a node stopped?"""

import fcntl
import time
from pathlib import Path

import click

from habactors.client import LOCK
from habactors.console.options import choices, common, example
from habactors.console.show import show_outcome
from habactors.errors import UserError

LOOK_SECONDS = 0.05


@click.command(epilog=example("habactors stop -c conf/node.toml", "habactors stop --timeout 60"))
@common
def stop() -> None:
    """Stop the node in good order: tell the ring, end the services, leave nothing behind."""
    run_dir, deadline = choices().run_dir, time.monotonic() + choices().timeout
    with choices().connect() as node:
        name = node.call("status", timeout=choices().timeout)["name"]
        node.stop(choices().timeout)
    while not _is_gone(run_dir):
        if time.monotonic() > deadline:
            message = f"{name} is stopping, but not gone after {choices().timeout:g} s"
            raise UserError("timed-out", message, "wait, or look at its log")
        time.sleep(LOOK_SECONDS)
    show_outcome({"message": f"{name} has stopped"})


def _is_gone(run_dir: Path) -> bool:
    """Whether nobody holds the lock of the run_dir any more."""
    try:
        with (run_dir / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
