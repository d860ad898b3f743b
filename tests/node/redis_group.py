"""Redis under leaders and followers: who leads, who replicates, and what was acknowledged?"""

import contextlib
import os
import signal
import socket

from tests.hosts import until

GROUP = "redis.prod"
PORT = 6379
READY_SECONDS = 20.0


class Refused(Exception):
    """Redis answered with an error."""


class Link:
    """One connection to a Redis server; every call raises OSError when that server is gone."""

    def __init__(self, address, seconds=1.0):
        self.address = address
        self._socket = socket.create_connection((address, PORT), timeout=seconds)
        self._file = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self._socket.close()

    def ask(self, *words):
        """The answer to one command: text, a whole number, a list of those, or None."""
        texts = [str(word).encode() for word in words]
        lines = b"".join(b"$%d\r\n%b\r\n" % (len(text), text) for text in texts)
        self._socket.sendall(b"*%d\r\n%b" % (len(texts), lines))
        return self._answer()

    def _answer(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("closed")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise Refused(rest)
        if kind == b"+":
            return rest
        count = int(rest)
        if kind == b":":
            return count
        if count < 0:
            return None
        if kind == b"*":
            return [self._answer() for _ in range(count)]
        return self._file.read(count + 2)[:-2].decode()


def ask(host, *words):
    """The answer of a host's Redis, or None when there is none."""
    try:
        with Link(host.address) as link:
            return link.ask(*words)
    except (OSError, Refused):
        return None


def write(host, key, value):
    """Write, and tell how many followers have it within some seconds."""
    with Link(host.address, 5.0) as link:
        link.ask("SET", key, value)
        return link.ask("WAIT", 1, 3_000)


def others(ring, host):
    return [each for each in ring if each is not host]


def role(host):
    """What the supervisor says that the service of this host is, once it runs."""
    row = host.service(GROUP)
    return row["role"] if row and row["state"] == "up" else None


def election(host):
    """How the group's election looks from this host."""
    return host.control.elections(GROUP)[0]


def follows(host, leader):
    """Whether the Redis of a host replicates from that of the leader."""
    answer = ask(host, "ROLE")
    return bool(answer) and answer[:2] == ["slave", leader.address] and answer[3] == "connected"


def known_leader(hosts):
    """The one that all of them call the leader, if they agree, and that leads."""
    names = {election(host)["leader_name"] for host in hosts}
    return next((host for host in hosts if names == {host.name} and role(host) == "leader"), None)


def replicated(hosts):
    """The leader that all agree upon and that all others replicate from, if it is so."""
    leader = known_leader(hosts)
    rest = others(hosts, leader)
    answer = ask(leader, "ROLE") if leader else None
    if not answer or answer[0] != "master" or len(answer[2]) < len(rest):
        return None
    return leader if all(follows(host, leader) for host in rest) else None


def load(ring):
    """Have all of them serve in the group; its first leader."""
    for host in ring:
        host.control.svc_load("core/redis", group="prod", topology="leader")
    return until(lambda: replicated(ring), READY_SECONDS, lambda: story(ring))


def kill_supervisor(host):
    """End root and all actors at once; their services are left to the kernel."""
    for pid in _supervisor(host):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    host.process.wait(5)


@contextlib.contextmanager
def supervisor_frozen(host):
    """Root and all actors stand still, while their services go on."""
    pids = _supervisor(host)
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


def _supervisor(host):
    """The pids of root and all actors; root first, so that it replaces nobody meanwhile."""
    rows = host.control.status()["actors"]
    return [host.pid, *(row["pid"] for row in rows if row["pid"] != host.pid)]


def story(ring):
    """What happened to services, actors and leaders, for whoever reads a failure."""
    told = [
        (event["time"], f"{host.name}: {' '.join(str(event[key]) for key in TOLD)}")
        for host in ring
        for event in host.events()
        if event["kind"] != "config"
    ]
    errors = [line["error"] for host in ring for line in host.lines() if "error" in line]
    return "\n".join([*(f"{moment:.3f} {line}" for moment, line in sorted(told)), *errors])


TOLD = ("kind", "name", "from", "to", "why")
