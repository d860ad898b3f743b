"""The contract of links, over real tcp: what arrives, what never blocks, what never harms."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from itertools import count

import pytest
import zmq

from habactors.config import Address, WireConfig
from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.hands import Desk
from habactors.node.links import FRAME_BYTES_MAX, FRAMES_WAITING_MAX, Links
from habactors.node.listening import listen
from habactors.node.mailbox import Mailbox, Ready
from habactors.protocol.envelope import VERSION, Envelope, seal
from habactors.protocol.gossip import Want
from habactors.protocol.hands import Arrived, Drop, Heed, LinkFell, Transmit
from habactors.protocol.lifecycle import Identity, Peer
from habactors.protocol.limits import ENVELOPE_BYTES_MAX
from habactors.protocol.probes import Ack, Ping

PORT = 9638
_hosts = count(1)


def fresh_host():
    """A loopback address of this test's own."""
    number = next(_hosts)
    return f"127.{os.getpid() % 200 + 20}.{250 - number // 250}.{number % 250 + 1}"


class Member:
    """A member of the ring, as far as its wire's hands go, with the port that root holds."""

    def __init__(self, name, host=None, port=PORT, **settings):
        self.host = host or fresh_host()
        place = Address(self.host, port)
        self.me = Identity(name, name, str(place))
        self.settings = WireConfig(listen=place, advertise=place, **settings)
        self.listener = listen("wire", place)
        self.heard = []
        self.counters = Counters()
        self.context = zmq.Context()
        self.mailbox = Mailbox()
        self.channel, theirs = Channel.pair()
        self._theirs = theirs
        self.clock = Clock()
        self.mailbox.open(f"inproc://{name}", self.context, theirs, self.clock)
        self.open_links()

    def open_links(self):
        """A life of the wire, the first one or one after `end_links`."""
        self.links = Links(self.me, self.settings, self.listener.fileno())
        self.links.open(
            Desk(self.heard.append, self.mailbox, self.context, self.counters, self.clock.now)
        )

    @property
    def peer(self):
        return Peer(self.me.id, self.me.address)

    def send(self, peer, message=None, ring=""):
        self.links.do(Transmit(peer, message or Ping(1, "target"), ring))

    def heed(self, *peers):
        self.links.do(Heed(tuple(peer.address for peer in peers)))

    def heartbeat(self, peer):
        """How often the link to a peer says that it lives, in ms; -1 without a link."""
        link = self.links._links.get(peer.address)
        return link.socket.get(zmq.HEARTBEAT_IVL) if link else -1

    def attend(self, seconds=0.0):
        """Do what the sockets ask for, until nothing has come for so long."""
        while True:
            self.mailbox.deadline = self.clock.now() + seconds
            ready = self.mailbox.get().message
            if not isinstance(ready, Ready):
                return
            ready.call()

    def take(self, kind):
        taken = [message for message in self.heard if isinstance(message, kind)]
        self.heard[:] = [message for message in self.heard if not isinstance(message, kind)]
        return taken

    def wait_for(self, kind, number=1, seconds=5.0):
        """What was heard of that kind, once there is enough of it."""
        deadline = time.monotonic() + seconds
        while sum(isinstance(message, kind) for message in self.heard) < number:
            assert time.monotonic() < deadline, f"only heard {self.heard}"
            self.attend(0.002)
        return self.take(kind)

    def count(self, outcome):
        return self.counters.get("wire", "body", outcome)

    def malformed(self):
        reasons = ("oversized", "version", "garbled", "handshake")
        return sum(self.count(f"malformed_{reason}") for reason in reasons)

    def end_links(self):
        """The wire is gone; its port is not."""
        for address in list(self.links._links):
            self.links._drop(address, 0)
        if not self.links._router.closed:
            self.mailbox.unwatch(self.links._router)
            self.mailbox.unwatch(self.links._monitor)
            self.links.close()

    def close(self):
        """The whole node is gone."""
        if not self.context.closed:
            self.end_links()
            self.listener.close()
            self.mailbox.close()
            self.channel.close()
            self._theirs.close()
            self.context.destroy(linger=0)


@pytest.fixture
def member():
    members = []

    def make(name, *args, **settings):
        members.append(Member(name, *args, **settings))
        return members[-1]

    yield make
    for made in members:
        made.close()


