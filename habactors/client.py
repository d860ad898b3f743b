"""How does a program ask a node?

    with Control("run/ada") as node:
        for member in node.members():
            print(member["name"], member["health"])

Needs nothing but pyzmq and msgpack. Whatever goes wrong is a `UserError` with a code, a message
and a hint; "no-node" when nobody is there, "timed-out" when no answer came.
"""

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import count
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgpack
import zmq

from habactors.errors import UserError

SOCKET = "control.sock"
LOCK = "lock"
TIMEOUT_SECONDS = 30.0
GRACE_SECONDS = 2.0
"""How much longer than its time limit a request is waited for: the node reports the limit."""

CONNECT_SECONDS = 3.0
RETRY_MILLISECONDS = 50
REQUEST_BYTES_MAX = 1_048_576
ANSWERS_WAITING_MAX = 1_000
CONNECTED = zmq.EVENT_HANDSHAKE_SUCCEEDED
REFUSED = zmq.EVENT_CONNECT_RETRIED
LOST = zmq.EVENT_DISCONNECTED

QUESTIONS = frozenset(
    (
        "members",
        "status",
        "census",
        "elections",
        "svc.status",
        "svc.logs",
        "config.show",
        "events",
        "explain.member",
        "explain.election",
    )
)
"""The commands that change nothing, so that asking twice is harmless."""


