"""How does a node start, and how does it end?"""

import contextlib
import fcntl
import logging
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from setproctitle import setproctitle

from habactors.config import Config
from habactors.errors import UserError
from habactors.node.body import state_dir
from habactors.node.clock import Clock
from habactors.node.http.server import read_token
from habactors.node.identity import member_id
from habactors.node.listening import PATIENCE_SECONDS, listen
from habactors.node.log import configure
from habactors.node.nursery import Nursery, settle
from habactors.node.root import RootBody
from habactors.protocol.lifecycle import Identity
from habactors.roles.root import EXPELLED, Root
from habactors.roles.wiring import CAST

LOCK = "lock"

log = logging.getLogger(__name__)


def run(config: Config) -> int:
    """Run a node in the foreground until it is told to stop; its exit code.

    Raises:
        UserError: it cannot start; nothing was changed then.
    """
    _check_settings(config)
    setproctitle(f"habactors: root ({config.node.name})")
    configure(config.log, "root", config.node.name)
    with _locked(config.node.run_dir):
        listener = _claim_ports(config)
        _make_folders(config)
        member, expected = member_id(config.node.data_dir)
        me = Identity(member, config.node.name, str(config.wire.advertise), config.wire.permanent)
        log.info("member %s, ring at %s, run_dir %s", me.id, me.address, config.node.run_dir)
        finish = _body(config, me, listener, expected=expected).run()
        _clean_up(config.node.run_dir)
    if finish.code == EXPELLED:
        hint = f"to let this host in as a new member, remove {config.node.data_dir}"
        why = f"{config.node.name} has departed from its ring ({finish.message})"
        raise UserError("departed", why, hint)
    if finish.message:
        raise UserError("actor-failed", finish.message)
    return finish.code


def _body(config: Config, me: Identity, listener: socket.socket, *, expected: bool) -> RootBody:
    """Root, ready to run."""
    clock = Clock()

    def forget() -> None:
        body.forget()

    nursery = Nursery(config, me, clock, listener, expected, forget)
    actors = [actor for actor in CAST[1:] if actor != "sidecar" or config.sidecar.listen]
    body = RootBody(Root(me, config.root, actors, os.getpid()), nursery, clock, nursery.counters)
    if config.root.processes == "separate":
        settle()
    return body


@contextlib.contextmanager
def _locked(run_dir: Path) -> Iterator[None]:
    """One node at a time in a run_dir; the lock goes with the processes that hold it.

    Actors hold it too: while those of a root that was just killed still end, we wait for them.
    """
    try:
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(run_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _no_folder("run_dir", run_dir, error) from None
    _refuse_others_folder(run_dir)
    _take_lock(descriptor, run_dir)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    try:
        yield
    finally:
        os.close(descriptor)


def _refuse_others_folder(run_dir: Path) -> None:
    """Sockets in a folder that somebody else can write to could be somebody else's."""
    found = run_dir.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise UserError(
            "bad-config",
            f"run_dir {run_dir} can be written by others",
            "set [node] run_dir to a folder of this user's with mode 0700",
        )


def _take_lock(descriptor: int, run_dir: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode().strip()
            if time.monotonic() < deadline and not _is_running(holder):
                time.sleep(0.02)
                continue
            raise UserError(
                "already-running",
                f"a node is running in {run_dir} (pid {holder})",
                "stop it first, or give this one another run_dir and data_dir",
            ) from None
        return


def _is_running(pid: str) -> bool:
    return pid.isdigit() and Path(f"/proc/{pid}").exists()


def _no_folder(setting: str, folder: Path, error: OSError) -> UserError:
    return UserError(
        "bad-config",
        f"{setting} {folder} cannot be used ({error.strerror})",
        f"set [node] {setting} to a folder that this user may write",
    )


def _check_settings(config: Config) -> None:
    """Whatever is asked for in the name of security is there, or the node does not start."""
    if config.wire.ring_key:
        raise UserError(
            "bad-config",
            "[wire] ring_key: this version cannot seal a ring with a key",
            "leave it empty; set open = true only in a network that you trust",
        )
    if config.control.listen:
        raise UserError(
            "bad-config",
            "[control] listen: this version is controlled over the socket in run_dir only",
            "leave it empty, and log in to the host",
        )
    if config.sidecar.token_file:
        read_token(config.sidecar.token_file)


def _claim_ports(config: Config) -> socket.socket:
    """The socket of the ring; the sidecar's port is only seen to be free."""
    listener = listen("wire", config.wire.listen)
    if config.sidecar.listen:
        listen("sidecar", config.sidecar.listen).close()
    return listener


def _make_folders(config: Config) -> None:
    for folder in (config.node.data_dir, state_dir(config)):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _no_folder("data_dir", folder, error) from None


def _clean_up(run_dir: Path) -> None:
    """A node that ends in good order leaves no socket file."""
    for path in run_dir.iterdir():
        if path.is_socket():
            path.unlink()
    (run_dir / LOCK).unlink()
