"""Until when may a suspect refute?"""

from math import inf, log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import DetectorConfig
from habactors.protocol.health import Health
from habactors.protocol.limits import EVIDENCE_MAX
from habactors.roles.suspicions import Patience, Suspicions
from tests.roles.stage import DETECTION, member


def suspect(name="bob", incarnation=1, by=("eve",), **evidence):
    return member(name, incarnation, Health.SUSPECT, by=by, **evidence)


def accused_by(count, **evidence):
    return suspect(by=[f"m{number}" for number in range(count)], **evidence)


# How long


@pytest.mark.parametrize(
    ("confirmations", "seconds"), [(0, 30.0), (1, 16.0), (2, 7.81), (3, 2.0), (4, 2.0), (5, 2.0)]
)
def test_a_suspicion_shrinks_with_the_logarithm_of_its_confirmations(confirmations, seconds):
    """The table of memberlist's suspicion_test.go: k = 3, from 30 s down to 2 s."""
    settings = DetectorConfig(
        suspicion_min_periods=2.0, suspicion_max_factor=15.0, suspicion_confirmations=3
    )
    lasts = Patience(settings, others=8).seconds(accused_by(confirmations + 1))
    assert lasts == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    ("members", "seconds"),
    [
        (2, [1.0, 1.0, 1.0, 1.0]),  # nobody could confirm it
        (3, [6.0, 1.0, 1.0, 1.0]),  # one other could
        (4, [6.0, 2.845, 1.0, 1.0]),
        (10, [6.0, 2.845, 1.0, 1.0]),
        (100, [12.0, 5.690, 2.0, 2.0]),
        (1_000, [18.0, 8.536, 3.0, 3.0]),
    ],
)
def test_in_a_ring_of_a_size_it_lasts_so_long_after_1_to_4_accusers(members, seconds):
    patience = Patience(DETECTION, members - 2)
    lasts = [patience.seconds(accused_by(count)) for count in (1, 2, 3, 4)]
    assert lasts == pytest.approx(seconds, abs=0.001)


def test_a_suspicion_lasts_longer_in_a_larger_ring_but_only_with_its_logarithm():
    for others in (8, 98, 998):
        least = Patience(DETECTION, others).seconds(accused_by(EVIDENCE_MAX))
        assert least == pytest.approx(DETECTION.suspicion_min_periods * log10(others + 2))


@given(
    st.integers(0, 2_000),
    st.floats(1, 50),
    st.integers(0, 9),
    st.floats(0.1, 9),
    st.integers(1, EVIDENCE_MAX),
)
def test_it_stays_between_the_least_and_the_most_and_never_grows_with_evidence(
    others, factor, confirmations, periods, accusers
):
    settings = DetectorConfig(
        suspicion_max_factor=factor,
        suspicion_confirmations=confirmations,
        suspicion_min_periods=periods,
    )
    patience = Patience(settings, others)
    least = periods * max(1.0, log10(others + 2))
    seconds = patience.seconds(accused_by(accusers))
    assert least <= seconds <= least * factor * 1.000_001
    assert patience.seconds(accused_by(accusers + 1)) <= seconds
    assert patience.seconds(accused_by(EVIDENCE_MAX)) == pytest.approx(least)


def test_without_lifeguard_all_suspicions_last_alike():
    settings = DetectorConfig(suspicion_max_factor=1.0)
    lasts = {Patience(settings, 8).seconds(accused_by(count)) for count in (1, 2, 3, 4)}
    assert lasts == {1.0}


def test_without_confirmations_to_wait_for_the_least_is_enough():
    settings = DetectorConfig(suspicion_confirmations=0)
    assert Patience(settings, 8).seconds(accused_by(1)) == 1.0


@pytest.mark.parametrize(
    ("others", "refused", "silent", "is_proof"),
    [
        (0, 1, 0, True),  # there is nobody else who could be refused
        (1, 1, 0, False),
        (1, 2, 0, True),
        (8, 1, 3, False),
        (8, 2, 0, True),
        (8, 2, 2, True),
        (8, 0, 4, False),
    ],
)
def test_whom_its_own_host_refuses_to_several_is_given_no_time(others, refused, silent, is_proof):
    found = accused_by(refused, refused=True).evidence
    found += suspect(by=[f"s{number}" for number in range(silent)]).evidence
    rumor = suspect(by=()).at_level(Health.SUSPECT, found)
    assert (Patience(DETECTION, others).seconds(rumor) == 0.0) == is_proof


def test_the_same_accuser_counts_once_and_its_own_word_that_comes_back_not_at_all():
    """Evidence is joined by accuser, so an echo of it changes nothing."""
    one = suspect(by="ada")
    assert one.joined(one) == one
    later = suspect(by="ada", at=2_000)
    assert len(one.joined(later).evidence) == 1
    patience = Patience(DETECTION, 8)
    assert patience.seconds(one.joined(later)) == patience.seconds(one)


# Until when


def test_more_evidence_shortens_a_suspicion_from_its_beginning_on():
    suspicions = Suspicions()
    suspicions.note(suspect(), 10, 6)
    suspicions.note(suspect(), 12, 3)
    assert (suspicions.since("bob"), suspicions.next) == (10, 13)


def test_less_evidence_never_lengthens_one():
    suspicions = Suspicions()
    suspicions.note(suspect(), 10, 3)
    suspicions.note(suspect(), 11, 6)
    assert suspicions.next == 13


def test_a_confirmation_after_the_shorter_time_ends_it_at_once():
    suspicions = Suspicions()
    suspicions.note(suspect(), 10, 6)
    suspicions.note(suspect(), 15, 1)
    assert suspicions.expired(15) == ["bob"]


def test_another_incarnation_gets_its_own_time():
    suspicions = Suspicions()
    suspicions.note(suspect(incarnation=1), 4, 6)
    suspicions.note(suspect(incarnation=2), 14, 6)
    assert suspicions.expired(10) == []
    assert (suspicions.since("bob"), suspicions.next) == (14, 20)


def test_whose_time_is_over_stays_so_until_it_is_given_more():
    suspicions = Suspicions()
    suspicions.note(suspect("bob"), 4, 6)
    suspicions.note(suspect("cyd"), 4, 8)
    assert suspicions.expired(9.9) == []
    assert suspicions.expired(10) == ["bob"]
    suspicions.extend("bob", 11)
    assert suspicions.expired(10) == []
    assert suspicions.next == 11
    assert suspicions.expired(12) == ["bob", "cyd"]


def test_more_time_is_not_taken_for_a_new_suspicion():
    suspicions = Suspicions()
    suspicions.note(suspect(), 4, 6)
    suspicions.extend("bob", 20)
    assert suspicions.since("bob") == 4
    suspicions.note(suspect(), 12, 2)
    assert suspicions.expired(12) == ["bob"]


def test_a_postponed_suspicion_ends_so_much_later_and_evidence_counts_from_there():
    suspicions = Suspicions()
    suspicions.note(suspect("bob"), 4, 6)
    suspicions.note(suspect("cyd"), 4, 8)
    suspicions.postpone(5)
    assert suspicions.expired(14.9) == []
    assert suspicions.expired(15) == ["bob"]
    suspicions.note(suspect("cyd"), 4, 7)
    assert suspicions.expired(15.9) == ["bob"]
    assert suspicions.expired(16) == ["bob", "cyd"]


def test_a_cleared_suspicion_never_expires():
    suspicions = Suspicions()
    suspicions.note(suspect(), 4, 6)
    suspicions.clear("bob")
    suspicions.clear("bob")
    assert suspicions.next is None
    assert suspicions.since("bob") == inf
    assert suspicions.expired(99) == []
