"""A whole node in one process, with a saboteur in a thread of it.

Run as a program: `python -m tests.node.one_process node.toml ACTOR`. The saboteur writes to ACTOR
what no actor can read.
"""

import sys
import threading
from pathlib import Path

import zmq

from habactors.config import load
from habactors.node.start import run


def sabotage(actor):
    """On each line that comes in, a letter that cannot be read."""
    for _ in sys.stdin:
        with zmq.Context.instance().socket(zmq.PUSH) as push:
            push.connect(f"inproc://{actor}")
            push.send(b"\xc1 no letter")


if __name__ == "__main__":
    threading.Thread(target=sabotage, args=(sys.argv[2],), daemon=True).start()
    sys.exit(run(load(Path(sys.argv[1]))))
