"""The control socket of a real control actor, knocked at by all sorts of clients."""

import os
import random
import shutil
import socket
import stat
import struct
import tempfile
import time
from pathlib import Path

import msgpack
import pytest
import zmq

from habactors import Control
from habactors import client as client_module
from habactors.config import Config, NodeConfig, RootConfig, SidecarConfig
from habactors.errors import UserError
from habactors.node.body import Berth, Body, Outcome
from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.door import ANSWERS_WAITING_MAX, Door
from habactors.protocol.commands import ServiceBoard, ServiceStatus
from habactors.protocol.errands import ActorRow, Roster
from habactors.protocol.events import Event
from habactors.protocol.letters import write
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import GroupView, MemberView, ServiceView, Views
from habactors.roles import control

ME = Identity("ada", "ada", "127.0.0.1:9638")
NOISE_BYTES = 100_000


def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(0.005)
    return found


class Node:
    """A control actor with its door, in a thread; the other actors are this test."""

    def __init__(self, folder):
        self.run_dir = folder / "run"
        self.data_dir = folder / "data"
        self.run_dir.mkdir(0o700)
        (self.data_dir / "state").mkdir(parents=True)
        self.config = Config(
            node=NodeConfig("ada", self.data_dir, self.run_dir),
            root=RootConfig(processes="one"),
            sidecar=SidecarConfig(listen=None),
        )
        self.socket = self.run_dir / "control.sock"
        self.logs = self.data_dir / "svc" / "hello" / "logs"
        self.logs.mkdir(parents=True)
        self.counters = Counters()
        self.context = zmq.Context.instance()
        self.start()

    def start(self):
        before = self.bound()
        self.root, channel = Channel.pair()
        berth = Berth("control", self.config, ME, Clock(), self.counters, channel, False)
        role = control.Control(ME, "")
        self.outcome = Outcome()
        Body.start(berth, role, Door(berth, role), self.outcome, keeps=True)
        until(lambda: self.bound() != before)
        self.mail = self.context.socket(zmq.PUSH)
        self.mail.set(zmq.LINGER, 0)
        self.mail.connect("inproc://control")
        member = MemberView("ada", "ada", ME.address, 1, 1, False, 1.0, "")
        row = ActorRow("control", os.getpid(), "running", 1.0, 0)
        self.tell(Roster(1.0, (row,)), self.board())
        self.tell(Views(1, 1, whole=True, members=(member,), groups=()))

    def bound(self):
        """When the socket file was made."""
        return self.socket.stat().st_mtime_ns if self.socket.exists() else None

    def board(self):
        path = str(self.logs.parent)
        names = ("core/hello", "hello", "prod", "hello.prod", "standalone")
        return ServiceBoard((ServiceStatus(*names, "up", "up", 1, 1.0, 0, 0.0, "", path, b"{}"),))

    def tell(self, *letters):
        for letter in letters:
            self.mail.send(write(letter))

    def happen(self, subject, why=""):
        self.tell(Event(time.time(), "ada", "census", "node", subject, "", "", "x", why))

    def malformed(self):
        return self.counters.get("control", "body", "malformed_requests")

    def end(self):
        self.mail.close()
        self.root.hang_up()
        self.outcome.ended.wait(5)
        self.root.close()
        assert not self.outcome.failed


@pytest.fixture
def node():
    folder = Path(tempfile.mkdtemp(prefix="hb", dir="/tmp"))
    made = Node(folder)
    yield made
    made.end()
    shutil.rmtree(folder)


@pytest.fixture
def client(node):
    with Control(node.run_dir) as made:
        yield made


@pytest.fixture
def dealer(node):
    """A client that writes whatever it likes."""
    made = node.context.socket(zmq.DEALER)
    made.set(zmq.LINGER, 0)
    made.connect(f"ipc://{node.socket}")
    yield made
    made.close()


def answer(dealer):
    assert dealer.poll(5000), "no answer"
    return msgpack.unpackb(dealer.recv())


# The socket


def test_only_its_own_user_may_open_the_socket(node):
    assert stat.S_IMODE(node.socket.stat().st_mode) == 0o600