@pytest.fixture
def ada(member):
    return member("ada")


@pytest.fixture
def bob(member):
    return member("bob")


def numbers(arrived):
    return [message.message.sequence for message in arrived]


# What arrives


def test_a_ping_arrives_with_who_sent_it(ada, bob):
    ada.send(bob.peer, Ping(7, "bob"))
    (arrived,) = bob.wait_for(Arrived)
    assert arrived.message == Ping(7, "bob")
    assert (arrived.peer.id, arrived.peer.address) == ("ada", ada.me.address)
    assert bob.counters.get("wire", "received", "Ping") == 1


def test_a_message_bears_the_ring_that_it_comes_from_and_whom_it_is_for(ada, bob):
    ada.send(bob.peer, ring="0123456789abcdef")
    ada.send(Peer("", bob.me.address))
    first, second = bob.wait_for(Arrived, 2)
    assert (first.ring, first.target) == ("0123456789abcdef", "bob")
    assert (second.ring, second.target) == ("", "")


def test_what_was_not_for_us_is_counted_by_its_reason(bob):
    for reason in ("foreign", "foreign", "misdirected"):
        bob.links.do(Drop(reason))
    assert (bob.count("dropped_foreign"), bob.count("dropped_misdirected")) == (2, 1)


def test_the_reply_goes_back_over_the_link_that_the_request_came_by(ada, bob):
    ada.send(bob.peer)
    (arrived,) = bob.wait_for(Arrived)
    bob.send(arrived.peer, Ack(1, "bob"))
    (answer,) = ada.wait_for(Arrived)
    assert answer.message == Ack(1, "bob")
    assert (ada.count("links_opened"), bob.count("links_opened")) == (1, 0)


def test_whoever_cannot_be_connected_to_gets_its_reply_all_the_same(ada, bob):
    """Behind NAT the advertised address is of no use to others."""
    ada.links._me = Identity("ada", "ada", "192.0.2.1:9638")
    ada.send(bob.peer)
    (arrived,) = bob.wait_for(Arrived)
    bob.send(arrived.peer, Ack(1, "bob"))
    assert ada.wait_for(Arrived)


def test_a_reply_whose_link_is_gone_goes_to_the_address(ada, bob):
    ada.send(bob.peer)
    (arrived,) = bob.wait_for(Arrived)
    ada.links._drop(bob.me.address, 0)
    bob.attend(0.1)
    bob.send(arrived.peer, Ack(1, "bob"))
    assert ada.wait_for(Arrived)
    assert bob.count("links_opened") == 1


def test_messages_over_one_link_arrive_in_order(ada, bob):
    for number in range(200):
        ada.send(bob.peer, Ping(number, "bob"))
    assert numbers(bob.wait_for(Arrived, 200)) == list(range(200))
    assert ada.count("links_opened") == 1


def test_both_may_speak_over_links_of_their_own(ada, bob):
    ada.send(bob.peer)
    bob.send(ada.peer)
    assert ada.wait_for(Arrived)
    assert bob.wait_for(Arrived)


def test_a_large_message_arrives(ada, bob):
    large = Want(b"x" * 900_000)
    ada.send(bob.peer, large)
    assert bob.wait_for(Arrived)[0].message == large


def test_bytes_are_counted_on_both_ends(ada, bob):
    ada.send(bob.peer)
    bob.wait_for(Arrived)
    assert ada.count("sent_bytes") == bob.count("received_bytes") > 10


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_names_and_addresses_of_version_6_will_do(ada, member, host):
    port = 20_000 + os.getpid() % 10_000
    cyd = member("cyd", "::1" if ":" in host else "127.0.0.1", port)
    ada.send(Peer("cyd", str(Address(host, port))))
    assert cyd.wait_for(Arrived)


# Who is not there


def test_a_refused_link_is_told_as_refused_and_blocks_nobody(ada):
    nobody = Peer("x", f"{fresh_host()}:{PORT}")
    begun = time.monotonic()
    for _ in range(1_000):
        ada.send(nobody)
    assert time.monotonic() - begun < 2.0
    assert ada.wait_for(LinkFell) == [LinkFell(nobody.address, refused=True)]
    assert ada.links._links == {}


