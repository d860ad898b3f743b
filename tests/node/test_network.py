"""A ring on a real network: what its members believe of each other while cables are cut.

What each node believed, and when, is read from the events that it printed.
"""

import time

import pytest

from tests.hosts import until

NAMES = ("ada", "bob", "cyd", "dan", "eve")


@pytest.fixture
def ring(network):
    return network.ring(*NAMES)


def confirmed(ring, since=0.0):
    """(observer, member, why) of each time that one of the ring gave a member up."""
    return [
        (host.name, event["name"], event["why"])
        for host in ring
        for event in host.changes("confirmed", since=since)
    ]


def story(ring):
    """What the ring's members came to believe of each other, for whoever reads a failure."""
    told = [
        (event["time"], f"{host.name}: {event['name']} {event['to']} {event['why']}")
        for host in ring
        for event in host.changes("suspect", "confirmed", "alive")
    ]
    return "\n".join(f"{moment:.3f} {line}" for moment, line in sorted(told))


def wait_till(moment):
    until(lambda: time.time() >= moment, moment - time.time() + 1.0)


def test_a_one_way_cut_of_one_pair_costs_nobody_a_confirmation(network, ring):
    ada, bob, *_ = ring
    network.cut_one_way(ada, bob)
    wait_till(time.time() + 10.0)
    assert confirmed(ring) == [], story(ring)


def test_who_refuses_one_peer_only_is_not_confirmed(network, ring):
    ada, bob, *_ = ring
    network.refuse(bob, ada)
    wait_till(time.time() + 10.0)
    assert confirmed(ring) == [], story(ring)


def test_a_tenth_of_all_packets_lost_confirms_nobody(network, ring):
    network.lose(0.1)
    wait_till(time.time() + 15.0)
    assert confirmed(ring) == [], story(ring)
