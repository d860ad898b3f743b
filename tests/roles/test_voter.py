"""Does a member ever give its word to two?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from habactors.protocol.ballots import Candidacy, Canvass, Release, Renewal
from habactors.protocol.electorate import Electorate
from habactors.roles.voter import VOTE_SHARE, Record, Voter
from tests.roles.electing import GROUP, LEASE, voters
from tests.roles.stage import NOW

LONG_AGO = float("-inf")
ABC = ("ada", "bob", "cyd")
BLANK = Record()


def voter(record=BLANK, quiet_until=LONG_AGO):
    return Voter(record, LEASE, quiet_until)


def agreed(term=4, vote="bob", serial=0):
    """A voter of a group that bob led in that term."""
    return voter(Record(term, vote, voters(*ABC, term=term, serial=serial)))


def candidacy(term, electorate):
    return Candidacy(GROUP, term, electorate)


def renewal(term, electorate, number=1):
    return Renewal(GROUP, term, number, electorate)


NEXT = candidacy(5, voters(*ABC, term=4))


# Votes


def test_a_vote_is_given_once_a_term():
    one = agreed()
    assert one.votes("ada", NEXT, NOW)
    assert not one.votes("cyd", NEXT, NOW + 10 * LEASE)
    assert one.record.vote == "ada"


def test_the_same_vote_is_given_again():
    one = agreed()
    assert one.votes("ada", NEXT, NOW)
    kept = one.record
    assert one.votes("ada", NEXT, NOW + LEASE)
    assert one.record == kept


@pytest.mark.parametrize("term", [3, 4])
def test_nobody_wins_a_term_that_is_over(term):
    one = agreed()
    assert not one.votes("ada", candidacy(term, voters(*ABC, term=4)), NOW)


@pytest.mark.parametrize("electorate", [Electorate(), voters(*ABC, term=3), voters(*ABC, term=4)])
def test_an_electorate_that_is_over_is_refused(electorate):
    one = agreed(serial=1)
    assert not one.votes("ada", candidacy(5, electorate), NOW)
    assert not one.would("ada", Canvass(GROUP, 5, electorate, 9), NOW)


def test_a_later_electorate_is_accepted():
    assert agreed().votes("ada", candidacy(5, voters(*ABC, "dan", term=4, serial=1)), NOW)


def test_a_vote_in_the_first_election_pledges_to_its_electorate():
    one = voter()
    assert one.votes("ada", candidacy(1, voters(*ABC)), NOW)
    assert one.record.electorate == voters(*ABC, serial=1)
    assert not one.votes("dan", candidacy(2, voters("bob", "cyd", "dan")), NOW + LEASE)


def test_a_vote_leaves_an_agreed_electorate_as_it_is():
    one = agreed()
    one.votes("ada", candidacy(5, voters(*ABC, "dan", term=4, serial=1)), NOW)
    assert one.record.electorate == voters(*ABC, term=4)


def test_who_is_asked_whether_it_would_changes_nothing():
    one = agreed()
    before = (one.record, one.bond)
    assert one.would("ada", Canvass(GROUP, 5, voters(*ABC, term=4), 9), NOW)
    assert (one.record, one.bond) == before


# Bonds


def test_a_vote_binds_for_a_moment():
    one = agreed()
    one.votes("ada", NEXT, NOW)
    later = replace(NEXT, term=6)
    assert not one.votes("cyd", later, NOW + VOTE_SHARE * LEASE - 0.001)
    assert one.votes("cyd", later, NOW + VOTE_SHARE * LEASE)


def test_a_renewed_lease_binds_for_its_whole_time():
    one = agreed()
    assert one.renews("bob", renewal(4, voters(*ABC, term=4)), NOW)
    assert one.free_at() == NOW + LEASE
    assert not one.votes("ada", NEXT, NOW + LEASE - 0.001)
    assert one.votes("ada", NEXT, NOW + LEASE)


def test_a_vote_that_was_asked_for_before_the_renewals_does_not_shorten_their_bond():
    one = agreed()
    assert one.votes("ada", NEXT, NOW)
    one.renews("ada", renewal(5, voters(*ABC, term=5)), NOW + 1)
    assert one.votes("ada", NEXT, NOW + 2)
    assert one.free_at() == NOW + 1 + LEASE


def test_whoever_is_bound_votes_for_its_own_leader():
    one = agreed()
    one.renews("bob", renewal(4, voters(*ABC, term=4)), NOW)
    assert one.votes("bob", NEXT, NOW + 1)


def test_a_leader_of_a_later_term_is_granted_its_lease_although_another_has_our_word():
    one = agreed()
    one.renews("bob", renewal(4, voters(*ABC, term=4)), NOW)
    assert one.renews("cyd", renewal(5, voters(*ABC, term=5)), NOW + 1)
    assert (one.record.term, one.record.vote, one.bond.leader) == (5, "cyd", "cyd")
    assert not one.votes("ada", NEXT, NOW + 10 * LEASE)


def test_a_leader_of_a_former_term_is_refused():
    one = agreed(term=5)
    assert not one.renews("bob", renewal(4, voters(*ABC, term=4)), NOW)
    assert one.free_at() == LONG_AGO


def test_renewals_bring_later_electorates_and_never_former_ones():
    one = agreed()
    grown = voters(*ABC, "dan", term=4, serial=1)
    one.renews("bob", renewal(4, grown), NOW)
    one.renews("bob", renewal(4, voters(*ABC, term=4)), NOW)
    assert one.record.electorate == grown


def test_who_has_won_a_term_still_has_when_it_renews_its_own_lease():
    one = voter(Record(5, "ada", voters(*ABC, term=5), won=True, life="1"))
    one.renews("ada", renewal(5, voters(*ABC, "dan", term=5, serial=1)), NOW)
    assert (one.record.won, one.record.life) == (True, "1")


@pytest.mark.parametrize(
    ("leader", "term", "free"), [("bob", 4, True), ("ada", 4, False), ("bob", 3, False)]
)
def test_only_its_leader_sets_a_voter_free(leader, term, free):
    one = agreed()
    one.renews("bob", renewal(4, voters(*ABC, term=4)), NOW)
    assert one.released(leader, Release(GROUP, term, "")) is free
    assert one.votes("cyd", NEXT, NOW) is free


# Silence and learning


def test_after_a_restart_a_voter_is_silent_for_a_while():
    one = voter(quiet_until=NOW + LEASE)
    ballot = candidacy(1, voters(*ABC))
    assert not one.votes("ada", ballot, NOW + LEASE - 0.001)
    assert one.votes("ada", ballot, NOW + LEASE)


def test_a_silent_voter_follows_whoever_leads():
    one = voter(agreed().record, quiet_until=NOW + LEASE)
    assert one.renews("bob", renewal(4, voters(*ABC, term=4)), NOW)


def test_who_learns_of_a_term_has_no_vote_left_in_it():
    one = agreed()
    assert one.learn(5, "cyd", voters(*ABC, term=5))
    assert not one.votes("ada", NEXT, NOW)
    assert (one.record.vote, one.record.electorate.term) == ("cyd", 5)
    assert one.learn(6, "", Electorate())
    assert one.record.vote == "nobody"


def test_who_learns_nothing_new_need_not_keep_it():
    one = agreed()
    assert not one.learn(4, "bob", voters(*ABC, term=4))
    assert not one.learn(3, "dan", voters("dan", term=3))


def test_a_later_electorate_of_the_same_term_is_learnt_and_the_vote_stays():
    one = agreed()
    assert one.learn(4, "bob", voters(*ABC, "dan", term=4, serial=2))
    assert (one.record.vote, one.record.electorate.serial) == ("bob", 2)


# Whatever is asked

names = st.sampled_from((*ABC, "dan"))
electorates = st.builds(
    Electorate,
    term=st.integers(0, 4),
    serial=st.integers(0, 2),
    members=st.sampled_from((ABC, (*ABC, "dan"), ("bob", "cyd", "dan"), ())),
)
terms = st.integers(0, 5)
asked = st.one_of(
    st.tuples(names, st.builds(Candidacy, st.just(GROUP), terms, electorates)),
    st.tuples(names, st.builds(Renewal, st.just(GROUP), terms, st.integers(1, 3), electorates)),
    st.tuples(names, st.builds(Release, st.just(GROUP), terms, st.just(""))),
    st.tuples(names, electorates),
)


@given(st.lists(st.tuples(asked, st.sampled_from((0.0, 0.5, LEASE)))))
def test_whatever_is_asked_there_is_one_vote_a_term_and_none_while_another_has_its_word(asked):
    one, now = voter(), NOW
    votes, promised = {}, {}
    for (name, ballot), pause in asked:
        now += pause
        term, bond = one.record.term, one.bond
        match ballot:
            case Candidacy():
                if one.votes(name, ballot, now):
                    assert votes.setdefault(ballot.term, name) == name
                    assert bond.leader in ("", name) or now >= bond.until
                    assert all(now >= until for who, until in promised.items() if who != name)
            case Renewal():
                if one.renews(name, ballot, now):
                    promised = {name: now + LEASE}
            case Release():
                if one.released(name, ballot):
                    promised.pop(name, None)
            case Electorate():
                one.learn(ballot.term, name, ballot)
        assert one.record.term >= term
        assert all(one.free_at() >= until for until in promised.values())