def test_the_close_of_the_other_end_is_told_at_once_and_not_as_refused(ada, bob):
    ada.send(bob.peer)
    bob.wait_for(Arrived)
    bob.close()
    begun = time.monotonic()
    assert ada.wait_for(LinkFell) == [LinkFell(bob.me.address, refused=False)]
    assert time.monotonic() - begun < 1.0


def test_a_killed_process_is_told_at_once_and_then_as_refused(ada):
    host = fresh_host()
    other = start_other(host)
    ada.send(Peer("other", f"{host}:{PORT}"))
    ada.wait_for(Arrived)
    other.kill()
    other.wait()
    assert ada.wait_for(LinkFell, seconds=1.0)[0].refused is False
    ada.send(Peer("other", f"{host}:{PORT}"))
    assert ada.wait_for(LinkFell, seconds=1.0)[0].refused is True


def test_a_stopped_process_is_told_by_whoever_watches_it_and_by_nobody_else(ada, bob):
    host = fresh_host()
    peer = Peer("other", f"{host}:{PORT}")
    other = start_other(host)
    try:
        ada.heed(peer)
        for one in (ada, bob):
            one.send(peer)
            one.wait_for(Arrived)
        other.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        assert ada.wait_for(LinkFell) == [LinkFell(peer.address, refused=False)]
        assert 0.5 < time.monotonic() - begun < 2.5
        bob.attend(0.3)
        assert bob.heard == []
    finally:
        other.kill()
        other.wait()
    assert bob.wait_for(LinkFell) == [LinkFell(peer.address, refused=False)]


def test_the_route_to_a_stopped_process_ends_too(bob):
    other = start_other(fresh_host(), bob.me.address)
    try:
        (arrived,) = bob.wait_for(Arrived)
        bob.attend(0.8)  # its heart has to have beaten once
        other.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 5
        while bob.links._send_back(arrived.peer.route, good_frame()):
            assert time.monotonic() < deadline
            bob.attend(0.05)
    finally:
        other.kill()
        other.wait()


OTHER = """
import sys
from tests.node.test_links import Member, Arrived, Peer
from habactors.protocol.probes import Ack
other = Member("other", sys.argv[1])
print("ready", flush=True)
for address in sys.argv[2:]:
    other.heed(Peer("", address))
    other.send(Peer("", address))
while True:
    other.attend(0.02)
    for arrived in other.take(Arrived):
        other.send(arrived.peer, Ack(arrived.message.sequence, "other"))
"""


def start_other(host, *addresses):
    """Another process that answers pings, watches these addresses and says a ping to each."""
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER, host, *addresses], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "ready\n"
    other.stdout.close()
    return other


@pytest.fixture
def silent_door():
    """A tcp door behind which nobody accepts; its address."""
    with socket.socket() as door:
        door.bind((fresh_host(), PORT))
        door.listen(1)
        yield door


def test_a_host_that_says_nothing_is_told_as_down_but_not_as_refused(ada, silent_door):
    """Packets to it vanish, as with a pulled cable: its queue of connections is full."""
    address = silent_door.getsockname()
    fill = [socket.socket() for _ in range(4)]
    for one in fill:
        one.setblocking(False)
        one.connect_ex(address)
    peer = Peer("x", f"{address[0]}:{PORT}")
    ada.send(peer)
    begun = time.monotonic()
    assert ada.wait_for(LinkFell) == [LinkFell(peer.address, refused=False)]
    assert time.monotonic() - begun < 2.0
    for one in fill:
        one.close()


def test_a_host_that_connects_but_never_speaks_is_told_as_down(ada, silent_door):
    peer = Peer("x", f"{silent_door.getsockname()[0]}:{PORT}")
    ada.send(peer)
    assert ada.wait_for(LinkFell) == [LinkFell(peer.address, refused=False)]


def test_nothing_stale_is_delivered_when_a_member_comes_back(ada, member):
    host = fresh_host()
    peer = Peer("cyd", f"{host}:{PORT}")
    for number in range(20):
        ada.send(peer, Ping(number, "cyd"))
        ada.wait_for(LinkFell)
    cyd = member("cyd", host)
    ada.send(peer, Ping(99, "cyd"))
    cyd.attend(0.3)
    assert numbers(cyd.take(Arrived)) == [99]


