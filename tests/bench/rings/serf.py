"""Serf's ring: agents with its default (lan) profile, and what they log about each other.

Only the log lines of serf itself and of memberlist are immediate: what handlers and RPC streams
are told is delayed by 1 to 3 seconds (coalescing). Serf stamps whole seconds, so each line is
stamped here when it comes out of the agent's pipe.
"""

import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import time

import msgpack
import psutil

from tests.bench.rings.sightings import ALIVE, FAILED, LEFT, Broken, Sighting, Sightings

GOSSIP_PORT = 7946
RPC_PORT = 7373
READ_BYTES = 65_536
SAID_BYTES = 2_000
"""How much of an agent's log is shown when it ends by itself."""

UP_SECONDS = 10.0
STOP_SECONDS = 10.0
STATES = {"Join": ALIVE, "Failed": FAILED, "Leave": LEFT}
MEMBER = re.compile(rb"serf: EventMember(Join|Failed|Leave): (\S+)")
EVENT = re.compile(rb"serf: messageUserEventType: (\S+)")


def is_installed():
    return shutil.which("serf") is not None


class Serf:
    """A ring of agents; the first is up before the others, who join it, are started."""

    NAME = "serf"

    def __init__(self, count, network):
        self.sightings = Sightings()
        self.addresses = {f"n{number}": f"{network}.{number}" for number in range(1, count + 1)}
        self._agents = {}
        self._rests = {}
        self._said = {}
        self._events = {}
        self._ended = set()
        self._rpcs = {}
        self._selector = selectors.DefaultSelector()

    @property
    def names(self):
        return list(self.addresses)

    def start(self):
        """Start the first, then all others at once; when the first one was."""
        first, *others = self.names
        moment = self.start_one(first)
        deadline = time.monotonic() + UP_SECONDS
        while not self.sightings.first(first, first, (ALIVE,), moment):
            if time.monotonic() > deadline:
                raise Broken(f"{first} does not start: {self._said[first].decode()}")
            self.look(0.001)
        for name in others:
            self.start_one(name)
        return moment

    def start_one(self, name):
        address = self.addresses[name]
        living = [other for other in self._agents if other != name and other not in self._ended]
        joins = [f"-join={self.addresses[living[0]]}"] if living else []
        command = [
            *("serf", "agent", f"-node={name}", "-log-level=debug"),
            *(f"-bind={address}:{GOSSIP_PORT}", f"-rpc-addr={address}:{RPC_PORT}", *joins),
        ]
        moment = time.time()
        agent = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
        self._agents[name] = agent
        self._ended.discard(name)
        self._rests[name] = self._said[name] = b""
        self._selector.register(agent.stdout, selectors.EVENT_READ, name)
        return moment

    def up(self, name):
        """When the agent saw itself, in its latest life."""
        return max(
            seen.time
            for seen in self.sightings.all
            if (seen.observer, seen.subject, seen.state) == (name, name, ALIVE)
        )

    def look(self, seconds):
        """Take in what the agents log in the next seconds."""
        deadline = time.monotonic() + seconds
        while True:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            now = time.time()
            for key, _ in ready:
                self._take(key.data, key.fileobj, now)
            if time.monotonic() >= deadline:
                return

    def _take(self, name, pipe, now):
        read = os.read(pipe.fileno(), READ_BYTES)
        if not read:
            self._selector.unregister(pipe)
            pipe.close()
            if name not in self._ended:
                raise Broken(f"{name} ended by itself: {self._said[name].decode()}")
            return
        self._said[name] = (self._said[name] + read)[-SAID_BYTES:]
        *lines, self._rests[name] = (self._rests[name] + read).split(b"\n")
        for line in lines:
            if member := MEMBER.search(line):
                state, subject = STATES[member[1].decode()], member[2].decode()
                self.sightings.note(Sighting(now, name, subject, state))
            elif event := EVENT.search(line):
                self._events.setdefault(event[1].decode(), {}).setdefault(name, now)

    def is_whole(self, name, since):
        """Whether the agent has seen all join since then."""
        pairs = [(name, other) for other in self.names if other != name]
        return self.sightings.times(pairs, (ALIVE,), since) is not None

    def kill(self, name):
        agent = self._agents[name]
        moment = time.time()
        agent.send_signal(signal.SIGKILL)
        agent.wait(STOP_SECONDS)
        self._ended.add(name)
        self._selector.unregister(agent.stdout)
        agent.stdout.close()
        return moment

    def freeze(self, name):
        self._agents[name].send_signal(signal.SIGSTOP)

    def leave(self, name):
        agent = self._rpc(name)
        self._ended.add(name)
        moment = time.time()
        agent.send("leave")
        return moment

    def spread(self, number):
        """Send a user event from one agent; the moment of it."""
        name = self.names[number % len(self.names)]
        agent = self._rpc(name)
        self._origin = name
        body = {"Name": f"e{number}", "Payload": f"number = {number}", "Coalesce": False}
        moment = time.time()
        agent.send("event", body)
        return moment

    def spread_times(self, number):
        """When each agent logged it; the one that sent it does not; None unless all others did."""
        times = self._events.get(f"e{number}", {})
        others = [name for name in self.names if name != self._origin]
        return [times[name] for name in others] if times.keys() >= set(others) else None

    def _rpc(self, name):
        """A connection to the agent's present life; the one before it is closed."""
        if name in self._rpcs:
            self._rpcs[name].close()
        self._rpcs[name] = _Rpc(self.addresses[name])
        return self._rpcs[name]

    def processes(self, name):
        return [psutil.Process(self._agents[name].pid)]

    def end(self):
        for rpc in self._rpcs.values():
            rpc.close()
        for agent in self._agents.values():
            agent.kill()
        for agent in self._agents.values():
            agent.wait(STOP_SECONDS)
            agent.stdout.close()
        self._selector.close()


class _Rpc:
    """Serf's RPC: msgpack over tcp, a header and a body (client.go of serf)."""

    def __init__(self, address):
        self._socket = socket.create_connection((address, RPC_PORT), timeout=5)
        self._packer = msgpack.Packer(use_bin_type=False)
        self.send("handshake", {"Version": 1})
        assert self._socket.recv(READ_BYTES), "serf hangs up"

    def send(self, command, body=None):
        """Ask, and wait for no answer: some come when all is over, and would delay our looking."""
        header = self._packer.pack({"Command": command, "Seq": 1})
        self._socket.sendall(header + (self._packer.pack(body) if body else b""))

    def close(self):
        self._socket.close()
