"""Does a fresh checkout set itself up, once, quietly, and with a clear word when it cannot?"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("setup.cfg", "pyproject.toml", "bin", "habactors")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MINUTES_SECONDS = 180

# What the command does is tested elsewhere; here it says where it came from and what it was told.
COMMAND = """\
import sys, click, h11, habactors, msgpack, msgspec, pykka, zmq


def main():
    print(habactors.__file__, sys.argv[1:])
"""


def clone(folder):
    """What a fresh clone holds, as far as a start needs it."""
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, folder)
    console = folder / "habactors" / "console"
    console.mkdir(exist_ok=True)
    (console / "main.py").write_text(COMMAND)
    return folder


class Starts:
    """Starts scripts in an empty home; only pip's cache is that of this host."""

    def __init__(self, home):
        self.home = home
        self.started = []

    def start(self, script, *arguments, **settings):
        host = {name: value for name, value in os.environ.items() if "HABACTORS" not in name}
        host.setdefault("PIP_CACHE_DIR", str(CACHE / "pip"))
        process = subprocess.Popen(
            [script, *arguments],
            cwd=self.home,
            env=host | {"HOME": str(self.home)} | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    @staticmethod
    def outcome(process):
        """Exit code, output and errors, once the process has ended."""
        output, errors = process.communicate(timeout=MINUTES_SECONDS)
        return process.returncode, output, errors

    def run(self, script, *arguments, **settings):
        return self.outcome(self.start(script, *arguments, **settings))


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    starts = Starts(tmp_path_factory.mktemp("home"))
    yield starts
    for process in starts.started:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def firsts(tmp_path_factory, starts):
    """A fresh clone, and the outcomes of two first starts of it at the same moment."""
    checkout = clone(tmp_path_factory.mktemp("first") / "clone")
    processes = [starts.start(checkout / "bin" / "habactors", "one", "a b") for _ in range(2)]
    return checkout, [starts.outcome(process) for process in processes]


def said_by(checkout):
    return f"{checkout / 'habactors' / '__init__.py'} ['one', 'a b']\n"


@pytest.mark.timeout(2 * MINUTES_SECONDS)
def test_two_first_starts_at_once_both_work_and_only_one_sets_up(firsts):
    checkout, outcomes = firsts
    assert [outcome[:2] for outcome in outcomes] == [(0, said_by(checkout))] * 2, outcomes
    quiet, told = sorted(errors for _, _, errors in outcomes)
    assert quiet == ""
    assert re.fullmatch(r"habactors: setting up .*\n", told)


def test_another_start_says_nothing_of_its_own_and_leaves_the_home_alone(firsts, starts):
    checkout, _ = firsts
    before = sorted(starts.home.rglob("*"))
    outcome = starts.run(checkout / "bin" / "habactors", "one", "a b")
    assert outcome == (0, said_by(checkout), "")
    assert sorted(starts.home.rglob("*")) == before


def test_a_link_to_the_script_works_from_anywhere(firsts, starts, tmp_path):
    checkout, _ = firsts
    link = tmp_path / "habactors"
    link.symlink_to(checkout / "bin" / "habactors")
    assert starts.run(link, "one", "a b") == (0, said_by(checkout), "")


def test_a_checkout_may_be_moved(firsts, starts, tmp_path):
    checkout, _ = firsts
    moved = checkout.rename(tmp_path / "moved")
    try:
        outcome = starts.run(moved / "bin" / "habactors", "one", "a b")
        assert outcome == (0, said_by(moved), "")
    finally:
        moved.rename(checkout)


def test_other_requirements_are_installed_or_refused_with_a_reason_and_a_log(firsts, starts):
    checkout, _ = firsts
    setup = checkout / "setup.cfg"
    before = setup.read_text()
    impossible = "install_requires =\n    pyzmq < 1\n"
    setup.write_text(before.replace("install_requires =\n", impossible))
    offline = {"PIP_NO_INDEX": "1"}
    try:
        code, output, errors = starts.run(checkout / "bin" / "habactors", **offline)
        assert (code, output) == (1, "")
        progress, complaint = errors.splitlines()
        assert progress.startswith("habactors: setting up ")
        assert re.match(r"habactors: pip failed \(.*pyzmq<1.*\): .* \(log: .*\)$", complaint)
        log = complaint.rpartition("(log: ")[2].removesuffix(")")
        assert "pyzmq<1" in Path(log).read_text()
    finally:
        setup.write_text("# changed\n" + before)
    code, _, errors = starts.run(checkout / "bin" / "habactors", **offline)
    assert code == 0
    assert re.fullmatch(r"habactors: setting up .*\n", errors)


def test_an_index_that_cannot_be_reached_is_not_a_riddle(firsts, starts):
    checkout, _ = firsts
    setup = checkout / "setup.cfg"
    before = setup.read_text()
    setup.write_text(before.replace("install_requires =\n", "install_requires =\n    pyzmq<1\n"))
    offline = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "1",
    }
    try:
        code, _, errors = starts.run(checkout / "bin" / "habactors", **offline)
    finally:
        setup.write_text(before)
    assert code == 1
    assert "the Python package index cannot be reached: go online and start again" in errors


def test_a_host_without_python_is_told_so(starts, tmp_path):
    checkout = clone(tmp_path / "clone")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "readlink", "cmp", "false"):
        (tools / tool).symlink_to(shutil.which(tool))
    code, output, errors = starts.run(checkout / "bin" / "habactors", PATH=str(tools))
    assert (code, output) == (1, "")
    assert errors == (
        "habactors: there is no Python 3.11 or newer on PATH: install one, or set"
        " HABACTORS_PYTHON to one\n"
    )


def test_a_python_that_cannot_make_environments_is_told_so(starts, tmp_path):
    checkout = clone(tmp_path / "clone")
    (tmp_path / "venv.py").write_text("raise SystemExit(1)\n")
    code, output, errors = starts.run(checkout / "bin" / "habactors", PYTHONPATH=str(tmp_path))
    assert (code, output) == (1, "")
    complaint = errors.splitlines()[-1]
    assert "cannot make virtual environments: run apt-get install python3." in complaint
    assert not (checkout / ".venv").exists()