def test_a_member_that_comes_back_is_reached_by_the_next_message(ada, member):
    host = fresh_host()
    for life in range(5):
        cyd = member("cyd", host)
        ada.send(cyd.peer, Ping(life, "cyd"))
        assert numbers(cyd.wait_for(Arrived)) == [life]
        cyd.close()
        ada.wait_for(LinkFell)


def test_who_does_not_read_makes_the_sender_drop_not_wait(ada, silent_door):
    peer = Peer("x", f"{silent_door.getsockname()[0]}:{PORT}")
    for _ in range(FRAMES_WAITING_MAX + 100):
        ada.send(peer)
    assert ada.count("unreachable") >= 100


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "a:b:c", "*:9638", "0:0", "127.0.0.1:99999", "127.0.0.1:-1", ":9638",
     "eth0;1.2.3.4:5", "no-such-host.invalid:9638", "1.2.3.4:80;5.6.7.8:90", "\0:1", "x" * 280,
     "[::1:9638", "255.255.255.255:9638"],
)  # fmt: skip
def test_an_address_that_is_none_is_counted_and_harmless(ada, bob, address):
    for _ in range(3):
        ada.send(Peer("x", address))
        ada.attend(0.01)
    assert ada.count("unreachable") + len(ada.take(LinkFell)) >= 1
    ada.send(bob.peer)
    assert bob.wait_for(Arrived)


# Watched links


def test_a_link_is_made_to_whom_we_watch_before_anything_is_said(ada, bob):
    ada.heed(bob.peer)
    assert ada.heartbeat(bob.peer) > 0
    ada.send(bob.peer)
    assert bob.wait_for(Arrived)
    assert ada.count("links_opened") == 1


def test_a_link_without_a_heartbeat_is_made_anew_once_it_is_watched_and_loses_nothing(ada, bob):
    for number in range(1, 20):
        ada.send(bob.peer, Ping(number, "bob"))
    assert ada.heartbeat(bob.peer) == 0
    ada.heed(bob.peer)
    assert ada.heartbeat(bob.peer) > 0
    ada.send(bob.peer, Ping(20, "bob"))
    assert sorted(numbers(bob.wait_for(Arrived, 20))) == list(range(1, 21))
    assert ada.count("links_opened") == 2


def test_a_link_that_is_watched_already_is_left_alone(ada, bob, member):
    cyd = member("cyd")
    ada.heed(bob.peer)
    ada.heed(cyd.peer, bob.peer)
    ada.heed(bob.peer, cyd.peer)
    assert ada.count("links_opened") == 2


def test_a_link_that_is_watched_no_more_goes_on(ada, bob):
    ada.heed(bob.peer)
    ada.heed()
    ada.send(bob.peer)
    assert bob.wait_for(Arrived)
    assert ada.count("links_opened") == 1


def test_a_watched_link_that_fell_is_made_by_the_next_message_and_watched_again(ada, member):
    host = fresh_host()
    cyd = member("cyd", host)
    ada.heed(cyd.peer)
    ada.send(cyd.peer)
    cyd.wait_for(Arrived)
    cyd.close()
    ada.wait_for(LinkFell)
    assert ada.heartbeat(cyd.peer) == -1
    cyd = member("cyd", host)
    ada.send(cyd.peer)
    assert cyd.wait_for(Arrived)
    assert ada.heartbeat(cyd.peer) > 0


def test_whom_we_watch_may_be_nobody(ada, bob):
    """Its address is what the member itself says."""
    nobody = Peer("x", f"{fresh_host()}:{PORT}")
    ada.heed(Peer("y", "nonsense"), Peer("z", "no-such-host.invalid:1"), nobody, bob.peer)
    assert ada.wait_for(LinkFell) == [LinkFell(nobody.address, refused=True)]
    ada.send(bob.peer)
    assert bob.wait_for(Arrived)


# A wire that dies, and is started anew while its port stays open


def test_whoever_connects_while_the_wire_is_away_is_not_refused_but_waits(ada, bob):
    bob.end_links()
    ada.send(bob.peer, Ping(7, "bob"))
    ada.attend(0.3)
    assert ada.heard == []
    bob.open_links()
    assert numbers(bob.wait_for(Arrived)) == [7]
    assert ada.heard == []


