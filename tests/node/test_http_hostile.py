"""What clients may not do: hold connections, fill memory, or have their garbage noticed."""

import logging
import random
import socket
import threading
import time
from pathlib import Path

import pytest

from habactors.node.http import connection, gate, listener
from habactors.protocol.health import Health
from tests.node.served import Served, census, until, viewed, whole_ring

GET = b"GET /census HTTP/1.1\r\nHost: a\r\n\r\n"
SEED = 20_240_229
PEM = Path(__file__).parent / "tls.pem"

GARBAGE = {
    "nothing": b"",
    "one byte": b"G",
    "zeros": bytes(1000),
    "TLS": bytes.fromhex("160301020001000001fc0303"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "long target": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    "endless header": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 20_000,
    "many headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 1000 + b"\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "two lengths": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nxx",
    "huge length": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nxx",
    "negative length": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nxx\r\n",
    "huge chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"fffffffffffffff\r\n",
    "unknown coding": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nxx",
    "upgrade": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    b"\x81\x05hello",
    "h2c": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n",
    "connect": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01",
    "whole address": b"GET http://evil.example/census HTTP/1.1\r\nHost: a\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "climbing": b"GET /services/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    "climbing, escaped": b"GET /services/%2e%2e%2f%2e%2e%2fetc%2fpasswd/x HTTP/1.1\r\n"
    b"Host: a\r\n\r\n",
    "zero in the path": b"GET /census%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "no UTF-8": b"GET /services/%ff%fe/%c0%af HTTP/1.1\r\nHost: a\r\n\r\n",
    "half an escape": b"GET /services/%/%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    "line break in the path": b"GET /census%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n",
    "expects to go on": b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
    b"Content-Length: 100\r\n\r\n",
    "garbage behind an answer": GET + b"\xff\xfe garbage\r\n\r\n",
    "garbage behind a chunk": b"POST /census HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\nZZ\r\n",
    "a hundred at once": GET * 100,
}


@pytest.fixture(scope="module")
def node():
    with Served(*whole_ring()) as served:
        yield served


def send(node, written, *, end=True):
    """Whatever comes back until the server hangs up."""
    with node.call() as client:
        client.settimeout(5)
        came = bytearray()
        try:
            client.sendall(written)
            if end:
                client.shutdown(socket.SHUT_WR)
            while part := client.recv(65_536):
                came += part
        except ConnectionError:
            pass
        return bytes(came)


@pytest.mark.parametrize("written", GARBAGE.values(), ids=GARBAGE)
def test_garbage_hurts_nobody_and_is_not_worth_a_line(node, caplog, written):
    with caplog.at_level(logging.WARNING):
        came = send(node, written)
    assert came == b"" or came.startswith(b"HTTP/1.1 ")
    assert b"500 Internal" not in came
    assert b"root:" not in came
    assert caplog.text == ""
    assert node.code("/healthz") == 200


def test_a_garbled_request_is_answered_with_400(node):
    for name in ("no host", "two hosts", "negative length", "TLS"):
        assert send(node, GARBAGE[name] + b"\r\n\r\n").startswith(b"HTTP/1.1 400 "), name


def test_requests_sent_at_once_are_all_answered(node):
    assert send(node, GET * 100).count(b"HTTP/1.1 200 ") == 100


def test_mutated_requests_hurt_nobody(node, caplog):
    rng = random.Random(SEED)
    seeds = [GET, *GARBAGE.values()]
    with caplog.at_level(logging.WARNING):
        for _ in range(300):
            came = send(node, mutated(rng, rng.choice(seeds)[:2000]))
            assert came == b"" or came.startswith(b"HTTP/1.1 ")
            assert b"500 Internal" not in came
    assert caplog.text == ""
    until(lambda: node.connections == 0)
    assert node.code("/healthz") == 200


def mutated(rng, written):
    found = bytearray(written or b"\n")
    for _ in range(rng.randint(1, 8)):
        place = rng.randrange(len(found))
        match rng.randrange(4):
            case 0:
                found[place] = rng.randrange(256)
            case 1:
                found[place:place] = rng.randbytes(rng.randint(1, 20))
            case 2:
                del found[place : place + rng.randint(1, 20)]
                found = found or bytearray(b"\n")
            case 3:
                found[place:place] = rng.choice((b"\r\n", b"\r\n\r\n", b"%00", b": ", b"/"))
    return bytes(found)


def test_a_body_is_neither_awaited_nor_kept(node):
    head = b"POST /census HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n"
    with node.call() as client:
        client.sendall(head)
        assert client.recv(1000).startswith(b"HTTP/1.1 405 ")
        for _ in range(100):
            client.sendall(bytes(65_536))
        held = [
            len(one._http._receive_buffer) + len(one._unsent)
            for one in node.server._listener.connections
        ]
    assert max(held) <= 2 * 65_536


def test_who_says_nothing_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.2)
    with Served() as node:
        silent, halting = node.call(), node.call()
        with silent, halting:
            halting.sendall(b"GET / HTTP/1.1\r\nHost:")
            until(lambda: node.connections == 0)
            assert hung_up(silent)
            assert hung_up(halting)


