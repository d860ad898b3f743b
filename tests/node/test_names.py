"""Host names are looked up where nobody waits for the answer."""

import threading
import time

import pytest

from habactors.node.names import FRESH_SECONDS, LOOKUPS_MAX, NAMES_MAX, Names
from tests.hosts import until


class Server:
    """A name server whose answers can be held back; `asked` are the questions."""

    def __init__(self):
        self.now = 0.0
        self.answers = {"bob": "10.0.0.2"}
        self.asked = []
        self.open = threading.Event()
        self.open.set()
        self.names = Names(lambda: self.now, self.look_up)

    def look_up(self, name):
        self.asked.append(name)
        self.open.wait(5)
        if name not in self.answers:
            raise OSError("Name or service not known")
        return self.answers[name]

    def settle(self):
        for thread in self.names._asking.values():
            thread.join()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.open.set()
    server.settle()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "2001:db8::1"])
def test_numbers_are_not_looked_up(server, address):
    assert server.names.address(address) == address
    assert server.asked == []


def test_a_quick_answer_is_had_at_once(server):
    assert server.names.address("bob") == "10.0.0.2"


def test_a_slow_answer_keeps_nobody_waiting_and_serves_later(server):
    server.open.clear()
    begun = time.monotonic()
    for _ in range(10):
        assert server.names.address("bob") is None
    assert time.monotonic() - begun < 1.0
    server.open.set()
    until(lambda: server.names.address("bob") == "10.0.0.2")
    assert server.asked == ["bob"]


def test_an_answer_serves_for_a_while_and_then_is_asked_for_again(server):
    for _ in range(5):
        server.names.address("bob")
    assert server.asked == ["bob"]
    server.answers["bob"] = "10.0.0.3"
    server.now += FRESH_SECONDS
    assert server.names.address("bob") == "10.0.0.3"


def test_an_old_answer_serves_while_there_is_no_new_one(server):
    server.names.address("bob")
    server.now += FRESH_SECONDS
    server.open.clear()
    assert server.names.address("bob") == "10.0.0.2"
    server.answers.clear()
    server.open.set()
    server.settle()
    assert server.names.address("bob") == "10.0.0.2"


def test_an_unknown_name_is_not_asked_for_all_the_time(server):
    for _ in range(5):
        assert server.names.address("eve") is None
    assert server.asked == ["eve"]
    server.now += 1.0
    server.answers["eve"] = "10.0.0.9"
    assert server.names.address("eve") == "10.0.0.9"


def test_only_a_few_names_are_looked_up_at_the_same_time(server):
    server.open.clear()
    for number in range(20):
        server.names.address(f"m{number}")
    assert len(server.asked) == LOOKUPS_MAX


def test_names_that_others_made_up_do_not_pile_up(server, monkeypatch):
    monkeypatch.setattr("habactors.node.names.NAMES_MAX", 10)
    for number in range(50):
        server.names.address(f"m{number}")
        server.settle()
    assert len(server.names._answers) <= 10 < NAMES_MAX


def test_the_real_thing_knows_this_host():
    names = Names(time.monotonic)
    until(lambda: names.address("localhost") in ("127.0.0.1", "::1"))


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 300, "a..b", ".", "\udc80"])
def test_the_real_thing_survives_odd_names(name):
    names = Names(time.monotonic)
    assert names.address(name) is None
    for thread in names._asking.values():
        thread.join()
    assert names.address(name) is None
