"""Fixtures of the tests of what people type and see."""

import shutil
import tempfile
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from habactors.console.main import main
from tests.console.answering import Answering


@pytest.fixture
def run_dir():
    folder = Path(tempfile.mkdtemp(prefix="hb", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def node(run_dir):
    """A node that answers by heart."""
    made = Answering(run_dir)
    yield made
    made.close()


@pytest.fixture
def habactors(monkeypatch):
    """Types a command; the outcome has exit_code, stdout and stderr."""
    monkeypatch.delenv("HABACTORS_RUN_DIR", raising=False)

    def typed(*words, **more):
        return CliRunner().invoke(main, list(map(str, words)), **more)

    return typed


@pytest.fixture
def at_node(habactors, node):
    """Types a command to the node that answers by heart."""
    return lambda *words, **more: habactors("--run-dir", node.run_dir, *words, **more)


@pytest.fixture
def utc(monkeypatch):
    """Times of day are those of Greenwich."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
