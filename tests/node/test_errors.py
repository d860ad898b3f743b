"""Errors for a person: one line that says what to do, the right exit code, nothing changed."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w

from tests.hosts import REPOSITORY, SIDECAR_PORT, WIRE_PORT, until


def habactors(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "habactors", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=REPOSITORY,
        check=False,
        **options,
    )


def complaint(done, code):
    """The one line on stderr of a command that ended with that code."""
    assert done.returncode == code, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert ": " in lines[0]
    assert "Traceback" not in done.stderr
    return lines[0]


@pytest.fixture
def node_file(tmp_path):
    """Writes a node.toml whose folders are below tmp_path."""

    def write(text="", run_dir=None, **sections):
        settings = {
            "node": {
                "name": "eve",
                "data_dir": str(tmp_path / "data"),
                "run_dir": str(run_dir or tmp_path / "run"),
            },
            **sections,
        }
        path = tmp_path / "node.toml"
        path.write_text(tomli_w.dumps(settings) + text)
        return path

    return write


CASES = {
    "unknown key": ({"text": '[wire]\nlisen = "127.0.0.1:1"\n'}, "lisen.*did you mean.*listen"),
    "bad port": ({"wire": {"listen": "127.0.0.1:99999"}}, "port"),
    "run_dir too long": ({"run_dir": "/tmp/" + "x" * 120}, "run_dir.*bytes"),
    "a ring key, which nothing would use": ({"wire": {"ring_key": "k"}}, "ring_key.*cannot seal"),
    "remote control": ({"control": {"listen": "127.0.0.1:9632"}}, "control.*run_dir"),
    "no token in the file": ({"sidecar": {"token_file": "nowhere"}}, "token_file.*nowhere"),
    "broken TOML": ({"text": "[wire\n"}, "line"),
}


@pytest.mark.parametrize(("settings", "says"), CASES.values(), ids=CASES)
def test_a_configuration_that_cannot_be_is_refused(node_file, tmp_path, settings, says):
    import re

    line = complaint(habactors("start", "-c", node_file(**settings)), 2)
    assert re.search(says, line)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["node.toml"]


def test_a_port_in_use_is_named(node_file, tmp_path, hosts):
    address = f"{hosts.network}.200"
    with socket.create_server((address, WIRE_PORT)):
        file = node_file(
            wire={"listen": f"{address}:{WIRE_PORT}"},
            sidecar={"listen": f"{address}:{SIDECAR_PORT}"},
        )
        line = complaint(habactors("start", "-c", file), 1)
    assert f"{address}:{WIRE_PORT}" in line
    assert "[wire] listen" in line
    assert not (tmp_path / "data").exists()


def test_no_node_running_is_said_at_once(node_file):
    assert "start" in complaint(habactors("status", "-c", node_file()), 3)


def test_a_running_node_refuses_what_it_cannot_do(hosts, tmp_path):
    (ada,) = hosts.ring("ada")
    node = ("-c", ada.file)

    second = complaint(habactors("start", *node), 1)
    assert str(ada.pid) in second

    unknown = complaint(habactors("svc", "load", "core/redish", *node), 1)
    assert "redis" in unknown

    broken = package(tmp_path / "broken", config="port = {{#if cfg.port}}")
    template = complaint(habactors("svc", "load", broken, *node), 1)
    assert "x.conf" in template

    toml = complaint(habactors("config", "apply", "hello.prod", "1", *node, input="port = = 1"), 1)
    assert "line 1" in toml

    large = f'message = "{"x" * 70_000}"'
    size = complaint(habactors("config", "apply", "hello.prod", "1", *node, input=large), 1)
    assert "65536" in size.replace(",", "").replace(" ", "")

    assert ada.control.svc_status() == []
    assert ada.control.census()["census_groups"] == {}
    until(ada.actors_running)


def package(folder: Path, config: str) -> Path:
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "x.conf").write_text(config)
    (folder / "package.toml").write_text('origin = "test"\nname = "broken"\nrun = "sleep 100"\n')
    return folder
