"""Do the packages that come along run, each from nothing but its rendered files?"""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from habactors.node.packages import Packages
from habactors.node.rendering import render
from tests.hosts import until

SHELF = Path(__file__).parents[2] / "conf" / "packages"
PATIENCE_SECONDS = 20.0

OWN = {
    "HABACTORS_SERVICE_GROUP": "hello.default",
    "HABACTORS_MEMBER_ID": "m<1>",
    "HABACTORS_CONFIG_VERSION": "7",
}


class Example:
    """One service of a package, on a free port."""

    def __init__(self, folder, name):
        self.folder = folder / "a b" / name
        self.folder.parent.mkdir(exist_ok=True)
        self.kit = Packages([SHELF]).fetch(name)
        self.process = None
        with socket.create_server(("127.0.0.2", 0)) as probe:
            self.port = probe.getsockname()[1]

    def render(self, ip="127.0.0.2", **cfg):
        context = {
            "sys": {"ip": ip},
            "cfg": {**self.kit.package.defaults, "port": self.port, **cfg},
            "pkg": {
                "path": self.kit.package.path,
                "svc_path": str(self.folder),
                "svc_config_path": f"{self.folder}/config",
                "svc_data_path": f"{self.folder}/data",
                "svc_var_path": f"{self.folder}/var",
            },
        }
        rendered = render("service", self.kit, context)
        assert rendered.error == ""
        return rendered

    def start(self):
        environment = {"PATH": os.environ["PATH"], **OWN}
        run = [self.folder / "hooks/run"]
        output = self.folder / "output"
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                run, cwd=self.folder, env=environment, stdout=file, stderr=file
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, output.read_text()
            try:
                socket.create_connection(("127.0.0.2", self.port), 1).close()
            except OSError:
                continue
            return
        raise AssertionError(output.read_text())

    def ask(self, line):
        """What the service answers to a line."""
        with socket.create_connection(("127.0.0.2", self.port), 5) as link:
            link.sendall(line.encode() + b"\r\n")
            return link.recv(4096).decode()

    def stop(self):
        """End it as its package says, and tell how it ended and how long that took."""
        began = time.monotonic()
        self.process.send_signal(signal.Signals[f"SIG{self.kit.package.shutdown_signal}"])
        return self.process.wait(PATIENCE_SECONDS), time.monotonic() - began

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def make(tmp_path):
    made = []

    def make(name):
        made.append(Example(tmp_path, name))
        return made[-1]

    yield make
    for example in made:
        example.end()


def test_hello_greets_with_its_message_group_member_and_version(make):
    hello = make("hello")
    hello.render(message='Hi <b>"there"')
    hello.start()
    with urlopen(f"http://127.0.0.2:{hello.port}/?x", timeout=5) as answer:
        page = answer.read().decode()
    for text in ("Hi &lt;b&gt;&quot;there&quot;", "hello.default", "m&lt;1&gt;", "version 7"):
        assert text in page
    with urlopen(f"http://127.0.0.2:{hello.port}/health", timeout=5) as answer:
        assert answer.read() == b"ok\n"
    with pytest.raises(HTTPError) as refused:
        urlopen(f"http://127.0.0.2:{hello.port}/nowhere", timeout=5)
    refused.value.close()
    assert refused.value.code == 404
    code, seconds = hello.stop()
    assert code == 0
    assert seconds < 1.0


def test_hello_renders_anew_only_what_its_configuration_changes(make):
    hello = make("hello")
    first = hello.render()
    again = hello.render(message="Good evening")
    assert again.changed == ("config/hello.json",)
    assert again.config_print != first.config_print
    assert again.run_print == first.run_print


def test_redis_keeps_its_data_where_it_should(make):
    redis = make("redis")
    redis.render()
    redis.start()
    assert redis.ask("SET greeting hello") == "+OK\r\n"
    code, _ = redis.stop()
    assert code == 0
    assert (redis.folder / "data/dump.rdb").exists()
    redis.start()
    assert redis.ask("GET greeting") == "$5\r\nhello\r\n"


def test_redis_wants_a_password_that_is_set(make):
    redis = make("redis")
    redis.render(password='my "secret"')
    redis.start()
    assert redis.ask("PING").startswith("-NOAUTH")
    assert redis.ask("AUTH 'my \"secret\"'") == "+OK\r\n"


@pytest.mark.parametrize(
    ("ip", "mode"),
    [
        ("127.0.0.2", "no"),
        ("10.1.2.3", "no"),
        ("172.16.0.1", "no"),
        ("172.31.9.9", "no"),
        ("192.168.1.1", "no"),
        ("fd00::1", "no"),
        ("172.32.0.1", "yes"),
        ("198.51.100.7", "yes"),
        ("2001:db8::1", "yes"),
        ("redis.example.org", "yes"),
    ],
)
def test_redis_without_a_password_does_not_answer_the_whole_world(make, ip, mode):
    redis = make("redis")
    redis.render(ip=ip)
    show = redis.folder / "bin"
    show.mkdir()
    (show / "redis-server").write_text('#!/bin/sh\necho "$@"\n')
    (show / "redis-server").chmod(0o700)
    done = subprocess.run(
        [redis.folder / "hooks/run"],
        env={"PATH": f"{show}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    config = f"{redis.folder}/config"
    files = f"{config}/redis.conf --include {config}/replication.conf"
    assert done.stdout == f"{files} --protected-mode {mode}\n"


def test_a_node_finds_the_examples_without_being_told(hosts):
    ada = hosts.add("ada", services={"packages": []}).start().wait_until_up()
    ada.control.svc_load("hello")
    assert until(lambda: ada.service_pid("hello.default"), what=ada.printed())
