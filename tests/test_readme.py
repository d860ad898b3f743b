"""Is what the README shows true? Its pictures are compared, and its commands are run."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from habactors.console.wiring import wiring_text
from habactors.roles.wiring import QUESTIONS
from tests.hosts import REPOSITORY, until

README = (REPOSITORY / "README.md").read_text()
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = [(language, body) for language, body in BLOCK.findall(README)]
RUN_IN_A_CLONE = {
    "bin/habactors start -c conf/node.toml",
    "bin/habactors status -c conf/node.toml",
    "bin/habactors svc status -c conf/node.toml",
    "bin/habactors watch -c conf/node.toml",
    "bin/demo",
    "bin/test",
}


def blocks(language):
    return [body for known, body in BLOCKS if known == language]


def transcript():
    """(host, command, what it prints) of every `host$ command` in the README."""
    lines = []
    for body in blocks(""):
        for line in body.splitlines():
            prompt = re.match(r"(ada|bob|cyd)\$ (.*)", line)
            if prompt:
                lines.append((prompt[1], prompt[2], []))
            elif lines and body.lstrip().startswith(("ada$", "bob$")):
                lines[-1][2].append(line)
    return lines


def test_the_picture_of_the_flow_is_the_wiring():
    assert wiring_text().strip() in README


def test_the_cast_is_complete():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", README, re.MULTILINE)
    assert dict(rows) == QUESTIONS


def test_the_package_shown_is_the_one_that_is_shipped():
    shipped = (REPOSITORY / "conf" / "packages" / "hello" / "package.toml").read_text()
    assert shipped.strip() in [body.strip() for body in blocks("toml")]


def test_every_file_and_folder_named_is_there():
    for name in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (REPOSITORY / name).exists(), name


def test_every_command_shown_is_run_here():
    shown = {line for body in blocks("sh") for line in body.splitlines()}
    assert shown == RUN_IN_A_CLONE


@pytest.fixture
def wrapper(tmp_path):
    """A folder for PATH in which `habactors` is this checkout's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "habactors"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m habactors "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return folder


def test_the_transcripts_come_out_as_shown(hosts, wrapper):
    ring = {name: hosts.add(name) for name in ("ada", "bob", "cyd")}
    running = []
    try:
        for name, command, printed in transcript():
            host = ring[name]
            words = command.replace("--peer ada", f"--peer {ring['ada'].address}")
            options = {
                "shell": True,
                "cwd": host.folder,
                "env": os.environ
                | {
                    "PATH": f"{wrapper}:{os.environ['PATH']}",
                    "PYTHONPATH": str(REPOSITORY),
                    "HABACTORS_RUN_DIR": str(host.run_dir),
                },
            }
            if " start " in words:
                with host.log.open("a") as log:
                    host.process = subprocess.Popen(
                        f"exec {words}", stdout=log, stderr=log, **options
                    )
                running.append(host)
                host.wait_until_up()
                continue
            until(lambda: ring["ada"].sees(ada="alive", bob="alive", cyd="alive"))
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=30, check=False, **options
            )
            assert done.returncode == 0, done
            for line in printed:
                if line:
                    assert line in done.stdout + done.stderr, done
    finally:
        for host in running:
            host.stop()


def test_the_scripts_print_the_members(hosts):
    (ada,) = hosts.ring("ada")
    scripts = blocks("python")
    assert len(scripts) == 2
    for script in scripts:
        done = subprocess.run(
            [sys.executable, "-c", script.replace("/run/habactors/ada", str(ada.run_dir))],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            cwd=REPOSITORY,
        )
        assert done.stdout == "ada alive\n", done


@pytest.fixture
def clone(tmp_path):
    """The tracked tree as a newcomer gets it, with an empty home."""
    folder = tmp_path / "clone"
    archive = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    )
    for name in archive.stdout.decode().split("\0"):
        if name and (REPOSITORY / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, target)
    return folder


def newcomer(tmp_path):
    cache = os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if "HABACTORS" not in name}
    return kept | {"HOME": str(home), "PIP_CACHE_DIR": cache, "XDG_RUNTIME_DIR": str(home)}


@pytest.mark.timeout(180)
def test_a_newcomer_gets_a_node_with_one_command(clone, tmp_path):
    start, *questions = blocks("sh")[0].splitlines() + blocks("sh")[1].splitlines()
    state = tmp_path / "state"
    text = (clone / "conf" / "node.toml").read_text()
    text = text.replace('data_dir = ""', f'data_dir = "{state}"')
    text = text.replace('run_dir = ""', f'run_dir = "{tmp_path / "run"}"')
    (clone / "conf" / "node.toml").write_text(text)
    options = {"cwd": clone, "env": newcomer(tmp_path), "text": True}
    with (tmp_path / "log").open("w") as log:
        node = subprocess.Popen(start.split(), stdout=log, stderr=log, **options)
    try:
        until(lambda: page("http://127.0.0.1:8080/"), 120, (tmp_path / "log").read_text())
        assert "hello.default" in page("http://127.0.0.1:9631/services")
        for question in questions:
            done = subprocess.run(
                question.split(), capture_output=True, timeout=60, check=False, **options
            )
            assert done.returncode == 0, done
            assert done.stdout
    finally:
        node.send_signal(signal.SIGTERM)
        assert node.wait(20) == 0, (tmp_path / "log").read_text()


def page(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - a page of our own
            return answer.read().decode()
    except OSError:
        return ""
