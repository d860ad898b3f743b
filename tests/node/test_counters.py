"""Counters are shared by all processes of a node, and each has one writer."""

import os

import pytest

from habactors.node.counters import Counters
from habactors.roles.wiring import CAST, WIRING


def in_a_child(call):
    """Run in a forked process; fail if it fails there."""
    pid = os.fork()
    if pid == 0:
        try:
            call()
        except BaseException:  # noqa: BLE001 - the child must not go on with the tests
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def test_they_begin_at_zero():
    assert {count for _, count in Counters()} == {0}


def test_counting_adds_up():
    counters = Counters()
    counters.add("wire", "received", "Ping")
    counters.add("wire", "body", "received_bytes", 700)
    counters.add("wire", "body", "received_bytes", 7)
    assert counters.get("wire", "received", "Ping") == 1
    assert counters.get("wire", "body", "received_bytes") == 707


def test_what_another_process_counts_is_seen_at_once_and_outlives_it():
    counters = Counters()
    for _ in range(3):
        in_a_child(lambda: counters.add("wire", "received", "Ping"))
    assert counters.get("wire", "received", "Ping") == 3


def test_processes_do_not_disturb_each_others_counters():
    counters = Counters()
    names = [name for name, _ in counters]
    for number, name in enumerate(names):
        counters.add(*name, count=number + 1)
    assert dict(counters) == {name: number + 1 for number, name in enumerate(names)}


def test_each_letter_has_a_counter_for_whoever_says_and_hears_it():
    counters = Counters()
    for speaker, message, hearers in WIRING:
        assert counters.get(speaker, "said", message.__name__) == 0
        for hearer in hearers:
            if "." not in hearer:
                assert counters.get(hearer, "heard", message.__name__) == 0


def test_each_actor_counts_what_it_dropped_and_how_often_it_was_started():
    counters = Counters()
    for actor in CAST:
        assert counters.get(actor, "dropped", "letter") == 0
        assert counters.get(actor, "body", "starts") == 0


def test_a_counter_that_is_not_in_the_table_is_an_error():
    with pytest.raises(KeyError):
        Counters().add("wire", "said", "Nonsense")


def test_a_count_may_be_very_large():
    counters = Counters()
    counters.add("wire", "body", "sent_bytes", 2**62)
    assert counters.get("wire", "body", "sent_bytes") == 2**62
