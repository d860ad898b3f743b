"""Until when may a suspect refute?"""

from math import ceil, log

from habactors.protocol.health import Health
from habactors.roles.suspicions import SUSPICION_FACTOR, Suspicions, suspicion_seconds
from tests.roles.stage import member


def suspect(name, incarnation=1):
    return member(name, incarnation, Health.SUSPECT)


def test_a_suspicion_lasts_longer_in_a_larger_ring():
    assert suspicion_seconds(2, 1.0) == 3 * 2
    assert suspicion_seconds(8, 1.0) == 3 * 3
    assert suspicion_seconds(1_000, 0.2) == SUSPICION_FACTOR * ceil(log(1_001)) * 0.2


def test_the_first_deadline_of_an_incarnation_stands():
    suspicions = Suspicions()
    suspicions.note(suspect("bob"), 10)
    suspicions.note(suspect("bob"), 20)
    assert suspicions.next == 10


def test_another_incarnation_gets_its_own_time():
    suspicions = Suspicions()
    suspicions.note(suspect("bob", 1), 10)
    suspicions.note(suspect("bob", 2), 20)
    assert suspicions.expired(10) == []
    assert suspicions.next == 20


def test_whose_time_is_over_is_told_once():
    suspicions = Suspicions()
    suspicions.note(suspect("bob"), 10)
    suspicions.note(suspect("cyd"), 12)
    assert suspicions.expired(9.9) == []
    assert suspicions.expired(10) == ["bob"]
    assert suspicions.expired(10) == []
    assert suspicions.next == 12


def test_a_postponed_suspicion_ends_so_much_later():
    suspicions = Suspicions()
    suspicions.note(suspect("bob"), 10)
    suspicions.note(suspect("cyd"), 12)
    suspicions.postpone(5)
    assert suspicions.expired(14.9) == []
    assert suspicions.expired(15) == ["bob"]
    assert suspicions.next == 17


def test_a_cleared_suspicion_never_expires():
    suspicions = Suspicions()
    suspicions.note(suspect("bob"), 10)
    suspicions.clear("bob")
    suspicions.clear("bob")
    assert suspicions.next is None
    assert suspicions.expired(99) == []
