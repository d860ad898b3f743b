"""Does the network of the tests do what it says? With plain sockets, no node takes part."""

import subprocess
import sys

import psutil
import pytest

from tests.hosts import until
from tests.networks import PREFIX, hindrance, namespaces, processes_in, run, started, sweep

PORT = 4000
LISTEN = f"""
import socket
server = socket.create_server(("", {PORT}))
print("ready", flush=True)
while True:
    server.accept()[0].sendall(b"hello")
"""
CONNECT = f"""
import socket, sys
try:
    with socket.create_connection((sys.argv[1], {PORT}), timeout=0.4) as link:
        print(link.recv(9).decode())
except TimeoutError:
    print("silence")
except ConnectionRefusedError:
    print("refused")
"""


class Room:
    """Hosts that listen, and what one hears who calls another."""

    def __init__(self, network, *names):
        self.hosts = [network.add(name) for name in names]
        self.listeners = []
        for host in self.hosts:
            command = [*host.inside, sys.executable, "-c", LISTEN]
            listener = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.listeners.append(listener)
            assert listener.stdout.readline() == "ready\n"

    def call(self, caller, called):
        return run(*caller.inside, sys.executable, "-c", CONNECT, called.address).strip()

    def end(self):
        for listener in self.listeners:
            listener.kill()
            listener.communicate()


@pytest.fixture
def room(network):
    made = []
    yield lambda *names: made.append(Room(network, *names)) or made[-1]
    for one in made:
        one.end()


def test_hosts_reach_each_other_and_nobody_else_reaches_them(network, room):
    here = room("ada", "bob")
    ada, bob = here.hosts
    assert here.call(ada, bob) == "hello"
    assert here.call(bob, ada) == "hello"
    assert network.prefix not in run("ip", "link")
    assert ada.address not in run("ip", "address")


def test_a_cut_is_silent_and_heals(network, room):
    here = room("ada", "bob", "cyd")
    ada, bob, cyd = here.hosts
    network.cut(ada, bob)
    assert here.call(ada, bob) == "silence"
    assert here.call(bob, ada) == "silence"
    assert here.call(ada, cyd) == "hello"
    network.heal()
    assert here.call(ada, bob) == "hello"


def test_whoever_is_isolated_hears_nobody(network, room):
    here = room("ada", "bob", "cyd")
    ada, bob, cyd = here.hosts
    network.isolate(ada)
    assert [here.call(ada, bob), here.call(cyd, ada)] == ["silence", "silence"]
    assert here.call(bob, cyd) == "hello"


def test_what_is_refused_is_refused_to_one_only(network, room):
    here = room("ada", "bob", "cyd")
    ada, bob, cyd = here.hosts
    network.refuse(bob, ada)
    assert here.call(ada, bob) == "refused"
    assert here.call(cyd, bob) == "hello"
    network.heal()
    assert here.call(ada, bob) == "hello"


def test_an_unplugged_host_is_unreachable_until_it_is_plugged_in_again(network, room):
    here = room("ada", "bob")
    ada, bob = here.hosts
    network.unplug(bob)
    assert here.call(ada, bob) == "silence"
    network.heal()
    until(lambda: here.call(ada, bob) == "hello")


def test_nearly_all_of_it_may_be_lost(network, room):
    here = room("ada", "bob")
    ada, bob = here.hosts
    network.lose(0.999, bob)
    assert here.call(ada, bob) == "silence"
    network.lose(0.0)
    assert here.call(ada, bob) == "hello"


def test_nothing_remains_of_a_network(network):
    ada = network.add("ada")
    program = subprocess.Popen([*ada.inside, "sleep", "60"])
    until(lambda: processes_in(network.prefix + ada.name))
    assert len(namespaces(network.prefix)) == 2
    network.end()
    assert not psutil.pid_exists(program.pid)
    assert namespaces(network.prefix) == []
    program.wait()


def test_what_a_killed_run_left_is_swept(network):
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert started(ended.pid) is None
    left = f"{PREFIX}{ended.pid}-1234-0-ada"
    run("ip", "netns", "add", left)
    inside = subprocess.Popen(["ip", "netns", "exec", left, "sleep", "60"])
    try:
        until(lambda: processes_in(left))
        sweep()
        assert not psutil.pid_exists(inside.pid)
        assert left not in namespaces()
        ada = network.add("ada")
        sweep()
        assert network.prefix + ada.name in namespaces()
    finally:
        inside.kill()
        inside.wait()


def test_without_root_or_a_tool_the_reason_is_told(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert hindrance() == "ip is missing: apt-get install iproute2"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "as root" in hindrance()
