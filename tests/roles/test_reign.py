"""How does a leader go on leading, and with whose votes?"""

import pytest

from habactors.protocol.ballots import Release, Renewal, Renewed
from habactors.protocol.leadership import Elected, StepDown
from habactors.roles.polls import GONE_SECONDS
from habactors.roles.reign import DRIFT, RENEWALS
from tests.roles.electing import GROUP, LEASE, Assembly
from tests.roles.test_election import leader

ABC = ("ada", "bob", "cyd")
FIVE = (*ABC, "dan", "eve")


def led(*names):
    assembly = Assembly(*(names or ABC))
    assembly.run_until_led()
    return assembly.run(1)


def grant(one, *rounds, by="bob", granted=True, known_term=5):
    for number in rounds:
        one.say_to(by, Renewed(GROUP, 5, number, granted, known_term, 0, True))
    return one


def ask(one):
    """The next round, and when it was sent."""
    while not (asked := one.take_all(Renewal)):
        one.wake()
    return asked[0][1].round, one.now


def test_a_lease_counts_from_when_the_round_was_sent_that_a_majority_has_granted():
    one = leader()
    number, asked_at = ask(one)
    one.wait(0.3)
    grant(one, number)
    assert one.contest.reign.lease_until == asked_at + LEASE * (1 - DRIFT) / (1 + DRIFT)


def test_a_lease_never_becomes_shorter_and_rounds_that_were_never_asked_make_none():
    one = leader()
    first, _ = ask(one)
    second, _ = ask(one)
    until = grant(one, second).contest.reign.lease_until
    assert grant(one, first, second + 100).contest.reign.lease_until == until


def test_a_lease_is_renewed_several_times_before_it_would_run_out():
    one = leader()
    _, asked_at = ask(one)
    _, again_at = ask(one)
    assert again_at - asked_at == pytest.approx(LEASE / RENEWALS)


def test_who_is_no_voter_renews_nothing():
    one = leader()
    number, _ = ask(one)
    until = one.contest.reign.lease_until
    assert grant(one, number, by="zoe").contest.reign.lease_until == until


def test_a_refusal_in_the_same_term_ends_nothing():
    one = leader()
    number, _ = ask(one)
    assert grant(one, number, granted=False, by="cyd").contest.reign
    assert grant(one, number, granted=False, by="cyd", known_term=6).contest.reign is None


def test_without_renewals_it_is_over_when_the_lease_is():
    one = leader()
    until = one.contest.reign.lease_until
    one.wait(until - one.now - 0.001)
    assert one.contest.reign
    one.wait(0.002)
    assert one.contest.reign is None
    assert not one.record.won


def test_a_leader_that_slept_past_its_lease_does_not_wake_up_as_one():
    one = leader()
    number, _ = ask(one)
    one.drop().wake_late(2 * LEASE)
    assert one.contest.reign is None
    assert grant(one, number).contest.reign is None


def test_the_ring_is_told_once_a_majority_has_agreed():
    assembly = led()
    assert assembly.outcome == {
        "term": 1,
        "leader": "cyd",
        "electorate": assembly.contest("cyd").voter.record.electorate,
    }


def test_the_next_change_waits_until_a_majority_has_agreed_to_the_last():
    assembly = led(*FIVE)
    assembly.part("eve", "dan")
    assembly.join("fay").join("gus").run(1.5)
    assert assembly.electorate("eve") in (FIVE, (*FIVE, "fay"))
    assembly.heal().run(LEASE + 3)
    assert assembly.electorate(assembly.leader()) == (*FIVE, "fay", "gus")


def test_who_is_gone_loses_its_vote_and_gets_it_again():
    assembly = led(*FIVE)
    assembly.kill("ada").run(GONE_SECONDS + 1)
    assert assembly.electorate("eve") == ("bob", "cyd", "dan", "eve")
    assembly.revive("ada").run(2)
    assert assembly.electorate("eve") == FIVE
    assert assembly.leader() == "eve"


def test_a_cut_that_grows_leaves_a_leader_as_long_as_each_part_is_most_of_the_last():
    assembly = led(*FIVE, "fay", "gus")
    for name in ("ada", "bob", "cyd", "dan"):
        assembly.kill(name).run(GONE_SECONDS + 1)
    assert assembly.leader() == "gus"
    assert assembly.electorate("gus") == ("eve", "fay", "gus")


def test_who_resigns_renews_no_more_and_frees_all_when_its_service_has_stopped():
    one = leader()
    until = one.contest.reign.lease_until
    one.hear(StepDown(1, GROUP, "bob")).drop().wait(until - one.now - 0.01)
    assert one.take_all(Renewal) == []
    one.wait(0.02)
    assert {ballot.successor for _, ballot in one.take_all(Release)} == {"bob"}
    assert [told.leader for told in one.take_all(Elected)] in ([], [""])