def test_a_stale_socket_file_is_replaced(node, client):
    client.members()
    node.end()
    node.socket.unlink()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(node.socket))
    stale.close()
    node.start()
    assert [row["name"] for row in client.members()] == ["ada"]


def test_a_successor_keeps_its_socket_file(node, client):
    for _ in range(5):
        node.end()
        node.start()
        assert [row["name"] for row in client.members()] == ["ada"]


# The protocol


def test_ten_lines_are_a_client(dealer):
    dealer.send(msgpack.packb({"id": 7, "command": "members", "args": {}}))
    told = answer(dealer)
    assert told.keys() == {"id", "ok", "result"}
    assert (told["id"], told["ok"], told["result"][0]["name"]) == (7, True, "ada")


def test_args_may_be_left_out_and_an_id_may_be_a_text(dealer):
    dealer.send(msgpack.packb({"id": "mine", "command": "members"}))
    assert answer(dealer)["id"] == "mine"


def test_an_error_has_code_message_and_hint(dealer):
    dealer.send(msgpack.packb({"id": 7, "command": "membres", "args": {}}))
    told = answer(dealer)
    assert told.keys() == {"id", "ok", "error"}
    assert told["ok"] is False
    assert told["error"]["code"] == "usage"
    assert "members" in told["error"]["hint"]


def test_the_status_tells_what_each_process_costs_and_where_the_node_listens(node, client):
    status = client.status()
    (row,) = status["actors"]
    assert row["pss_bytes"] > 1_000_000
    assert row["cpu_seconds"] > 0
    assert status["listen"] == {
        "wire": "127.0.0.1:9638",
        "sidecar": "",
        "control": f"ipc://{node.socket}",
    }


def test_the_status_of_an_actor_that_is_gone_costs_nothing(node, client):
    rows = (ActorRow("a", 2**22 + 1, "running", 1.0, 0), ActorRow("b", 0, "backoff", 1.0, 1))
    node.tell(Roster(1.0, rows))
    until(lambda: len(client.status()["actors"]) == 2)
    assert [row["pss_bytes"] for row in client.status()["actors"]] == [0, 0]


def test_an_answer_that_msgpack_cannot_write_is_an_error_and_no_crash(node, client):
    exports = b'{"n": 99999999999999999999999}'
    service = ServiceView("x" * 32, "big.number", "big", 1, "standalone", exports, b"{}", 1, False)
    group = GroupView("big.number", 0, b"", "", (service,))
    node.tell(Views(1, 2, whole=False, members=(), groups=(group,)))
    until(lambda: refused(client.census, "failed"))
    assert client.members()


def refused(call, code):
    """Whether the call is refused with that code."""
    try:
        call()
    except UserError as error:
        return error.code == code
    return False


# Hostile clients


def nested(depth):
    return b"\x83\xa2id\x01\xa7command\xa7members\xa4args" + b"\x81\xa1x" * depth + b"\xc0"


MALFORMED = {
    "nothing": b"",
    "no msgpack": b"\xc1",
    "no map": msgpack.packb([1, 2]),
    "no id": msgpack.packb({"command": "members"}),
    "a map as id": msgpack.packb({"id": {}, "command": "members"}),
    "a long id": msgpack.packb({"id": "x" * 1000, "command": "members"}),
    "more than one object": msgpack.packb({"id": 1, "command": "members"}) + b"\x01",
    "cut off": msgpack.packb({"id": 1, "command": "members"})[:-3],
    "an array of four thousand million": b"\xdd\xff\xff\xff\xff",
    "an extension": msgpack.packb(
        {"id": 1, "command": "x", "args": {"x": msgpack.ExtType(5, b"xx")}}
    ),
    "a timestamp": b"\x81\xa2id\xd7\xff" + b"\0" * 8,
    "a list as key": b"\x81\x91\x01\x02",
    "text that is no UTF-8": b"\x81\xa2id\xa2\xff\xff",
    "deeper than a stack": nested(10_000),
    "too long": b"\xc6" + struct.pack(">I", 2_000_000) + b"\0" * 2_000_000,
}


