"""How do frames get to other members and back?

One ROUTER takes in everybody's links, a few kept DEALERs lead out. Links are best effort: nothing
blocks, and nothing waits for a member that is away, so that nothing stale is delivered when it
comes back. The options are measured ones: with them a ring heals 2.5 s after a 40 s cut, with
ZeroMQ's defaults 13.5 s.
"""

import contextlib
import os
from collections import OrderedDict
from typing import Any

import zmq

from habactors.config import Address, WireConfig
from habactors.errors import UserError
from habactors.node import monitor
from habactors.node.hands import Desk, Hands
from habactors.node.names import Names
from habactors.protocol.envelope import Envelope, Malformed, seal, unseal
from habactors.protocol.hands import Arrived, Drop, Heed, LinkFell, Transmit
from habactors.protocol.lifecycle import Identity, Peer
from habactors.protocol.limits import ENVELOPE_BYTES_MAX

FRAMES_AT_ONCE = 64
FRAMES_WAITING_MAX = 256
LINGER_MILLISECONDS = 200
FRAME_BYTES_MAX = 16 * ENVELOPE_BYTES_MAX
"""Frames above this end the connection inside ZeroMQ.

Those between it and the envelope's limit are counted here.
"""

CONNECT_MILLISECONDS = 1000
REFUSED_SECONDS = 0.9 * CONNECT_MILLISECONDS / 1000
"""A refusal comes sooner than this; who says nothing at all is cut off, or its host is."""

OPTIONS = {
    zmq.TCP_MAXRT: 2000,
    zmq.HANDSHAKE_IVL: 2000,
    zmq.LINGER: LINGER_MILLISECONDS,
    zmq.SNDHWM: FRAMES_WAITING_MAX,
    zmq.RCVHWM: FRAMES_WAITING_MAX,
    zmq.MAXMSGSIZE: FRAME_BYTES_MAX,
}

OPTIONS_OUT = {zmq.CONNECT_TIMEOUT: CONNECT_MILLISECONDS}

OPTIONS_HEEDED = {
    **OPTIONS_OUT,
    zmq.HEARTBEAT_IVL: 500,
    zmq.HEARTBEAT_TIMEOUT: 1500,
    zmq.HEARTBEAT_TTL: 1500,
}
"""The end that made a link keeps it alive, and tells the other when to give it up."""

OPTIONS_IN = {zmq.HEARTBEAT_IVL: 10_000, zmq.HEARTBEAT_TIMEOUT: 5_000}
"""For strangers that do not keep their links alive."""

DOWN = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | zmq.EVENT_CONNECT_RETRIED
HANDSHAKE_FAILED = (
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)


