"""Who cleans up after a demo, however it ends?

A process of its own, which no Ctrl-C reaches, runs the nodes. When its connection to the demo
ends, it stops the nodes, ends whatever is left of them, and removes their folder.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from habactors.config import Config
from habactors.console.launch import Launched, redirect_output, signals_as_exit
from habactors.errors import UserError
from habactors.node.prctl import become_subreaper

STOP_SECONDS = 15.0
KILL_SECONDS = 5.0
LOG = "log"


class Keeper:
    """Runs a node for each of the configurations, whose folders are in `folder`."""

    def __init__(self, folder: Path, configs: Sequence[Config]) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if not self.pid:
            ours.close()
            _live(folder, configs, theirs)
        theirs.close()
        self._end = ours

    def readiness(self) -> Iterator[str]:
        """The names of the nodes as they become ready.

        Raises:
            UserError: one could not start.
        """
        with self._end.makefile("r", encoding="utf-8") as told:
            for line in told:
                word = json.loads(line)
                if word is None:
                    return
                if isinstance(word, str):
                    yield word
                else:
                    raise UserError(word["code"], word["message"], word["hint"])
        raise UserError("failed", "the keeper of the nodes ended", "start the demo again")

    def close(self) -> None:
        """End the nodes, and wait until nothing is left of them."""
        self._end.close()
        os.waitpid(self.pid, 0)


def _live(folder: Path, configs: Sequence[Config], demo: socket.socket) -> None:
    """The whole life of the keeper."""
    nodes: list[Launched] = []
    try:
        os.setsid()
        become_subreaper()
        redirect_output(folder / LOG)
        with signals_as_exit():
            nodes += [
                Launched(config, config.node.data_dir / LOG, bound=True) for config in configs
            ]
            _tell_readiness(nodes, demo)
            demo.recv(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _clean_up(nodes, folder)
        os._exit(0)


def _tell_readiness(nodes: list[Launched], demo: socket.socket) -> None:
    try:
        for node in nodes:
            node.wait_until_ready()
            _tell(demo, node.config.node.name)
        _tell(demo, None)
    except UserError as error:
        _tell(demo, error.as_dict())


def _tell(demo: socket.socket, word: Any) -> None:
    with contextlib.suppress(OSError):
        demo.sendall(json.dumps(word).encode() + b"\n")


def _clean_up(nodes: list[Launched], folder: Path) -> None:
    for node in nodes:
        node.tell_to_stop()
    for node in nodes:
        node.stop(STOP_SECONDS)
    left = psutil.Process().children(recursive=True)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=KILL_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
