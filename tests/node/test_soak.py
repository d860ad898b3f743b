"""Healthy members are never given up: on a bad network, beside a busy neighbour, and for long.

The short forms run with all tests, the long ones with --soak; each prints its figures.
"""

import contextlib
import os
import subprocess
import sys
import time
import tomllib

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.hosts import until
from tests.node.beliefs import confirmed, names_confirmed, story, wait_till, whole

NAMES = ("ada", "bob", "cyd", "dan", "eve")
MANY = tuple(f"n{number:02}" for number in range(1, 17))
BUSY = "while True: pass"
FETCH = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=9).read().decode())
"""


def counted(host):
    """What the node's detector has done so far, by what it did."""
    listen = tomllib.loads(host.file.read_text())["sidecar"]["listen"]
    command = [*host.inside, sys.executable, "-c", FETCH, f"http://{listen}/metrics"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = {
        (sample.name, sample.labels.get("direction"), sample.labels.get("message")): sample.value
        for family in text_string_to_metric_families(printed)
        for sample in family.samples
        if sample.labels.get("actor") in (None, "detector")
    }
    return {
        "probes": counts["habactors_ring_messages_total", "sent", "Ping"],
        "pleas for help": counts["habactors_ring_messages_total", "sent", "PingRequest"],
        "accusations": counts["habactors_letters_total", "said", "Accusation"],
    }


def incarnations(ring):
    """How often the members of the ring had to speak of themselves anew."""
    rows = [row for host in ring for row in host.control.members() if row["self"]]
    return sum(row["incarnation"] for row in rows)


class Figures:
    """What a ring did between two moments."""

    def __init__(self, ring):
        self.ring = ring
        self.began = time.time()
        self.before = self._now()

    def _now(self):
        counts = [counted(host) for host in self.ring]
        sums = {what: int(sum(count[what] for count in counts)) for what in counts[0]}
        return sums | {"refutations": incarnations(self.ring)}

    def told(self):
        """In words: sums over the ring, and how often a member changed its mind of another."""
        now = self._now()
        words = [f"{now[what] - self.before[what]} {what}" for what in now]
        for health in ("suspect", "confirmed"):
            changes = [host.changes(health, since=self.began) for host in self.ring]
            words.append(f"{sum(map(len, changes))} times believed {health}")
        seconds = time.time() - self.began
        return f"{len(self.ring)} members, {seconds:.0f} s: {', '.join(words)}"


@pytest.fixture
def watched(capsys):
    """Makes figures of a ring, and tells them when the test is over."""
    made = []
    yield lambda ring: made.append(Figures(ring))
    with capsys.disabled():
        for figures in made:
            print(f"\n  {figures.told()}", end=" ")


@pytest.fixture
def ring(network):
    return network.ring(*NAMES)


@contextlib.contextmanager
def busy_neighbours(count):
    """So many programs that want all the time of a processor."""
    programs = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def freeze(host, ring, seconds):
    """Stop all processes of a host for so long; the ring is whole again before it returns."""
    with host.frozen():
        wait_till(time.time() + seconds)
    until(lambda: whole(ring), 8.0, lambda: story(ring))


def be_beside_busy_neighbours(ring, seconds):
    with busy_neighbours(2 * os.cpu_count()):
        wait_till(time.time() + seconds)
    assert confirmed(ring) == [], story(ring)


def test_a_paused_host_may_be_given_up_but_gives_up_nobody(ring, watched):
    watched(ring)
    eve = ring[-1]
    for seconds in (1.0, 2.0):
        freeze(eve, ring, seconds)
    assert confirmed(ring) == [], story(ring)
    freeze(eve, ring, 5.0)
    assert names_confirmed(ring) <= {"eve"}, story(ring)


def test_busy_neighbours_cost_nobody_a_confirmation(ring, watched):
    watched(ring)
    be_beside_busy_neighbours(ring, 12.0)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_loss_for_minutes_costs_nobody_a_confirmation(network, ring, watched, share):
    watched(ring)
    network.lose(share)
    wait_till(time.time() + 180.0)
    assert confirmed(ring) == [], story(ring)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [1.0, 2.0, 5.0])
def test_pauses_for_minutes_cost_only_the_paused_a_confirmation(ring, watched, seconds):
    watched(ring)
    eve = ring[-1]
    end = time.time() + 180.0
    while time.time() < end:
        freeze(eve, ring, seconds)
        wait_till(time.time() + 1.0)
    may_be_given_up = {"eve"} if seconds > 2.0 else set()
    assert names_confirmed(ring) <= may_be_given_up, story(ring)


@pytest.mark.soak
@pytest.mark.timeout(150)
def test_busy_neighbours_for_a_minute_cost_nobody_a_confirmation(ring, watched):
    watched(ring)
    be_beside_busy_neighbours(ring, 60.0)


@pytest.mark.soak
@pytest.mark.timeout(780)
def test_nobody_is_given_up_where_nothing_happens(hosts, watched):
    ring = hosts.ring(*MANY)
    watched(ring)
    wait_till(time.time() + 600.0)
    assert confirmed(ring) == [], story(ring)