def test_a_wire_that_dies_is_told_as_lost_and_the_next_message_waits_for_its_successor(ada, bob):
    ada.heed(bob.peer)
    ada.send(bob.peer, Ping(6, "bob"))
    bob.wait_for(Arrived)
    for number in range(7, 12):
        bob.end_links()
        assert ada.wait_for(LinkFell) == [LinkFell(bob.me.address, refused=False)]
        ada.send(bob.peer, Ping(number, "bob"))
        bob.open_links()
        assert numbers(bob.wait_for(Arrived)) == [number]


def test_a_wire_that_stays_away_is_told_as_lost_never_as_refused(ada, bob):
    bob.end_links()
    ada.send(bob.peer)
    assert ada.wait_for(LinkFell) == [LinkFell(bob.me.address, refused=False)]


# Kept links


def test_no_more_links_are_kept_than_allowed_and_the_latest_used_stay(member):
    ada = member("ada", links_max=3)
    others = [member(f"m{number}") for number in range(5)]
    for number in (0, 1, 2, 0, 3, 0, 4):
        ada.send(others[number].peer)
    for other in others:
        assert other.wait_for(Arrived)
    assert list(ada.links._links) == [others[number].me.address for number in (3, 0, 4)]


def test_what_was_sent_over_a_link_that_makes_room_for_another_still_arrives(member):
    ada = member("ada", links_max=1)
    bob, cyd = member("bob"), member("cyd")
    ada.send(bob.peer)
    bob.wait_for(Arrived)
    ada.send(bob.peer, Ping(8, "bob"))
    ada.send(cyd.peer, Ping(9, "cyd"))
    assert numbers(bob.wait_for(Arrived)) == [8]
    assert numbers(cyd.wait_for(Arrived)) == [9]


def test_watched_links_are_the_last_to_make_room(member):
    ada = member("ada", links_max=3)
    others = [member(f"m{number}") for number in range(4)]
    ada.heed(others[0].peer, others[1].peer)
    for other in others[2:]:
        ada.send(other.peer)
        assert other.wait_for(Arrived)
    assert list(ada.links._links) == [others[number].me.address for number in (0, 1, 3)]


def test_many_dead_members_leave_no_socket_open(ada):
    def open_descriptors():
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    def meet_the_dead(number):
        for _ in range(number):
            ada.send(Peer("x", f"{fresh_host()}:{PORT}"))
        ada.wait_for(LinkFell, number)

    meet_the_dead(10)
    ada.attend(0.1)
    before = open_descriptors()
    meet_the_dead(60)
    deadline = time.monotonic() + 5
    while open_descriptors() > before + 10:
        assert time.monotonic() < deadline, f"{open_descriptors()} descriptors, not {before}"
        ada.attend(0.05)


def test_an_idle_link_wakes_nobody(ada, bob):
    """ZeroMQ's own thread keeps it alive."""
    ada.send(bob.peer)
    (arrived,) = bob.wait_for(Arrived)
    bob.send(arrived.peer)
    ada.wait_for(Arrived)
    ada.attend(0.1)
    polls = []
    real = ada.mailbox._poller.poll
    ada.mailbox._poller.poll = lambda timeout: polls.append(timeout) or real(timeout)
    ada.attend(1.1)
    assert len(polls) == 1
    ada.send(bob.peer)
    assert bob.wait_for(Arrived)


# Strangers


def good_frame(number=5):
    return seal(Envelope("eve", "127.0.0.9:9638", Ping(number, "bob")))


