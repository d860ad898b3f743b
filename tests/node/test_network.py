"""A ring on a real network: what its members believe of each other while cables are cut."""

import time

import pytest

from tests.node.beliefs import confirmed, story, wait_till

NAMES = ("ada", "bob", "cyd", "dan", "eve")


@pytest.fixture
def ring(network):
    return network.ring(*NAMES)


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