@pytest.mark.parametrize("written", MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_counted_and_dropped(node, dealer, written):
    before = node.malformed()
    dealer.send(written)
    until(lambda: node.malformed() == before + 1)
    dealer.send(msgpack.packb({"id": 2, "command": "members"}))
    assert answer(dealer)["id"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 9},
        {"id": 9, "command": 7},
        {"id": 9, "command": "members", "args": []},
        {"id": 9, "command": "members", "args": {b"x": 1}},
    ],
)
def test_what_is_malformed_is_answered_when_its_id_can_be_read(node, dealer, wrong):
    dealer.send(msgpack.packb(wrong))
    told = answer(dealer)
    assert (told["id"], told["ok"], told["error"]["code"]) == (9, False, "usage")
    assert node.malformed() == 1


def test_a_message_of_many_frames_is_malformed(node, dealer):
    dealer.send_multipart([msgpack.packb({"id": 1, "command": "members"})] * 2)
    until(lambda: node.malformed() == 1)


@pytest.mark.parametrize("seed", range(3))
def test_noise_on_the_socket_is_harmless(node, client, seed):
    noise = random.Random(seed).randbytes(NOISE_BYTES)
    greeting = b"\xff" + struct.pack(">Q", 1) + b"\x7f\x03\x00" + noise[:1000]
    for raw in (noise, greeting, b""):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(node.socket))
            try:
                link.sendall(raw)
            except OSError:
                continue
    assert client.members()


def test_noise_in_frames_is_harmless(node, client, dealer):
    chance = random.Random(5)
    for _ in range(500):
        dealer.send(chance.randbytes(chance.randrange(300)))
    until(lambda: node.malformed() == 500)
    assert client.members()


