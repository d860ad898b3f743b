"""What the processes of a node do not carry, because each of them would pay for it."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import habactors.console.main, habactors.console.start, habactors.node.start
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def imported():
    """All that a started node has imported."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("module", ["asyncio", "ssl", "email", "http.server", "rich"])
def test_a_node_does_without(imported, module):
    assert "habactors.node.http.listener" in imported
    assert module not in imported
