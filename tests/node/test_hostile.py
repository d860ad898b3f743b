"""Whatever comes in by the tcp port and the control socket is counted, and harmless."""

import random
import socket
import struct
import urllib.request

import zmq

from habactors.protocol.envelope import Envelope, seal
from habactors.protocol.gossip import Hello, Rumors
from habactors.protocol.probes import Ping
from habactors.protocol.rumors import Departure, Membership
from tests.hosts import SIDECAR_PORT, WIRE_PORT, until
from tests.node.test_membership import OLD, belongs, configure

NOISE_BYTES = 100_000


def metrics(host):
    url = f"http://{host.address}:{SIDECAR_PORT}/metrics"
    with urllib.request.urlopen(url, timeout=5) as page:
        return page.read().decode()


def malformed(host, where):
    """How many malformed inputs the node has counted there."""
    lines = [line for line in metrics(host).splitlines() if line.startswith("habactors_malformed")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if f'where="{where}"' in line)


def dropped(host, reason):
    """How many sound messages the node's wire did not let in for that reason."""
    name = f"habactors_wire_dropped_{reason}_total "
    lines = [line for line in metrics(host).splitlines() if line.startswith(name)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def throw_bytes(make_socket, noise):
    """Send raw bytes until they are out or the other end has had enough."""
    with make_socket() as link:
        link.settimeout(2)
        try:
            link.sendall(noise)
        except OSError:
            return


def frames():
    valid = seal(Envelope("x" * 32, "127.0.0.1:1", Ping(1, "y" * 32)))
    yield valid[: len(valid) // 2]
    yield b"\x02" + valid[1:]
    yield b""
    yield random.Random(1).randbytes(NOISE_BYTES)
    yield b"\x01" + b"\x91" * 5_000
    yield valid + b"\0" * 2_000_000


def throw_frames(endpoint):
    """Well-formed ZeroMQ messages with nothing sensible in them."""
    context = zmq.Context.instance()
    for frame in frames():
        dealer = context.socket(zmq.DEALER)
        dealer.set(zmq.LINGER, 2000)
        dealer.connect(endpoint)
        dealer.send(frame)
        dealer.send_multipart([frame[:10], b"", frame[:10]])
        dealer.close()


def unix_socket(path):
    link = socket.socket(socket.AF_UNIX)
    link.connect(str(path))
    return link


def test_noise_at_every_door_is_counted_and_harmless(hosts):
    ada, bob = hosts.ring("ada", "bob")
    before = {row["name"]: row["pid"] for row in ada.control.status()["actors"]}
    noise = random.Random(7).randbytes(NOISE_BYTES)
    greeting = b"\xff" + struct.pack(">Q", 1) + b"\x7f\x03\x00" + noise[:200]
    for raw in (noise, greeting, b""):
        throw_bytes(lambda: socket.create_connection((ada.address, WIRE_PORT), 2), raw)
        throw_bytes(lambda: unix_socket(ada.run_dir / "control.sock"), raw)
    throw_frames(f"tcp://{ada.address}:{WIRE_PORT}")
    throw_frames(f"ipc://{ada.run_dir}/control.sock")

    until(lambda: malformed(ada, "wire") >= 10, what=metrics(ada))
    until(lambda: malformed(ada, "control") >= 6, what=metrics(ada))
    after = {row["name"]: row["pid"] for row in ada.control.status()["actors"]}
    assert after == before, ada.printed()
    for host in (ada, bob):
        assert host.sees(ada="alive", bob="alive")
    assert [row["restarts"] for row in ada.control.status()["actors"]] == [0] * len(before)


def test_what_other_rings_say_and_what_is_meant_for_others_changes_nothing(hosts):
    ada, bob = belongs(hosts.add("ada"), "a"), belongs(hosts.add("bob"), "a")
    configure(bob, peers=[ada.address])
    for host in (ada, bob):
        host.start().wait_until_up()
    until(lambda: ada.sees(ada="alive", bob="alive"), what=ada.printed())
    me, eve = ada.control.status()["id"], Membership("e" * 32, "eve", "127.0.0.1:1", 1)
    told = Rumors((eve, Departure(me, eve.id, "begone", 1)))
    with zmq.Context.instance().socket(zmq.DEALER) as dealer:
        dealer.set(zmq.LINGER, 2000)
        dealer.connect(f"tcp://{ada.address}:{WIRE_PORT}")
        for message in (told, Hello(eve, 0), Ping(1, me, (eve,))):
            for ring, target in ((OLD["b"], me), (OLD["b"], ""), (OLD["a"], "f" * 32)):
                dealer.send(seal(Envelope(eve.id, eve.address, message, ring, target)))
        until(lambda: dropped(ada, "foreign") == 6, what=metrics(ada))
        until(lambda: dropped(ada, "misdirected") == 3, what=metrics(ada))
    for host in (ada, bob):
        assert host.members() == {"ada": "alive", "bob": "alive"}
    (event,) = until(lambda: [event for event in ada.events() if event["to"] == "foreign"])
    assert event["name"] == eve.address