def test_changed_bytes_of_a_request_are_harmless(node, client, dealer):
    request = msgpack.packb({"id": 1, "command": "events", "args": {"since": 1.0, "timeout": 5}})
    chance = random.Random(6)
    for _ in range(500):
        changed = bytearray(request)
        for _ in range(chance.randrange(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        dealer.send(bytes(changed))
    until(lambda: node.counters.get("control", "body", "requests") >= 500)
    assert client.members()


# Streams


def subscribe(node, dealer, id=7, **args):
    """A stream of events that is known to be open."""
    dealer.send(msgpack.packb({"id": id, "command": "events", "args": {"follow": True, **args}}))
    dealer.send(msgpack.packb({"id": "open", "command": "members"}))
    assert answer(dealer)["id"] == "open"


def test_a_stream_goes_on_until_the_client_says_so(node, dealer):
    subscribe(node, dealer)
    node.happen("one")
    told = answer(dealer)
    assert (told["id"], told["more"], told["result"]["subject"]) == (7, True, "one")
    dealer.send(msgpack.packb({"id": 7, "command": "cancel"}))
    assert answer(dealer) == {"id": 7, "ok": True, "result": None}
    node.happen("two")
    assert not dealer.poll(100)


def test_a_client_that_left_is_forgotten(node, client):
    streams = control.STREAMS_MAX
    for _ in range(streams + 5):
        with node.context.socket(zmq.DEALER) as dealer:
            dealer.set(zmq.LINGER, 0)
            dealer.connect(f"ipc://{node.socket}")
            subscribe(node, dealer)
    with node.context.socket(zmq.DEALER) as dealer:
        dealer.set(zmq.LINGER, 0)
        dealer.connect(f"ipc://{node.socket}")
        subscribe(node, dealer)
        node.happen("still")
        assert answer(dealer)["result"]["subject"] == "still"


def test_a_follower_that_does_not_read_loses_its_stream_and_delays_nobody(node, client):
    with node.context.socket(zmq.DEALER) as idle:
        idle.set(zmq.LINGER, 0)
        idle.set(zmq.RCVHWM, 1)
        idle.connect(f"ipc://{node.socket}")
        subscribe(node, idle)
        for number in range(4 * ANSWERS_WAITING_MAX):
            node.happen(f"s{number}", why="x" * 1000)
        until(lambda: client.events(since=60.0)[-1]["subject"] == f"s{number}")
        assert client.members()
        count = 0
        while "more" in (told := answer(idle)):
            count += 1
            if count % 500 == 0:
                client.members()  # whatever control does next, it tells the late reader the end
        assert told["error"]["code"] == "too-slow"
        assert 100 < count < 4 * ANSWERS_WAITING_MAX


# Logs


def log_lines(node, *lines):
    with (node.logs / "output.log").open("a") as log:
        log.writelines(f"{line}\n" for line in lines)


def test_the_last_lines_of_a_log_are_read(node, client):
    assert client.svc_logs("hello") == []
    log_lines(node, *range(100))
    assert client.svc_logs("hello.prod", lines=3) == ["97", "98", "99"]
    assert len(client.svc_logs("hello")) == 50


def test_a_log_is_followed_line_by_line(node, client):
    log_lines(node, "before", "last")
    follower = client.follow_logs("hello", lines=1)
    assert next(follower) == "last"
    log_lines(node, "one", "two")
    assert [next(follower), next(follower)] == ["one", "two"]
    assert client.members()
    log_lines(node, "three")
    assert next(follower) == "three"
    follower.close()


# The client


@pytest.fixture
def impatient(monkeypatch):
    """A client that does not wait so long for an answer; so many seconds."""
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 0.3)
    return 0.3


def test_events_are_followed_while_other_things_are_asked(node, client):
    stream = client.stream("events", pause_seconds=0.01)
    assert next(stream) is None
    node.happen("one")
    assert client.members()
    assert next(found for found in stream if found)["subject"] == "one"
    stream.close()


def test_a_lost_connection_interrupts_a_stream_and_the_next_question_is_answered(node, client):
    stream = client.stream("events", pause_seconds=0.01)
    next(stream)
    node.end()
    with pytest.raises(UserError) as caught:
        until(lambda: [*stream])
    assert caught.value.code == "interrupted"
    node.start()
    assert client.members()


def test_a_stream_whose_connection_was_lost_unnoticed_is_interrupted_too(node, client):
    stream = client.stream("events", pause_seconds=0.01)
    next(stream)
    node.end()
    node.start()
    until(lambda: refused(client.members, "interrupted") or client.members())
    assert client.members()
    with pytest.raises(UserError, match="control ended"):
        next(stream)


def test_nobody_there_is_found_out_at_once(tmp_path):
    began = time.monotonic()
    with Control(tmp_path) as client, pytest.raises(UserError) as caught:
        client.members()
    assert (caught.value.code, caught.value.exit_code) == ("no-node", 3)
    assert str(tmp_path) in caught.value.message
    assert time.monotonic() - began < 0.5


def test_a_control_that_is_just_being_restarted_is_waited_for(node, impatient):
    node.end()
    (node.run_dir / "lock").write_text(f"{os.getpid()}\n")
    began = time.monotonic()
    with Control(node.run_dir) as client, pytest.raises(UserError) as caught:
        client.members()
    assert caught.value.code == "no-node"
    assert time.monotonic() - began >= impatient
    node.start()
    with Control(node.run_dir) as client:
        assert client.members()


def test_a_socket_behind_which_nobody_answers_is_no_node(impatient):
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        socket.socket(socket.AF_UNIX) as silent,
        Control(folder) as client,
    ):
        silent.bind(f"{folder}/control.sock")
        silent.listen()
        with pytest.raises(UserError) as caught:
            client.members()
    assert caught.value.code == "no-node"
    assert "nobody answers" in caught.value.message


def test_an_order_that_nobody_carries_out_times_out(client):
    with pytest.raises(UserError) as caught:
        client.svc_stop("hello", timeout=0.2)
    assert (caught.value.code, caught.value.exit_code) == ("timed-out", 4)


def test_a_request_that_is_too_long_is_not_even_sent(client):
    with pytest.raises(UserError) as caught:
        client.config_apply("hello.prod", 1, "x" * 2_000_000)
    assert caught.value.code == "too-large"


def test_an_argument_that_cannot_be_sent_is_wrong_usage(client):
    with pytest.raises(UserError, match="cannot be sent"):
        client.call("svc.status", name=object())