def test_who_drips_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.3)
    with Served() as node, node.call() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        until(lambda: node.connections == 1)

        def dripped():
            try:
                client.sendall(b"X: y\r\n")
            except ConnectionError:
                return True
            return node.connections == 0

        until(dripped)


def test_who_drips_a_body_is_hung_up_on_too(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.3)
    with Served() as node, node.call() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 405 ")

        def dripped():
            try:
                client.sendall(b"x")
            except ConnectionError:
                return True
            return node.connections == 0

        until(dripped)


def test_who_comes_back_in_time_stays(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.3)
    with Served() as node, node.call() as client:
        end = time.monotonic() + 1.0

        def asked_until_the_end():
            client.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            return time.monotonic() > end

        until(asked_until_the_end)


def test_who_does_not_read_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.3)
    many = [viewed(f"{number:032}", f"member-{number}", Health.ALIVE) for number in range(8000)]
    with Served(census(others=many)) as node, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", node.port))
        client.sendall(GET)
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        assert node.connections == 1
        until(lambda: node.connections == 0)


def test_who_asks_and_asks_but_does_not_read_fills_no_memory(node):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", node.port))
        client.setblocking(False)

        def stuck():
            try:
                client.send(GET * 10_000)
            except BlockingIOError:
                return True
            return False

        until(stuck)
        (held,) = [
            len(one._http._receive_buffer) + len(one._unsent)
            for one in node.server._listener.connections
        ]
    assert 0 < held < 2 * 65_536


def test_who_sends_without_end_keeps_nobody_waiting(node):
    over = threading.Event()

    def flood():
        with node.call() as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
            while not over.is_set():
                client.sendall(bytes(65_536))

    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        until(lambda: node.connections)
        for _ in range(20):
            assert node.code("/healthz") == 200
        assert flooding.is_alive()
    finally:
        over.set()
        flooding.join(5)


def test_who_shakes_no_hands_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.2)
    with Served(tls_certificate=PEM, tls_key=PEM) as node, node.call() as client:
        client.sendall(bytes.fromhex("1603010200"))
        until(lambda: node.connections == 1)
        until(lambda: node.connections == 0)


def test_too_many_clients_cost_the_one_who_was_answered_least_recently():
    with Served() as node:
        first = node.call()
        clients = [node.call() for _ in range(listener.CONNECTIONS_MAX - 1)]
        until(lambda: node.connections == listener.CONNECTIONS_MAX)
        first.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert first.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert node.code("/healthz") == 200
        assert hung_up(clients[0])
        first.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert first.recv(1000).startswith(b"HTTP/1.1 200 ")
        for client in (first, *clients):
            client.close()


def test_a_flood_of_connections_leaves_room_for_a_request():
    with Served() as node:
        clients = [node.call() for _ in range(listener.CONNECTIONS_MAX + 50)]
        assert node.code("/healthz") == 200
        assert node.connections <= listener.CONNECTIONS_MAX
        for client in clients:
            client.close()


def test_a_header_may_be_so_long_and_no_longer(node):
    head = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: "
    fits = b"a" * (gate.HEAD_BYTES_MAX - len(head))
    assert send(node, head + fits + b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert send(node, head + 2 * fits).startswith(b"HTTP/1.1 400 ")
    for name in ("long header", "long target"):
        assert send(node, GARBAGE[name]).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))


def hung_up(client):
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True
