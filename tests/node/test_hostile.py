"""Whatever comes in by the tcp port and the control socket is counted, and harmless."""

import random
import socket
import struct
import urllib.request

import zmq

from habactors.protocol.envelope import Envelope, seal
from habactors.protocol.probes import Ping
from tests.hosts import SIDECAR_PORT, WIRE_PORT, until

NOISE_BYTES = 100_000


def metrics(host):
    url = f"http://{host.address}:{SIDECAR_PORT}/metrics"
    with urllib.request.urlopen(url, timeout=5) as page:
        return page.read().decode()


def malformed(host, where):
    """How many malformed inputs the node has counted there."""
    lines = [line for line in metrics(host).splitlines() if line.startswith("habactors_malformed")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if f'where="{where}"' in line)


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