class Link:
    """A kept DEALER to one address, with its monitor; `place` is the address in numbers."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: str,
        place: Address,
        opened: float,
        options: dict[zmq.SocketOption, int],
    ) -> None:
        self.address = address
        self.opened = opened
        self.connected = False
        self.socket = context.socket(zmq.DEALER)
        _set_options(self.socket, place, options)
        self.monitor = self.socket.get_monitor_socket(DOWN | zmq.EVENT_CONNECTED)
        self.socket.connect(f"tcp://{place}")

    def close(self, linger: int) -> None:
        self.socket.disable_monitor()
        self.monitor.close(linger=0)
        self.socket.close(linger=linger)


class Links(Hands):
    """The network sockets of one member."""

    def __init__(self, me: Identity, settings: WireConfig, listener: int) -> None:
        self._me = me
        self._settings = settings
        self._listener = listener
        self._heeded: dict[str, None] = {}
        self._links: OrderedDict[str, Link] = OrderedDict()

    def open(self, desk: Desk) -> None:
        self._desk = desk
        self._names = Names(desk.now)
        self._router = desk.context.socket(zmq.ROUTER)
        _set_options(self._router, self._settings.listen, OPTIONS_IN)
        self._router.set(zmq.ROUTER_MANDATORY, 1)
        self._monitor = self._router.get_monitor_socket(HANDSHAKE_FAILED)
        self._router.set(zmq.USE_FD, os.dup(self._listener))
        self._router.bind(f"tcp://{self._settings.listen}")
        desk.mailbox.watch(self._router, self._take_in)
        desk.mailbox.watch(self._monitor, self._note_strangers)

    def do(self, message: Any) -> None:
        match message:
            case Transmit():
                self._transmit(message)
            case Heed(addresses):
                self._heed(addresses)
            case Drop(reason):
                self._count(f"dropped_{reason}")

    def _heed(self, addresses: tuple[str, ...]) -> None:
        """Keep these links alive with heartbeats, and see at once who is not there.

        A link that is there already has no heartbeat, so it is made anew; and one that is heeded
        no more goes on without harm until it is dropped for others.
        """
        fresh = [address for address in addresses if address not in self._heeded]
        self._heeded = dict.fromkeys(addresses)
        for address in fresh:
            if address in self._links:
                self._drop(address, LINGER_MILLISECONDS)
            with contextlib.suppress(zmq.ZMQError, UserError):
                self._link(address)

    def _transmit(self, message: Transmit) -> None:
        peer = message.peer
        envelope = Envelope(self._me.id, self._me.address, message.message, message.ring, peer.id)
        frame = seal(envelope)
        self._count("sent_bytes", len(frame))
        if peer.route and self._send_back(peer.route, frame):
            return
        try:
            self._link(peer.address).socket.send(frame, zmq.DONTWAIT)
        except (zmq.ZMQError, UserError):
            self._count("unreachable")

    def close(self) -> None:
        for link in self._links.values():
            link.close(LINGER_MILLISECONDS)
        self._router.disable_monitor()
        self._monitor.close(linger=0)
        self._router.close(linger=LINGER_MILLISECONDS)

    def _send_back(self, route: bytes, frame: bytes) -> bool:
        """Over the link that the peer spoke by.

        Works behind NAT, and needs no second connection.
        """
        try:
            self._router.send_multipart((route, frame), zmq.DONTWAIT)
        except zmq.ZMQError:
            return False
        return True

    def _link(self, address: str) -> Link:
        """The link to an address, made if need be.

        Raises:
            UserError: it is no address, or nobody knows the name in it.
            zmq.ZMQError: there are too many sockets.
        """
        link = self._links.get(address)
        if link:
            self._links.move_to_end(address)
            return link
        wanted = Address.parse(address)
        host = self._names.address(wanted.host)
        if host is None:
            raise UserError("bad-address", f"{wanted.host} is not known")
        place = Address(host, wanted.port)
        while len(self._links) >= self._settings.links_max:
            self._drop(self._idlest(), LINGER_MILLISECONDS)
        options = OPTIONS_HEEDED if address in self._heeded else OPTIONS_OUT
        now = self._desk.now()
        link = self._links[address] = Link(self._desk.context, address, place, now, options)
        self._desk.mailbox.watch(link.socket, lambda: self._take_replies(link))
        self._desk.mailbox.watch(link.monitor, lambda: self._note_link(link))
        self._count("links_opened")
        return link

    def _idlest(self) -> str:
        """The link that was used longest ago, of those without a heartbeat if there are any."""
        idle = (address for address in self._links if address not in self._heeded)
        return next(idle, next(iter(self._links)))

    def _drop(self, address: str, linger: int) -> None:
        link = self._links.pop(address)
        self._desk.mailbox.unwatch(link.socket)
        self._desk.mailbox.unwatch(link.monitor)
        link.close(linger)

    def _take_in(self) -> None:
        for _ in range(FRAMES_AT_ONCE):
            try:
                route, *frames = self._router.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            self._unseal(route, frames)

    def _take_replies(self, link: Link) -> None:
        for _ in range(FRAMES_AT_ONCE):
            if self._links.get(link.address) is not link:  # dropped meanwhile
                return
            try:
                frames = link.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return
            self._unseal(b"", frames)

    def _unseal(self, route: bytes, frames: list[bytes]) -> None:
        self._count("received_bytes", sum(map(len, frames)))
        if len(frames) != 1:
            self._count("malformed_garbled")
            return
        try:
            envelope = unseal(frames[0])
        except Malformed as error:
            self._count(f"malformed_{error.reason}")
            return
        name = type(envelope.message).__name__
        self._desk.counters.add("wire", "received", name)
        peer = Peer(envelope.source, envelope.address, route)
        self._desk.hear(Arrived(peer, envelope.message, envelope.ring, envelope.target))

    def _note_link(self, link: Link) -> None:
        """A link that fails is dropped with all that waits in it.

        The next message opens a fresh one.
        """
        while self._links.get(link.address) is link and link.monitor.poll(0):
            event = monitor.hear(link.monitor).event
            if event == zmq.EVENT_CONNECTED:
                link.connected = True
                continue
            refused = not link.connected and self._desk.now() - link.opened < REFUSED_SECONDS
            self._drop(link.address, linger=0)
            self._count("links_lost")
            self._desk.hear(LinkFell(link.address, refused))

    def _note_strangers(self) -> None:
        while self._monitor.poll(0):
            self._monitor.recv_multipart()
            self._count("malformed_handshake")

    def _count(self, outcome: str, count: int = 1) -> None:
        self._desk.counters.add("wire", "body", outcome, count)


def _set_options(socket: Any, address: Address, options: dict[zmq.SocketOption, int]) -> None:
    for option, value in {**OPTIONS, **options}.items():
        socket.set(option, value)
    if ":" in address.host:
        socket.set(zmq.IPV6, 1)
