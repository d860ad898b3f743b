"""Clients write all the while faults happen to a group of Redis: nothing acknowledged is lost."""

import os
import signal
import time
from random import Random

import pytest

from tests.hosts import until
from tests.node.beliefs import wait_till
from tests.node.redis_group import (
    GROUP,
    ask,
    kill_supervisor,
    known_leader,
    load,
    others,
    replicated,
    role,
    story,
    supervisor_frozen,
)
from tests.node.redis_writers import Writers

ROUNDS = 5
REST_SECONDS = 1.0
FROZEN_SECONDS = 4.0
HEALED_SECONDS = 25.0
LEADER_SHARE = 0.75
BATCH = 500


def kill_node(host):
    kill_supervisor(host)
    wait_till(time.time() + 2.0)
    host.start().wait_until_up(30.0)


def kill_redis(host):
    os.kill(host.service_pid(GROUP), signal.SIGKILL)


def stop_and_start(host):
    host.control.svc_stop(GROUP)
    until(lambda: host.service(GROUP)["state"] == "down", 15.0)
    host.control.svc_start(GROUP)


def freeze(host):
    with host.frozen():
        wait_till(time.time() + FROZEN_SECONDS)


def freeze_supervisor(host):
    """Its Redis goes on, with nobody to tell it that it leads no more."""
    with supervisor_frozen(host):
        wait_till(time.time() + FROZEN_SECONDS)


FAULTS = (kill_node, kill_redis, stop_and_start, freeze, freeze_supervisor)


def schedule(rng):
    """The faults of all rounds, each with whether it is the leader's."""
    for _ in range(ROUNDS):
        for fault in rng.sample(FAULTS, len(FAULTS)):
            yield fault, rng.random() < LEADER_SHARE


def missing(host, keys):
    """Those of the keys that a host's Redis does not have."""
    found = [ask(host, "MGET", *keys[at : at + BATCH]) for at in range(0, len(keys), BATCH)]
    values = [value for values in found for value in values]
    return [key for key, value in zip(keys, values, strict=True) if value != key]


class Diary:
    """What happened when, for whoever reads the figures or a failure."""

    def __init__(self):
        self.lines = []
        self._moments = []

    def note(self, moment, what):
        self._moments.append((moment, what))

    def cause(self, moment):
        return [what for when, what in self._moments if when <= moment][-1]

    def tell(self, writers):
        taken, acknowledged = len(writers.taken), len(writers.acknowledged)
        windows = writers.windows()
        self.lines.append(
            f"{ROUNDS} rounds, {len(self._moments)} faults, {taken} writes, {acknowledged} "
            f"acknowledged, {len(windows)} windows in which two servers took writes"
        )
        self.lines += [
            f"window of {window}, after {self.cause(window.began)}" for window in windows
        ]


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_that_was_acknowledged_is_lost_whatever_happens(hosts, capsys, seed):
    ring = hosts.ring("ada", "bob", "cyd")
    load(ring)
    rng, diary = Random(seed), Diary()
    with Writers(ring) as writers:
        for fault, hits_leader in schedule(rng):
            leader = until(lambda: known_leader(ring), HEALED_SECONDS, lambda: story(ring))
            host = leader if hits_leader else rng.choice(others(ring, leader))
            began, was = time.time(), role(host)
            diary.note(began, f"{fault.__name__} {host.name} ({was})")
            fault(host)
            until(lambda: replicated(ring), HEALED_SECONDS, lambda: story(ring))
            wait_till(time.time() + REST_SECONDS)
            silence = writers.longest_silence(began)
            diary.lines.append(f"{fault.__name__} of the {was}: no write for {silence:.2f} s")
    diary.tell(writers)
    with capsys.disabled():
        print(f"\n  seed {seed}", *diary.lines, sep="\n  ")

    leader = until(lambda: replicated(ring), HEALED_SECONDS, lambda: story(ring))
    keys = [write.key for write in writers.acknowledged]
    assert len(keys) > 100
    assert missing(leader, keys) == [], story(ring)
    for host in ring:
        until(lambda host=host: missing(host, keys) == [])
