"""What a node prints: text or JSON lines, events among them. It never stands still over it."""

import fcntl
import io
import json
import logging
import os
import sys
import tempfile
import threading

import pytest

from habactors.config import LogConfig
from habactors.node.log import configure, event_shape, show_event
from habactors.protocol.events import Event

log = logging.getLogger("habactors.test")

PIPE_BYTES = 16_384

EVENT = Event(5.25, "id-ada", "detector", "member", "id-bob", "bob", "alive", "suspect", "no ack")


@pytest.fixture(autouse=True)
def former_logging():
    top = logging.getLogger()
    handlers, level = list(top.handlers), top.level
    yield
    top.handlers[:] = handlers
    top.setLevel(level)


def printed(monkeypatch, settings, call, actor="wire"):
    with tempfile.TemporaryFile("w+") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        configure(settings, actor, "ada")
        call()
        stream.seek(0)
        return stream.read().splitlines()


def test_text_names_node_and_actor(monkeypatch):
    (line,) = printed(monkeypatch, LogConfig(), lambda: log.info("all is well"))
    assert line.split()[1:] == ["ada", "wire", "all", "is", "well"]


def test_text_names_levels_other_than_info(monkeypatch):
    (line,) = printed(monkeypatch, LogConfig(), lambda: log.warning("careful"))
    assert line.endswith("warning: careful")


def test_json_is_one_object_a_line(monkeypatch):
    def fail():
        try:
            int("a\nb")
        except ValueError:
            log.exception("two\nlines")

    (line,) = printed(monkeypatch, LogConfig(format="json"), fail)
    shape = json.loads(line)
    assert shape["level"] == "error"
    assert (shape["node"], shape["actor"], shape["message"]) == ("ada", "wire", "two\nlines")
    assert "ValueError" in shape["error"]


def test_an_event_is_printed_in_the_shape_of_the_contract(monkeypatch):
    (line,) = printed(monkeypatch, LogConfig(format="json"), lambda: show_event(EVENT))
    assert json.loads(line) == event_shape(EVENT)
    assert json.loads(line) == {
        "time": 5.25,
        "node": "id-ada",
        "actor": "detector",
        "kind": "member",
        "subject": "id-bob",
        "name": "bob",
        "from": "alive",
        "to": "suspect",
        "why": "no ack",
    }


def test_an_event_as_text_is_a_sentence_of_its_actor(monkeypatch):
    (line,) = printed(monkeypatch, LogConfig(), lambda: show_event(EVENT))
    assert line.split(maxsplit=3)[2:] == ["detector", "member bob: alive → suspect (no ack)"]


def test_below_the_level_nothing_is_printed(monkeypatch):
    settings = LogConfig(level="warning")
    assert printed(monkeypatch, settings, lambda: log.info("chatter")) == []


def test_threads_that_are_actors_sign_for_themselves(monkeypatch):
    def speak():
        thread = threading.Thread(target=lambda: log.info("hello"), name="census")
        thread.start()
        thread.join()

    (line,) = printed(monkeypatch, LogConfig(), speak, actor="root")
    assert line.split()[2] == "census"


def test_what_is_no_unicode_is_printed_all_the_same(monkeypatch):
    (line,) = printed(monkeypatch, LogConfig(), lambda: log.info("odd \ud800 name"))
    assert line.endswith("odd ? name")


@pytest.fixture
def pipe(monkeypatch):
    """A pipe as standard output; its reading end."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with open(writer, "w") as stream, open(reader, "rb", buffering=0) as end:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", stream)
        configure(LogConfig(), "wire", "ada")
        yield end


def test_a_reader_that_stands_still_does_not_make_the_node_stand_still(pipe):
    for number in range(1000):
        log.info("line %d of many", number)
    first = pipe.read(PIPE_BYTES)
    log.info("there is room again")
    then = pipe.read(PIPE_BYTES).decode()
    assert b"line 0 of many\n" in first
    assert first.endswith(b" of many\n")
    assert "lines were not taken\n" in then
    assert then.endswith("there is room again\n")
    lost = int(then.split()[1])
    assert first.count(b"\n") + lost == 1000


def test_a_stream_that_is_no_file_will_do(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    configure(LogConfig(), "wire", "ada")
    log.info("all is well")
    assert stream.getvalue().endswith("all is well\n")


def test_a_line_longer_than_the_pipe_does_not_block(pipe):
    log.info("x" * 100_000)
    assert pipe.read(10_000)


def test_a_reader_that_is_gone_is_no_error(pipe, capsys):
    pipe.close()
    for number in range(10):
        log.info("line %d", number)
    assert capsys.readouterr().err == ""
