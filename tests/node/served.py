"""The sidecar's HTTP server alone, in this process, on a ledger made by hand."""

import http.client
import json
import socket
import time
from pathlib import Path
from queue import SimpleQueue

from habactors.config import Address, Config, NodeConfig, SidecarConfig
from habactors.node.body import Berth
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.hands import Desk
from habactors.node.http.server import HttpServer
from habactors.protocol.commands import ServiceBoard, ServiceStatus
from habactors.protocol.errands import ActorRow, Roster
from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import GroupView, MemberView, ServiceView, Views
from habactors.roles.sidecar import Sidecar

HOST = "127.0.0.1"
NOW = 1_700_000_000.0
ADA = Identity("a" * 32, "ada", "127.0.0.1:9638")
PATIENCE_SECONDS = 5.0

UP = ServiceStatus(
    ident="core/redis/7.0/20240101000000",
    service="redis",
    group="default",
    service_group="redis.default",
    topology="standalone",
    desired="up",
    state="up",
    pid=4711,
    since=NOW - 5,
    restarts=2,
    next_restart=0.0,
    blocked="",
    path="/data/svc/redis",
    config=b'{"port": 6379, "ratio": 0.5}',
)
DOWN = ServiceStatus(
    ident="core/hello",
    service="hello",
    group="prod",
    service_group="hello.prod@acme",
    topology="initializer",
    desired="down",
    state="down",
    pid=0,
    since=NOW,
    restarts=0,
    next_restart=0.0,
    blocked="",
    path="/data/svc/hello",
    config=b"{}",
)


def viewed(member_id, name, health=Health.ALIVE, why=""):
    return MemberView(member_id, name, f"{name}:9638", 1, int(health), False, NOW, why)


def census(version=1, others=()):
    """A whole census: ada, bob whom nobody reaches, others, and a group that both serve."""
    members = (viewed(ADA.id, "ada"), viewed("b" * 32, "bob", Health.SUSPECT, "no ack"), *others)
    serving = tuple(
        ServiceView(view.id, "redis.default", UP.ident, 1, "standalone", b"{}", b"{}", 1, False)
        for view in members
    )
    group = GroupView("redis.default", 3, b"port = 6379", ADA.id, serving)
    return Views(1, version, True, members, (group,))


ROSTER = Roster(
    NOW - 60,
    (
        ActorRow("root", 0, "running", NOW - 60, 0),
        ActorRow("wire", 0, "backoff", NOW - 60, 4),
    ),
)
BOARD = ServiceBoard((UP, DOWN))
EVENT = Event(NOW, ADA.id, "detector", "member", "b" * 32, "bob", "alive", "suspect", "no ack")


def free_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def until(condition, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.005)


class Served:
    """A server in a thread. `get(path)` returns (code, headers, body)."""

    def __init__(self, *heard, port=0, **settings):
        self.port = port or free_port()
        self.role = Sidecar(ADA)
        self.counters = Counters()
        self.mailbox = SimpleQueue()
        self.hear(*heard)
        sidecar = SidecarConfig(listen=Address(HOST, self.port), **settings)
        node = NodeConfig("ada", Path("/nowhere"), Path("/nowhere"))
        config = Config(node=node, sidecar=sidecar)
        clock = Clock()
        berth = Berth("sidecar", config, ADA, clock, self.counters, None, False)
        self.server = HttpServer(berth, self.role)
        self.desk = Desk(self.role.hear, self.mailbox, None, self.counters, clock.now)

    def __enter__(self):
        self.server.open(self.desk)
        return self

    def __exit__(self, *_):
        self.server.close()

    def hear(self, *messages):
        for message in messages:
            self.role.hear(message, NOW)

    def ask(self, path, method="GET", headers=None, body=None, context=None):
        if context:
            client = http.client.HTTPSConnection(HOST, self.port, timeout=5, context=context)
        else:
            client = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            client.request(method, path, body, headers or {})
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()

    def code(self, path, **how):
        return self.ask(path, **how)[0]

    def json(self, path, code=200):
        found, headers, body = self.ask(path)
        assert found == code, f"{path}: {found}"
        assert headers["content-type"] == "application/json"
        return json.loads(body)

    def call(self):
        """A bare connection."""
        return socket.create_connection((HOST, self.port), timeout=PATIENCE_SECONDS)

    @property
    def connections(self):
        """How many clients the server holds now."""
        return len(self.server._listener.connections)


def whole_ring():
    """All that a sidecar hears."""
    return census(), ROSTER, BOARD, EVENT