class Control:
    """The control socket of the node whose sockets are in `run_dir`; not for several threads."""

    def __init__(self, run_dir: str | Path) -> None:
        self.run_dir = Path(run_dir)
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self._ids = count(1)
        self._inboxes: dict[int, deque[dict[str, Any]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; streams end."""
        self._disconnect()
        self._context.term()

    def members(self) -> list[dict[str, Any]]:
        """The ring as this node sees it."""
        return list(self.call("members"))

    def status(self) -> dict[str, Any]:
        """The node and its actors."""
        return dict(self.call("status"))

    def census(self, group: str | None = None) -> dict[str, Any]:
        """The census document, of one service group or of all."""
        return dict(self.call("census", group=group))

    def elections(self, group: str | None = None) -> list[dict[str, Any]]:
        """Who leads each service group that chooses a leader, or that one."""
        return list(self.call("elections", group=group))

    def events(self, since: float | None = None) -> list[dict[str, Any]]:
        """What happened in the last `since` seconds, or all that is remembered."""
        return list(self.call("events", since=since))

    def follow_events(self, since: float | None = None) -> Iterator[dict[str, Any]]:
        """What happens from now on, after what happened in the last `since` seconds."""
        return self.stream("events", since=since)

    def svc_status(self, name: str | None = None) -> list[dict[str, Any]]:
        """The loaded services, or those called `name` or `name.group`."""
        return list(self.call("svc.status", name=name))

    def svc_logs(self, name: str, lines: int | None = None) -> list[str]:
        """The last lines that a service wrote."""
        return list(self.call("svc.logs", name=name, lines=lines))

    def follow_logs(self, name: str, lines: int | None = None) -> Iterator[str]:
        """The last lines that a service wrote, and all that it writes from now on."""
        for batch in self.stream("svc.logs", name=name, lines=lines):
            yield from batch

    def svc_load(
        self, package: str, *, timeout: float = TIMEOUT_SECONDS, **args: Any
    ) -> dict[str, Any]:
        """Run a package; `args` are group, topology, shutdown_timeout, force and wait."""
        return dict(self.call("svc.load", package=package, timeout=timeout, **args))

    def svc_unload(self, name: str, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Stop a service and forget it."""
        return dict(self.call("svc.unload", name=name, timeout=timeout))

    def svc_start(self, name: str, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Want a loaded service up."""
        return dict(self.call("svc.start", name=name, timeout=timeout))

    def svc_stop(self, name: str, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Want a loaded service down, and wait until it is."""
        return dict(self.call("svc.stop", name=name, timeout=timeout))

    def svc_restart(self, name: str, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """End the process of a service and start it anew."""
        return dict(self.call("svc.restart", name=name, timeout=timeout))

    def config_apply(
        self, group: str, version: int | str, body: str, timeout: float = TIMEOUT_SECONDS
    ) -> dict[str, Any]:
        """Give a service group a configuration (TOML text); the version may be "auto"."""
        asked = {"group": group, "version": version, "body": body, "timeout": timeout}
        return dict(self.call("config.apply", **asked))

    def config_show(self, group: str) -> dict[str, Any]:
        """The ring's configuration of a service group."""
        return dict(self.call("config.show", group=group))

    def depart(self, member: str, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Tell a member, by name or id, to leave for ever."""
        return dict(self.call("depart", member=member, timeout=timeout))

    def explain_member(self, name: str) -> dict[str, Any]:
        """Why a member, by name or id, is as it is."""
        return dict(self.call("explain.member", name=name))

    def explain_election(self, group: str) -> dict[str, Any]:
        """Why a service group has the leader that it has, or none."""
        return dict(self.call("explain.election", group=group))

    def leader_step_down(self, group: str, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Have this node lead a service group no more."""
        return dict(self.call("leader.step-down", group=group, timeout=timeout))

    def leader_transfer(
        self, group: str, to: str, timeout: float = TIMEOUT_SECONDS
    ) -> dict[str, Any]:
        """Have a member, by name or id, lead a service group instead of this node."""
        return dict(self.call("leader.transfer", group=group, to=to, timeout=timeout))

    def actor_restart(self, name: str, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """End an actor and start it anew."""
        return dict(self.call("actor.restart", name=name, timeout=timeout))

    def stop(self, timeout: float = TIMEOUT_SECONDS) -> dict[str, Any]:
        """Stop the whole node; answered when it begins to."""
        return dict(self.call("stop", timeout=timeout))

    def call(self, command: str, /, **args: Any) -> Any:
        """The result of any command; arguments that are None are left out.

        A question that a dying control leaves unanswered is asked its successor.
        """
        args = {name: value for name, value in args.items() if value is not None}
        deadline = time.monotonic() + float(args.get("timeout", TIMEOUT_SECONDS)) + GRACE_SECONDS
        for is_last in (command not in QUESTIONS, True):
            request = self._ask(command, args)
            try:
                return _result(self._hear(request, command, deadline))
            except UserError as error:
                if is_last or error.code != "interrupted":
                    raise
            finally:
                self._inboxes.pop(request, None)
        raise AssertionError("the last attempt answers or raises")

    def stream(
        self, command: str, /, *, pause_seconds: float | None = None, **args: Any
    ) -> Iterator[Any]:
        """The results of a command with `follow`, for as long as somebody takes them.

        With `pause_seconds` there is a None after every silence of that length, so that whoever
        takes them can look elsewhere.
        """
        args = {name: value for name, value in args.items() if value is not None}
        request = self._ask(command, args | {"follow": True})
        try:
            while True:
                answer = self._hear_soon(request, pause_seconds)
                if answer and not answer.get("more"):
                    _result(answer)
                    return
                yield answer and answer["result"]
        finally:
            self._inboxes.pop(request, None)
            if self._socket and not self._socket.closed:
                self._send({"id": request, "command": "cancel"})

    def _ask(self, command: str, args: dict[str, Any]) -> int:
        self._connect()
        request = next(self._ids)
        self._send({"id": request, "command": command, "args": args})
        self._inboxes[request] = deque()
        return request

    def _send(self, request: dict[str, Any]) -> None:
        assert self._socket is not None, "sends over no connection"
        try:
            written = msgpack.packb(request)
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(
                "usage", f"an argument cannot be sent ({error})", "send texts and numbers"
            ) from None
        if len(written) > REQUEST_BYTES_MAX:
            raise UserError(
                "too-large",
                f"the request has {len(written):,} bytes, and {REQUEST_BYTES_MAX:,} are the most",
                "send less",
            )
        self._socket.send(written)

    def _hear(self, request: int, command: str, deadline: float) -> dict[str, Any]:
        """The answer to that request."""
        inbox = self._inbox(request)
        while not inbox:
            if not self._take_in(deadline):
                hint = "look at habactors status, or give more --timeout"
                raise UserError("timed-out", f"no answer to {command} came in time", hint)
        return inbox.popleft()

    def _hear_soon(self, request: int, seconds: float | None) -> dict[str, Any] | None:
        """The next answer to that request, or None when none came so soon."""
        inbox = self._inbox(request)
        deadline = None if seconds is None else time.monotonic() + seconds
        while not inbox:
            if not self._take_in(deadline):
                return None
        return inbox.popleft()

    def _inbox(self, request: int) -> deque[dict[str, Any]]:
        """Where the answers to that request gather, unless its connection was lost meanwhile."""
        if request not in self._inboxes:
            raise _interrupted()
        return self._inboxes[request]

    def _take_in(self, deadline: float | None) -> bool:
        """Whether something came before the deadline; UserError when the connection is lost."""
        assert self._socket is not None, "waits on no connection"
        assert self._monitor is not None, "a socket has its monitor"
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        ready = dict(poller.poll(None if deadline is None else _milliseconds_until(deadline)))
        if self._socket in ready or (ready and self._socket.poll(0)):  # what came before the end
            answer = msgpack.unpackb(self._socket.recv(), strict_map_key=False)
            if answer["id"] in self._inboxes:
                self._inboxes[answer["id"]].append(answer)
        elif ready:
            self._disconnect()
            raise _interrupted()
        return bool(ready)

    def _connect(self) -> None:
        if self._monitor and self._monitor.poll(0):
            self._disconnect()
        if self._socket:
            return
        self._inboxes.clear()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.set(zmq.LINGER, 0)
        self._socket.set(zmq.RECONNECT_IVL, RETRY_MILLISECONDS)
        self._socket.set(zmq.SNDHWM, ANSWERS_WAITING_MAX)
        self._socket.set(zmq.RCVHWM, ANSWERS_WAITING_MAX)
        self._monitor = self._socket.get_monitor_socket(CONNECTED | REFUSED | LOST)
        self._socket.connect(f"ipc://{self.run_dir / SOCKET}")
        try:
            self._await_greeting(self._monitor)
        except BaseException:
            self._disconnect()
            raise

    def _await_greeting(self, monitor: "zmq.Socket[bytes]") -> None:
        """Return when control has answered.

        An actor that is just being restarted is worth waiting for; a node that is gone is not.
        """
        deadline = time.monotonic() + CONNECT_SECONDS
        path = self.run_dir / SOCKET
        while monitor.poll(_milliseconds_until(deadline)):
            # zmq_socket_monitor(3) lays it out; pyzmq's reader of it would import asyncio.
            event = int.from_bytes(monitor.recv_multipart()[0][:2], sys.byteorder)
            if event == CONNECTED:
                return
            if path.exists() and not os.access(path, os.W_OK):
                hint = "ask as the user who runs the node"
                raise UserError("forbidden", f"{path} is another user's", hint)
            if event == REFUSED and not _node_lives(self.run_dir):
                hint = "start one with habactors start, or name another with -c or --run-dir"
                raise UserError("no-node", f"no node is running in {self.run_dir}", hint)
        message, hint = f"nobody answers at {path}", "control may be stuck, look at the node's log"
        raise UserError("no-node", message, hint)

    def _disconnect(self) -> None:
        if self._socket:
            self._socket.disable_monitor()
            self._socket.close(linger=0)
        if self._monitor:
            self._monitor.close(linger=0)
        self._socket = self._monitor = None


def _milliseconds_until(deadline: float) -> int:
    return max(0, ceil((deadline - time.monotonic()) * 1000))


def _interrupted() -> UserError:
    hint = "it is started again at once, unless the node stops, so look and ask again"
    return UserError("interrupted", "control ended before it answered", hint)


def _result(answer: dict[str, Any]) -> Any:
    if answer["ok"]:
        return answer["result"]
    error = answer["error"]
    raise UserError(error["code"], error["message"], error.get("hint", ""))


def _node_lives(run_dir: Path) -> bool:
    """Whether the process that last locked the run_dir is there."""
    try:
        os.kill(int((run_dir / LOCK).read_text()), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True
