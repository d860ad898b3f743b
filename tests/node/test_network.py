"""A ring on a real network: what its members believe of each other while cables are cut."""

import random
import time

import pytest

from tests.hosts import until
from tests.node.beliefs import all_see, confirmed, names_confirmed, story, wait_till, whole

NAMES = ("ada", "bob", "cyd", "dan", "eve")


@pytest.fixture
def ring(network):
    return network.ring(*NAMES)


@pytest.fixture
def cut_seconds(request):
    return 60.0 if request.config.getoption("--soak") else 8.0


@pytest.mark.timeout(120)
def test_who_is_cut_off_is_confirmed_soon_and_nobody_else_is(network, ring, cut_seconds):
    *others, eve = ring
    began = time.time()
    network.isolate(eve)
    until(lambda: all_see(others, [eve], "confirmed"), 4.0, lambda: story(others))
    wait_till(began + cut_seconds)
    assert names_confirmed(others) == {"eve"}, story(others)

    network.heal()
    until(lambda: whole(ring), 3.0, lambda: story(ring))


def test_an_unplugged_host_is_confirmed_soon_and_returns(network, ring):
    *others, eve = ring
    network.unplug(eve)
    until(lambda: all_see(others, [eve], "confirmed"), 4.0, lambda: story(others))
    network.heal()
    until(lambda: whole(ring), 3.0, lambda: story(ring))
    assert names_confirmed(others) == {"eve"}


def test_the_halves_of_a_split_bury_each_other_and_heal(network, ring):
    half, other_half = ring[:2], ring[2:]
    network.split(half, other_half)
    for side, other in ((half, other_half), (other_half, half)):
        until(lambda: all_see(side, other, "confirmed"), 10.0, lambda: story(side))  # noqa: B023
    network.heal()
    until(lambda: whole(ring), 3.0, lambda: story(ring))


def test_a_one_way_cut_of_one_pair_costs_nobody_a_confirmation(network, ring):
    ada, bob, *_ = ring
    network.cut_one_way(ada, bob)
    wait_till(time.time() + 6.0)
    assert confirmed(ring) == [], story(ring)


def test_who_refuses_one_peer_only_is_not_confirmed(network, ring):
    ada, bob, *_ = ring
    network.refuse(bob, ada)
    wait_till(time.time() + 6.0)
    assert confirmed(ring) == [], story(ring)


def test_a_tenth_of_all_packets_lost_confirms_nobody(network, ring):
    network.lose(0.1)
    wait_till(time.time() + 10.0)
    assert confirmed(ring) == [], story(ring)


@pytest.mark.soak
@pytest.mark.timeout(360)
def test_nobody_takes_the_word_of_who_was_cut_off(network, ring):
    """Its suspicions have been growing while it was alone, and may end just when it is back."""
    rng = random.Random(7)
    end = time.time() + 240.0
    while time.time() < end:
        lonely = rng.choice(ring)
        others = [host for host in ring if host is not lonely]
        network.isolate(lonely)
        until(lambda: all_see(others, [lonely], "confirmed"), 15.0, lambda: story(ring))  # noqa: B023
        wait_till(time.time() + rng.uniform(1.0, 6.0))
        healed = time.time()
        network.heal()
        until(lambda: whole(ring), 5.0, lambda: story(ring))
        wait_till(time.time() + 1.0)
        assert confirmed(others, since=healed) == [], story(ring)
