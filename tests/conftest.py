"""What all tests share: the options of the test run, and real nodes."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.hosts import Hosts
from tests.networks import Network, hindrance, sweep

settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile(
    "soak", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)


def pytest_addoption(parser):
    group = parser.getgroup("habactors")
    group.addoption("--soak", action="store_true", help="also run the tests that take minutes")
    group.addoption("--forbid-skips", action="store_true", help="a skipped test is a failure")
    group.addoption("--rewrite", action="store_true", help="write the golden transcripts anew")


def pytest_configure(config):
    settings.load_profile("soak" if config.getoption("--soak") else "steady")


def pytest_collection_modifyitems(config, items):
    """Tests for --soak are left out, not skipped: nobody expects them in an ordinary run."""
    if config.getoption("--soak"):
        return
    soaking = [item for item in items if item.get_closest_marker("soak")]
    items[:] = [item for item in items if not item.get_closest_marker("soak")]
    if soaking:
        config.hook.pytest_deselected(items=soaking)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _forbid(item.config, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.skipped:
        _forbid(collector.config, report)
    return report


def _forbid(config, report):
    if config.getoption("--forbid-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --forbid-skips forbids: {report.longrepr}"


@pytest.fixture
def rewrite(request):
    """Whether the golden transcripts are to be written anew instead of compared."""
    return request.config.getoption("--rewrite")


@pytest.fixture
def hosts():
    """Real nodes, ended with the test whatever happens."""
    made = Hosts()
    yield made
    made.end()


@pytest.fixture
def network():
    """Real nodes on a network of their own, ended with the test whatever happens."""
    if reason := hindrance():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    sweep()
    made = Network()
    yield made
    made.end()
