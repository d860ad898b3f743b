"""The port of the ring is root's: it outlives every wire, and goes with the node."""

import contextlib
import os
import signal
import socket
import time

import psutil
import pytest

from habactors.config import Address
from habactors.errors import UserError
from habactors.node import listening
from habactors.node.listening import listen
from habactors.protocol.hands import Arrived, LinkFell
from habactors.protocol.lifecycle import Peer
from habactors.protocol.probes import Ack, Ping
from tests.hosts import WIRE_PORT, until
from tests.node.test_links import Member


@pytest.fixture
def eve(hosts):
    """Somebody who speaks with nodes, and is none."""
    member = Member("eve", f"{hosts.network}.250")
    yield member
    member.close()


@contextlib.contextmanager
def suspended(pid):
    """A process stands still; that it does so when this begins is certain."""
    process = psutil.Process(pid)
    process.suspend()
    try:
        until(lambda: process.status() == psutil.STATUS_STOPPED)
        yield
    finally:
        process.resume()


def peer(host):
    return Peer(host.control.status()["id"], f"{host.address}:{WIRE_PORT}")


def knock(host):
    """Open a connection, and close it."""
    socket.create_connection((host.address, WIRE_PORT), 1.0).close()


def test_while_the_wire_is_dead_connections_wait_and_nothing_is_lost(hosts, eve):
    ada = hosts.add("ada").start().wait_until_up()
    there, wire = peer(ada), ada.pid_of("wire")
    with suspended(ada.pid):  # so that it does not start another wire at once
        os.kill(wire, signal.SIGKILL)
        eve.send(there, Ping(7, there.id))
        eve.attend(0.3)
        assert eve.heard == []
    assert [arrived.message for arrived in eve.wait_for(Arrived)] == [Ack(7, there.id)]
    assert ada.pid_of("wire") != wire


def test_a_link_to_a_wire_that_dies_is_lost_but_a_fresh_one_is_not_refused(hosts, eve):
    ada = hosts.add("ada").start().wait_until_up()
    there, wire = peer(ada), ada.pid_of("wire")
    eve.heed(there)
    eve.send(there, Ping(6, there.id))
    eve.wait_for(Arrived)
    os.kill(wire, signal.SIGKILL)
    assert eve.wait_for(LinkFell, seconds=1.0) == [LinkFell(there.address, refused=False)]
    eve.send(there, Ping(7, there.id))
    assert [arrived.message for arrived in eve.wait_for(Arrived)] == [Ack(7, there.id)]
    assert eve.heard == []


def test_while_the_wire_stands_still_connections_wait_and_nothing_is_lost(hosts, eve):
    ada = hosts.add("ada").start().wait_until_up()
    there = peer(ada)
    with suspended(ada.pid_of("wire")):
        eve.send(there, Ping(7, there.id))
        eve.attend(0.3)
        assert eve.heard == []
    assert [arrived.message for arrived in eve.wait_for(Arrived)] == [Ack(7, there.id)]


@pytest.mark.parametrize("processes", ["separate", "one"])
def test_with_the_node_killed_whole_connections_are_refused_at_once(hosts, eve, processes):
    ada = hosts.add("ada", root={"processes": processes}).start().wait_until_up()
    there = peer(ada)
    eve.heed(there)
    eve.send(there, Ping(6, there.id))
    eve.wait_for(Arrived)
    ada.kill_whole()
    assert eve.wait_for(LinkFell, seconds=1.0) == [LinkFell(there.address, refused=False)]
    begun = time.monotonic()
    eve.send(there, Ping(7, there.id))
    assert eve.wait_for(LinkFell, seconds=1.0) == [LinkFell(there.address, refused=True)]
    assert time.monotonic() - begun < 0.3


def test_with_root_killed_its_actors_go_and_so_does_the_port(hosts):
    ada = hosts.add("ada").start().wait_until_up()
    knock(ada)
    os.kill(ada.pid, signal.SIGKILL)
    ada.process.wait()

    def is_refused():
        try:
            knock(ada)
        except ConnectionRefusedError:
            return True
        return False

    until(is_refused, 1.0)