@pytest.fixture
def stranger(bob):
    """A ZeroMQ socket of somebody who does not keep to the protocol, connected to bob."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.set(zmq.LINGER, 0)
        dealer.connect(f"tcp://{bob.me.address}")
        dealer.send(good_frame())
        bob.wait_for(Arrived)
        yield dealer


GARBAGE = {
    "empty": (b"", "malformed_version"),
    "another version": (bytes([VERSION + 1]) + good_frame()[1:], "malformed_version"),
    "cut": (good_frame()[:-1], "malformed_garbled"),
    "longer": (good_frame() + b"x", "malformed_garbled"),
    "only a version": (bytes([VERSION]), "malformed_garbled"),
    "random": (bytes([VERSION]) + random.Random(1).randbytes(10_000), "malformed_garbled"),
    "deep": (bytes([VERSION]) + b"\x91" * 100_000, "malformed_garbled"),
    "just too long": (bytes([VERSION]) + bytes(ENVELOPE_BYTES_MAX), "malformed_oversized"),
    "far too long": (bytes(FRAME_BYTES_MAX), "malformed_oversized"),
}


@pytest.mark.parametrize(("frame", "outcome"), GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_counted_and_harmless(ada, bob, stranger, frame, outcome):
    stranger.send(frame)
    stranger.send(good_frame(6))
    assert numbers(bob.wait_for(Arrived)) == [6]
    assert bob.count(outcome) == bob.malformed() == 1


def test_any_damage_to_a_frame_is_harmless(bob, stranger):
    chance = random.Random(2)
    for _ in range(2_000):
        frame = bytearray(good_frame())
        for _ in range(chance.choice([1, 2, 8])):
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        stranger.send(bytes(frame))
        bob.attend()
    bob.wait_for(Arrived)
    assert bob.malformed() > 1_000


@pytest.mark.parametrize("frames", [[b"", good_frame()], [good_frame()] * 2, [b"x"] * 1_000])
def test_a_message_of_several_frames_is_counted_and_harmless(bob, stranger, frames):
    stranger.send_multipart(frames)
    stranger.send(good_frame(6))
    assert numbers(bob.wait_for(Arrived)) == [6]
    assert bob.count("malformed_garbled") == bob.malformed() == 1


def test_a_frame_that_nobody_should_send_ends_the_link_of_the_sender_only(ada, bob, stranger):
    ada.send(bob.peer)
    bob.wait_for(Arrived)
    stranger.send(bytes(FRAME_BYTES_MAX + 1))
    stranger.send(good_frame(6))
    assert numbers(bob.wait_for(Arrived)) == [6]
    ada.send(bob.peer, Ping(7, "bob"))
    assert numbers(bob.wait_for(Arrived)) == [7]
    assert ada.count("links_opened") == 1


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_at_the_port_are_counted_and_harmless(ada, bob, seed):
    with socket.create_connection((bob.host, PORT)) as raw:
        raw.settimeout(2.0)
        try:
            raw.sendall(random.Random(seed).randbytes(100_000))
            while raw.recv(1024):
                pass
        except OSError:
            pass
    bob.attend(0.2)
    assert bob.malformed() >= 1
    ada.send(bob.peer)
    assert bob.wait_for(Arrived)


GREETING = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL".ljust(64, b"\0")
READY = b"\x04\x26\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff",
        GREETING[:30],
        GREETING,
        GREETING + READY[:10],
        GREETING + READY + b"\0\x40half a message",
        GREETING + READY + b"\x02\xff\xff\xff\xff\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["nothing", "a byte", "half a greeting", "a greeting", "half a handshake",
         "half a message", "an endless message", "http"],
)  # fmt: skip
def test_whatever_stops_halfway_is_harmless(ada, bob, said):
    with socket.create_connection((bob.host, PORT)) as raw:
        raw.sendall(said)
        bob.attend(0.05)
        ada.send(bob.peer)
        assert bob.wait_for(Arrived)
    bob.attend(0.05)
    ada.send(bob.peer)
    assert bob.wait_for(Arrived)


def test_a_greeting_of_another_protocol_is_counted(bob):
    with socket.create_connection((bob.host, PORT)) as raw:
        raw.sendall(GREETING.replace(b"NULL", b"EVIL"))
        deadline = time.monotonic() + 5
        while not bob.count("malformed_handshake"):
            assert time.monotonic() < deadline
            bob.attend(0.05)


def test_a_flood_of_garbage_does_not_keep_others_out(ada, bob, stranger):
    ada.send(bob.peer)
    bob.wait_for(Arrived)
    stranger.set(zmq.SNDHWM, 100_000)
    for _ in range(50_000):
        try:
            stranger.send(b"garbage", zmq.DONTWAIT)
        except zmq.Again:
            break
    begun = time.monotonic()
    ada.send(bob.peer, Ping(7, "bob"))
    assert numbers(bob.wait_for(Arrived)) == [7]
    assert time.monotonic() - begun < 2.0
