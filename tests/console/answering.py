"""A node that is only its control socket, with answers made by hand."""

import threading
from pathlib import Path

import msgpack
import zmq

from habactors.errors import UserError

NOW = 1_700_000_000.0
IDS = {"ada": "a" * 32, "bob": "b" * 32, "cyd": "c" * 32}


def member(name, health="alive", since=NOW - 200.0, **more):
    row = {
        "id": IDS[name],
        "name": name,
        "address": f"10.0.0.{ord(name[0]) - 96}:9638",
        "incarnation": 1,
        "health": health,
        "permanent": False,
        "self": name == "ada",
        "since": since,
        "why": "",
    }
    return row | more


MEMBERS = [
    member("ada", permanent=True),
    member("bob", "suspect", NOW - 2, why="no answer to a ping by ada in 1.0 s"),
    member("cyd", since=NOW - 90_000),
]


def actor(name, pid, state="running", restarts=0):
    runs = bool(pid)
    costs = {"pss_bytes": runs * 7_300_000, "cpu_seconds": runs * 1.25}
    row = {"name": name, "pid": pid, "state": state, "uptime_seconds": runs * 180.0}
    return row | {"restarts": restarts} | costs


STATUS = {
    "id": IDS["ada"],
    "name": "ada",
    "version": "0.1.0",
    "started": NOW - 200.0,
    "ring": {"alive": 2, "suspect": 1, "confirmed": 0, "departed": 0},
    "isolated": False,
    "health_score": 0,
    "actors": [
        actor("root", 100),
        actor("wire", 101, restarts=2),
        actor("disseminator", 102),
        actor("detector", 103),
        actor("census", 0, "backoff", restarts=6),
        actor("services", 105),
        actor("sidecar", 106),
        actor("control", 107),
    ],
    "listen": {"wire": "10.0.0.1:9638", "sidecar": "", "control": "ipc:///run/control.sock"},
}


def service(name="redis.prod", state="up", pid=4711, **more):
    row = {
        "ident": f"core/{name.partition('.')[0]}/7.0",
        "service": name.partition(".")[0],
        "group": name.partition(".")[2],
        "service_group": name,
        "topology": "standalone",
        "desired": "up",
        "state": state,
        "pid": pid,
        "elapsed_seconds": 65.0,
        "health": "unknown",
        "role": None,
        "restarts": 0,
        "next_restart_seconds": None,
        "blocked": None,
        "restarted_because": None,
    }
    return row | more


SERVICES = [
    service(),
    service(
        "hello.test",
        "backoff",
        None,
        restarts=4,
        next_restart_seconds=7.6,
        restarted_because="exit code 1",
    ),
]


def served(name):
    healths = dict.fromkeys(("alive", "suspect", "confirmed", "departed"), False)
    health = next(row["health"] for row in MEMBERS if row["name"] == name)
    host = {"ip": f"10.0.0.{ord(name[0]) - 96}"}
    package = {"member_id": IDS[name], "package": "core/redis/7.0", "sys": host}
    return package | healths | {health: True}


CENSUS = {
    "local_member_id": IDS["ada"],
    "census_groups": {
        "hello.test": {"service_config": None, "population": {}},
        "redis.prod": {
            "service_config": {"incarnation": 3, "value": {"port": 1}},
            "population": {IDS[name]: served(name) for name in ("ada", "bob")},
        },
    },
}


def voter(name, suitability=0):
    health = next(row["health"] for row in MEMBERS if row["name"] == name)
    return {"id": IDS[name], "name": name, "health": health, "suitability": suitability}


def election(group="redis.prod", leader="ada", **more):
    row = {
        "service_group": group,
        "status": "finished" if leader else "in-progress",
        "term": 4,
        "leader": leader and IDS[leader],
        "leader_name": leader,
        "lease_seconds": 2.4 if leader == "ada" else None,
        "electorate": [voter("ada"), voter("bob"), voter("cyd", None)],
        "quorum": 2,
        "alive": 3,
        "why": f"{leader} was elected" if leader else "an election is under way",
    }
    return row | more


ELECTIONS = [
    election("hello.test", None, status="no-quorum", alive=1, term=0),
    election(),
]

EXPLAINED = election() | {
    "electorate": [
        voter("ada") | {"alive": True, "self": True},
        voter("bob") | {"alive": True, "self": False},
        voter("cyd", None) | {"alive": False, "self": False},
    ],
    "alive": 2,
    "since": NOW - 150,
    "arithmetic": "2 of 3 are alive, 2 are needed",
    "missing": [{"id": IDS["cyd"], "name": "cyd", "why": "it serves in the group no more"}],
    "advice": None,
    "here": {"serves": True, "votes": True, "role": "leader", "state": "up", "blocked": None},
}


def event(number, subject, name, before, after, why="", kind="member"):
    changed = {"from": before, "to": after, "why": why}
    told = {"time": NOW - 60 + number, "node": IDS["ada"], "actor": "detector", "kind": kind}
    return told | {"subject": subject, "name": name} | changed


EVENTS = [
    event(1, IDS["cyd"], "cyd", "", "alive"),
    event(2, "redis.prod", "redis.prod", "initializing", "up", "started as pid 4711", "service"),
    event(3, IDS["bob"], "bob", "alive", "suspect", "no answer to a ping by ada in 1.0 s"),
]

ANSWERS = {
    "members": MEMBERS,
    "status": STATUS,
    "census": CENSUS,
    "elections": ELECTIONS,
    "explain.election": EXPLAINED,
    "svc.status": SERVICES,
    "events": EVENTS,
    "config.show": {
        "service_group": "redis.prod",
        "version": 3,
        "source": IDS["bob"],
        "body": "port = 2112\n",
    },
    "svc.logs": ["one", "two"],
}


class Answering:
    """Answers every request by the table `answers`; what was asked is in `asked`.

    An answer that is an error refuses; a list is told piece by piece when somebody follows.
    """

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.answers = dict(ANSWERS)
        self.asked = []
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.bind(f"ipc://{run_dir}/control.sock")
        self._ending = self._context.socket(zmq.PAIR)
        self._ending.bind("inproc://ending")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._ending.send(b"")
        self._thread.join(5)
        for thing in (self._router, self._ending):
            thing.close(linger=0)
        self._context.term()

    def _serve(self) -> None:
        ending = self._context.socket(zmq.PAIR)
        ending.connect("inproc://ending")
        poller = zmq.Poller()
        for source in (ending, self._router):
            poller.register(source, zmq.POLLIN)
        while ending not in dict(poller.poll()):
            route, written = self._router.recv_multipart()
            for answer in self._answers(msgpack.unpackb(written)):
                self._router.send_multipart([route, msgpack.packb(answer)])
        ending.close(linger=0)

    def _answers(self, request):
        number, command, args = request["id"], request["command"], request.get("args", {})
        if command == "cancel":
            return
        self.asked.append((command, args))
        found = self.answers.get(command, {"message": f"{command} is done"})
        if isinstance(found, UserError):
            yield {"id": number, "ok": False, "error": found.as_dict()}
            return
        if args.get("follow"):
            yield from (
                {"id": number, "ok": True, "more": True, "result": piece} for piece in found
            )
            found = None
        yield {"id": number, "ok": True, "result": found}