def test_a_service_does_not_keep_the_port_of_a_dead_node(hosts):
    """It outlives root, and must not have inherited what would answer in root's name."""
    ada = hosts.add("ada", services={"load": [{"package": "hello"}]}).start().wait_until_up()
    pid = until(lambda: ada.service_pid("hello.default"), what=ada.printed())
    actors = psutil.Process(ada.pid).children()
    os.kill(ada.pid, signal.SIGKILL)
    psutil.wait_procs([process for process in actors if process.pid != pid], timeout=2.0)
    ada.process.wait()
    assert psutil.pid_exists(pid)
    with pytest.raises(ConnectionRefusedError):
        knock(ada)


def test_only_root_and_the_wire_hold_the_port(hosts):
    ada = hosts.add("ada").start().wait_until_up()
    os.kill(ada.pid_of("control"), signal.SIGKILL)
    os.kill(ada.pid_of("wire"), signal.SIGKILL)
    until(lambda: sum(row["restarts"] for row in ada.control.status()["actors"]) == 2)
    until(ada.actors_running)
    root = psutil.Process(ada.pid)
    holders = [process.pid for process in (root, *root.children()) if holds_port(process)]
    assert sorted(holders) == sorted([ada.pid, ada.pid_of("wire")])


def holds_port(process):
    listening_there = (
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == WIRE_PORT
        for connection in process.net_connections("tcp")
    )
    return any(listening_there)


# The socket itself


@pytest.fixture
def place(hosts):
    return Address(f"{hosts.network}.251", WIRE_PORT)


def test_a_port_that_is_taken_is_refused_with_what_to_do(place, monkeypatch):
    monkeypatch.setattr(listening, "PATIENCE_SECONDS", 0.1)
    with listen("wire", place), pytest.raises(UserError, match="in use") as caught:
        listen("wire", place)
    assert caught.value.code == "port-in-use"
    assert caught.value.message == f"cannot listen on {place} (Address already in use)"
    assert "[wire] listen" in caught.value.hint


def test_a_port_that_is_free_a_moment_later_is_waited_for(place, monkeypatch):
    former = listen("wire", place)
    monkeypatch.setattr(listening.time, "sleep", lambda _: former.close())
    listen("wire", place).close()


def test_a_port_whose_connections_just_ended_is_free(place):
    with listen("wire", place) as listener:
        client = socket.create_connection((place.host, place.port))
        until(lambda: accepted(listener)).close()  # this end now waits out its time
        client.close()
    listen("wire", place).close()


def accepted(listener):
    try:
        return listener.accept()[0]
    except BlockingIOError:
        return None


def test_a_name_that_nobody_knows_is_refused_with_what_to_do():
    with pytest.raises(UserError, match=r"no-such-host.invalid:9638 \([^()]+\): ") as caught:
        listen("wire", Address("no-such-host.invalid", 9638))
    assert caught.value.code == "bad-address"


def test_an_address_of_another_host_is_refused_at_once():
    begun = time.monotonic()
    with pytest.raises(UserError, match="cannot listen on 192") as caught:
        listen("sidecar", Address("192.0.2.1", 9638))
    assert caught.value.code == "bad-address"
    assert "[sidecar] listen" in caught.value.hint
    assert time.monotonic() - begun < listening.PATIENCE_SECONDS


@pytest.mark.parametrize("host", ["::1", "::", "0.0.0.0", "localhost"])  # noqa: S104
def test_every_kind_of_address_may_be_listened_on(host):
    port = 21_000 + os.getpid() % 10_000
    target = {"::": "127.0.0.1", "0.0.0.0": "127.0.0.1"}.get(host, host)  # noqa: S104
    with listen("wire", Address(host, port)):
        socket.create_connection((target, port), 1.0).close()
