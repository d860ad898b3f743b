"""How do people and scripts reach control?

A ROUTER on a socket file that only the node's own user can open. Clients are not trusted to write
well, to read what they asked for, or to say goodbye: whatever is malformed is counted and refused,
and who does not read loses the stream.
"""

from pathlib import Path
from typing import Any

import zmq

from habactors.node import monitor
from habactors.node.body import Berth
from habactors.node.hands import Desk, Hands
from habactors.node.logs_reader import Position, follow, tail
from habactors.node.measures import SOCKET, measured
from habactors.node.requests import WANTED, Malformed, read_request, write_answer
from habactors.protocol.hands import Asked, Reply
from habactors.roles.control import CANCEL
from habactors.roles.role import Role
from habactors.roles.unfinished import Unfollowed, Unmeasured, Unread

FRAMES_AT_ONCE = 64
ANSWERS_WAITING_MAX = 1_000
LINGER_MILLISECONDS = 200
FRAME_BYTES_MAX = 16 * 1_048_576
"""Frames above this end the connection inside ZeroMQ; those that are only too long are counted."""

MONITORED = (
    zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
)


class Door(Hands):
    """The control socket of a node."""

    def __init__(self, berth: Berth, role: Role) -> None:
        self._config = berth.config
        self._clients: dict[int, bytes] = {}
        self._asked: dict[bytes, dict[Any, Position]] = {}
        self._farewells: dict[bytes, bytes] = {}

    def open(self, desk: Desk) -> None:
        self._desk = desk
        path = self._config.node.run_dir / SOCKET
        self._router = desk.context.socket(zmq.ROUTER)
        self._router.set(zmq.ROUTER_MANDATORY, 1)
        self._router.set(zmq.MAXMSGSIZE, FRAME_BYTES_MAX)
        self._router.set(zmq.SNDHWM, ANSWERS_WAITING_MAX)
        self._monitor = self._router.get_monitor_socket(MONITORED)
        self._router.bind(f"ipc://{path}")
        path.chmod(0o600)
        desk.mailbox.watch(self._router, self._take_in)
        desk.mailbox.watch(self._monitor, self._note_leavers)

    def do(self, message: Reply) -> None:
        self._say_farewells()
        body = self._completed(message)
        if message.more and body == []:
            return
        try:
            answer = write_answer(message, body)
        except (TypeError, OverflowError, ValueError) as error:
            answer = _error(message, "failed", f"the answer cannot be written ({error})", "")
        sent = self._send(message.route, answer)
        if message.more and not sent:
            self._desk.hear(Asked(message.route, message.id, CANCEL, {}))
        elif not message.more:
            self._forget(message.route, message.id)
            if not sent:
                reason = "the answers were not read, and too many piled up"
                farewell = _error(message, "too-slow", reason, "read them sooner, and ask again")
                self._farewells[message.route] = farewell

    def close(self) -> None:
        self._router.disable_monitor()
        self._monitor.close(linger=0)
        self._router.close(linger=LINGER_MILLISECONDS)

    def _take_in(self) -> None:
        self._say_farewells()
        for _ in range(FRAMES_AT_ONCE):
            try:
                frames = self._router.recv_multipart(zmq.DONTWAIT, copy=False)
            except zmq.Again:
                return
            self._note_leavers()
            route = frames[0].bytes
            if self._knows(route, frames[-1]):
                self._read(route, [frame.bytes for frame in frames[1:]])

    def _knows(self, route: bytes, frame: zmq.Frame) -> bool:
        """Whether the frame came over a connection whose end we shall hear of.

        Noise that passes for the first version of ZMTP does not.
        """
        try:
            self._clients[int(frame.get(zmq.SRCFD))] = route
        except zmq.ZMQError:
            self._count("malformed_requests")
            return False
        return True

    def _read(self, route: bytes, frames: list[bytes]) -> None:
        self._count("requests")
        try:
            request = read_request(frames[0] if len(frames) == 1 else b"")
        except Malformed as error:
            self._count("malformed_requests")
            if error.id is not None:
                refused = Reply(route, error.id, ok=False, body=None)
                reason = f"the request is malformed: {error}"
                self._send(route, _error(refused, "usage", reason, WANTED))
            return
        self._asked.setdefault(route, {}).setdefault(request.id, Position())
        self._desk.hear(Asked(route, request.id, request.command, request.args))

    def _note_leavers(self) -> None:
        """Whatever a client that has left still waits for is over; strangers are counted.

        The kernel may give its descriptor to the next client at once; so this is asked before
        each message, and the end of the former client always comes first.
        """
        while self._monitor.poll(0):
            told = monitor.hear(self._monitor)
            if told.event != zmq.EVENT_DISCONNECTED:
                self._count("malformed_requests")
                continue
            route = self._clients.pop(told.value, b"")
            for request_id in list(self._asked.get(route, ())):
                self._desk.hear(Asked(route, request_id, CANCEL, {}))

    def _completed(self, reply: Reply) -> Any:
        """The body of the answer, with what only hands can add."""
        match reply.body:
            case Unmeasured(status):
                return measured(status, self._config)
            case Unread(folder, lines):
                found, position = tail(Path(folder), lines)
            case Unfollowed(folder):
                asked = self._asked.get(reply.route, {})
                found, position = follow(Path(folder), asked.get(reply.id, Position()))
            case _:
                return reply.body
        if reply.more:
            self._asked.setdefault(reply.route, {})[reply.id] = position
        return found

    def _forget(self, route: bytes, id: Any) -> None:
        asked = self._asked.get(route, {})
        asked.pop(id, None)
        if not asked:
            self._asked.pop(route, None)

    def _say_farewells(self) -> None:
        """Tell those who did not read why they hear no more, once they read again."""
        for route, farewell in list(self._farewells.items()):
            if self._send(route, farewell):
                del self._farewells[route]

    def _send(self, route: bytes, answer: bytes) -> bool:
        """False when the client does not read; one that is gone wants nothing any more."""
        try:
            self._router.send_multipart((route, answer), zmq.DONTWAIT)
        except zmq.Again:
            return False
        except zmq.ZMQError:
            pass
        return True

    def _count(self, outcome: str) -> None:
        self._desk.counters.add("control", "body", outcome)


def _error(refused: Reply, code: str, message: str, hint: str) -> bytes:
    answer = Reply(refused.route, refused.id, ok=False, body=None)
    return write_answer(answer, {"code": code, "message": message, "hint": hint})
