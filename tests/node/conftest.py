"""Fixtures of the tests with real processes."""

import pytest

from tests.hosts import Hosts


@pytest.fixture
def hosts():
    """Real nodes, ended with the test whatever happens."""
    made = Hosts()
    yield made
    made.end()
