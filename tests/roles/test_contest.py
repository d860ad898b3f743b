"""Who leads one group? Whoever a majority wants, in the bully's order, and nobody else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from habactors.config import ElectionConfig
from habactors.protocol.ballots import (
    AnyBallot,
    Candidacy,
    Canvass,
    Leaning,
    Release,
    Renewal,
    Renewed,
    Vote,
)
from habactors.protocol.electorate import Electorate
from habactors.protocol.health import Health
from habactors.protocol.leadership import Leadership, StepDown, Withdrawn
from habactors.protocol.transport import Balloted
from habactors.roles.candidate import ANSWER_SECONDS, MEASURE_SECONDS, SETTLE_SECONDS
from tests.roles.electing import GROUP, LEASE, Assembly, Seat, voters
from tests.roles.stage import NOW, peer
from tests.strategies import valid

ABC = ("ada", "bob", "cyd")
FIVE = (*ABC, "dan", "eve")
FAILOVER = LEASE + 2.0
"""By then after the end of a leader all know the next one."""
AGREED = voters(*ABC, term=4)


def led(*names, **named):
    """An assembly that has a leader."""
    assembly = Assembly(*(names or ABC), **named)
    assembly.run_until_led()
    return assembly.run(1)


def seat(*serving, suitability=0, electorate=AGREED, name="ada", **seen):
    """A node alone with a census, in a group that bob led in term 4, until it died."""
    made = Seat(name).start()
    outcome = {"term": 4, "leader": "bob", "electorate": electorate} if electorate else {}
    made.see(*(serving or ABC), **outcome, **seen).stand(suitability)
    return made


# The order of standing


def test_the_first_leader_is_the_most_suitable():
    assert led(suitability={"ada": 3, "bob": 5, "cyd": 4}).leader() == "bob"


def test_among_equals_the_highest_id_leads():
    assert led(*FIVE).leader() == "eve"


@pytest.mark.parametrize("seed", range(5))
def test_the_next_leader_is_the_most_suitable_of_those_who_remain(seed):
    assembly = led(*FIVE, suitability={"dan": 9, "ada": 7, "cyd": 5}, seed=seed)
    assert assembly.kill("dan").run_until_led() <= FAILOVER
    assert assembly.leader() == "ada"


def test_an_election_takes_two_round_trips_when_nobody_is_in_doubt():
    assembly = Assembly(*ABC)
    assert assembly.run_until_led() <= SETTLE_SECONDS + 0.3
    assert assembly.term() == 1
    assert {*assembly.said(Candidacy)} == {"cyd"}


def test_a_member_that_is_better_says_so_and_stands_itself():
    one = seat(suitability=7)
    one.say_to("bob", Canvass(GROUP, 5, AGREED, 3))
    assert one.answer(Leaning).better
    one.wake()
    assert {pair[0].id for pair in one.take_all(Canvass)} == {"bob", "cyd"}


def test_a_member_that_is_worse_waits_and_lets_the_better_one_try():
    one = seat(suitability=3).wait(0.1)
    one.say_to("bob", Canvass(GROUP, 5, AGREED, 7))
    leaning = one.answer(Leaning)
    assert (leaning.willing, leaning.better, leaning.suitability) == (True, False, 3)
    one.drop().wait(0.19)
    assert one.take_all(Canvass) == []


def test_a_candidate_gives_way_to_a_better_one_but_not_for_ever():
    one = seat()
    rounds = 0
    for _ in range(3):
        while not (asked := one.take_all(Canvass)):
            one.wake()
        rounds += 1
        term = asked[0][1].term
        one.say_to("cyd", Leaning(GROUP, term, True, True, 4, AGREED, "", 9))
        if one.take_all(Candidacy):
            break
    assert rounds == 3


def test_a_member_that_could_not_lead_is_better_than_nobody():
    one = seat(suitability=9)
    one.stand(9, why="exit code 1").drop()
    one.say_to("bob", Canvass(GROUP, 5, AGREED, 0))
    leaning = one.answer(Leaning)
    assert (leaning.willing, leaning.better) == (True, False)
    assert one.drop().wait(10).take_all(Canvass) == []


# Asking around changes nothing


def test_asking_around_changes_no_state_anywhere():
    assembly = led()
    records = {name: assembly.contest(name).voter.record for name in ABC}
    assembly.part("ada").run(30)
    assert {name: assembly.contest(name).voter.record for name in ABC} == records
    assert assembly.heal().run(5).leader() == "cyd"
    assert assembly.term() == records["cyd"].term


def test_without_a_quorum_nobody_even_asks():
    assembly = led()
    assembly.part("ada").run(LEASE)
    assembly.ballots.clear()
    assembly.run(60)
    assert "ada" not in {name for name, _, _ in assembly.ballots}
    told = assembly.leaderships["ada"]
    assert (told.status, told.leader, told.alive, told.quorum) == ("no-quorum", "", 1, 2)
    assert told.why == "1 of 3 members are alive, without bob, cyd; 2 are needed"


def test_too_few_members_wait_for_more():
    assembly = Assembly("ada", "bob").run(30)
    assert assembly.ballots == []
    assert assembly.leaderships["ada"].why == "2 of at least 3 members are known"
    assembly.join("cyd").run_until_led()


def test_the_minimum_can_be_one():
    alone = Assembly("ada", settings=ElectionConfig(quorum_minimum=1))
    alone.run_until_led()
    assert alone.leader() == "ada"


def test_the_first_election_waits_for_all_who_are_known():
    assembly = Assembly(*ABC, "dan")
    assembly.kill("dan").run(30)
    assert assembly.said(Canvass) == []
    assert "the first election needs them all" in assembly.leaderships["ada"].why
    assembly.mark("dan", Health.DEPARTED).run_until_led()
    assert assembly.leader() == "cyd"


def test_a_node_that_reaches_no_majority_of_the_ring_holds_no_first_election():
    one = Seat().start().see(*ABC, dead=("dan", "eve", "fay")).stand()
    assert one.drop().wait(10).take_all(Canvass) == []
    one.see(*ABC, dead=("dan", "eve")).wait(SETTLE_SECONDS + 1)
    assert one.take_all(Canvass)


def test_a_first_electorate_that_is_no_longer_what_is_seen_is_not_pledged_to():
    """Else there could be two, and half of each could elect a leader."""
    one = Seat("cyd").start().see(*ABC).stand()
    one.wait(SETTLE_SECONDS).take_all(Canvass)
    one.see(*ABC, "dan", "eve")
    for name in ("ada", "bob"):
        one.say_to(name, Leaning(GROUP, 1, True, False, 0, Electorate(), "", 0))
    assert one.take_all(Candidacy) == []
    assert one.record.term == 0


def test_a_first_electorate_that_is_not_mine_too_gets_no_vote():
    one = Seat().start().see(*ABC, "dan").stand()
    one.say_to("bob", Canvass(GROUP, 1, voters(*ABC), 9), Candidacy(GROUP, 1, voters(*ABC)))
    assert not one.answer(Leaning).willing
    assert not one.answer(Vote).granted


# Leading


def test_leaders_are_sticky():
    assembly = led(suitability={"ada": 9})
    assembly.join("zoe", suitability=99).run(20)
    assert assembly.leader() == "ada"
    assert (assembly.term(), assembly.electorate("ada")) == (1, (*ABC, "zoe"))


def test_a_leader_renews_with_all_and_says_until_when_it_may_lead():
    assembly = led()
    told = assembly.leaderships["cyd"]
    assert (told.role, told.status, told.electorate) == ("leader", "finished", ABC)
    assert NOW < assembly.now < told.lease_until <= assembly.now + LEASE
    follower = assembly.leaderships["ada"]
    assert (follower.role, follower.leader, follower.lease_until) == ("follower", "cyd", 0.0)


def test_a_leader_that_reaches_nobody_stops_before_anybody_else_leads():
    assembly = led()
    assembly.part("cyd")
    until = assembly.leaderships["cyd"].lease_until
    assembly.run(until - assembly.now - 0.01)
    assert assembly.leads("cyd")
    assembly.run(0.02)
    assert not assembly.leads("cyd")
    assert assembly.leaderships["cyd"].why.startswith("no majority has renewed its lease")
    assembly.silent.add("cyd")
    assembly.run_until_led()
    assert assembly.leader() == "bob"


def test_the_old_leader_of_a_minority_follows_when_it_is_back():
    assembly = led(*FIVE)
    assembly.part("eve", "ada").run(10)
    assert assembly.leads("dan")
    assembly.heal().run(3)
    assert assembly.leader() == "dan"
    assert assembly.leaderships["eve"].role == "follower"


def test_a_leader_gives_up_when_a_later_term_is_known():
    assembly = led()
    one = assembly.contest("cyd")
    number = assembly.leaderships["cyd"].term + 1
    assembly.hear("cyd", Balloted(peer("bob"), Renewed(GROUP, 1, 1, False, number, 0, True)))
    assert one.reign is None
    assert f"term {number} has begun" in assembly.leaderships["cyd"].why
    assembly.run_until_led()


def test_even_sizes_elect_and_half_of_them_do_not():
    assembly = led(*ABC, "dan")
    assembly.part("ada", "bob").run(20)
    assert not any(map(assembly.leads, (*ABC, "dan")))
    assembly.heal().run_until_led()


def test_replacing_all_members_one_by_one_never_loses_the_group():
    assembly = led()
    for old, new in (("cyd", "dan"), ("bob", "eve"), ("ada", "fay")):
        assembly.kill(old).run_until_led(FAILOVER)
        assembly.serving.remove(old)
        assembly.join(new).run(10)
        assert assembly.leader()
    assert assembly.electorate(assembly.leader()) == ("dan", "eve", "fay")


def test_two_newcomers_at_once_in_a_group_that_has_had_terms_wait_for_their_votes():
    assembly = led()
    assembly.kill("cyd").run_until_led()
    term = assembly.term()
    assembly.join("yan", suitability=5).join("zoe", suitability=9).run(10)
    assert (assembly.leader(), assembly.term()) == ("bob", term)
    assert assembly.electorate("bob") == ("ada", "bob", "yan", "zoe")


def test_two_newcomers_who_know_nothing_of_the_terms_elect_nobody():
    """They see all members, but not yet what the ring tells of the last election."""
    assembly = led()
    outcome, assembly.outcome = assembly.outcome, {"term": 0, "leader": ""}
    assembly.part("ada", "bob", "cyd")
    assembly.join("yan").join("zoe").run(10)
    assert not assembly.leads("yan")
    assert not assembly.leads("zoe")
    assembly.outcome = outcome
    assert assembly.heal().run(5).leader() == "cyd"


def test_an_electorate_that_serves_no_more_elects_a_member_that_does():
    """The services have moved to other nodes; those who had the vote can still be asked."""
    assembly = led()
    for name in ABC:
        assembly.serving.remove(name)
        assembly.hear(name, Withdrawn(GROUP))
    assembly.tell().run(10)
    assert not any(map(assembly.leads, ABC))
    assembly.join("xia").join("yan").join("zoe").run_until_led()
    assert {*assembly.run(15).electorate(assembly.leader())} == {"xia", "yan", "zoe"}


def test_a_newcomer_waits_for_its_vote_where_others_could_lead():
    one = seat(*ABC, "dan", name="dan", dead=("bob",)).drop()
    assert one.wait(30).take_all(Canvass) == []
    assert "may not vote yet" in one.contest.leadership(one.now).why


# Handing over


@pytest.mark.parametrize("heir", ["", "ada", "bob"])
def test_a_leader_that_steps_down_is_followed_at_once(heir):
    assembly = led(suitability={"bob": 3})
    assert assembly.leader() == "bob"
    heirs = {"": "cyd", "bob": "cyd"}
    if heir == "bob":
        heir = ""
    assembly.hear("bob", StepDown(1, GROUP, heir))
    assert assembly.leaderships["bob"].role == ""
    assert assembly.run_until_led() <= 1.5
    assert assembly.leader() == heirs.get(heir, heir)


def test_a_leader_that_steps_down_keeps_the_group_until_its_service_has_stopped():
    assembly = led()
    assembly.STOP_SECONDS = 1.5
    assembly.hear("cyd", StepDown(1, GROUP, "ada"))
    assembly.run(1.4)
    assert assembly.said(Release) == []
    assert assembly.run_until_led() <= 1
    assert assembly.leader() == "ada"


def test_a_service_that_never_stops_keeps_the_group_for_a_lease_at_most():
    assembly = led()
    assembly.STOP_SECONDS = 60
    assembly.hear("cyd", StepDown(1, GROUP))
    assert assembly.leaderships["cyd"].role == ""
    assembly.leases.clear()
    assert assembly.run_until_led() <= FAILOVER


def test_a_leader_whose_service_is_unloaded_hands_over():
    assembly = led()
    assembly.serving.remove("cyd")
    assembly.hear("cyd", Withdrawn(GROUP))
    assembly.tell()
    assert assembly.run_until_led() <= 2
    assert assembly.leader() == "bob"


def test_a_leader_that_is_not_fit_hands_over_to_one_that_is():
    assembly = led()
    assembly.stand("cyd", why="exit code 1")
    assert assembly.run_until_led() <= 2
    assert assembly.leader() == "bob"


def test_a_leader_that_is_not_fit_stays_while_nobody_else_is_and_hands_over_once_there_is():
    assembly = led()
    for name in ABC:
        assembly.stand(name, why="exit code 1")
        assembly.run(1)
    assert assembly.leader() == "cyd"
    assembly.stand("ada")
    assembly.run(3)
    assert assembly.leader() == "ada"


def test_a_released_voter_knows_of_no_leader_although_the_ring_still_tells_of_it():
    one = seat(dead=("cyd",))
    one.say_to("bob", Renewal(GROUP, 4, 1, AGREED))
    assert one.drop().contest.leadership(one.now).leader == "bob"
    one.say_to("bob", Release(GROUP, 4, "cyd")).see(*ABC, term=4, leader="bob", electorate=AGREED)
    assert one.contest.leadership(one.now).leader == ""


def test_a_leader_that_is_heard_no_more_is_lost_although_the_ring_still_tells_of_it():
    one = seat()
    one.say_to("bob", Renewal(GROUP, 4, 1, AGREED)).drop()
    one.wait(LEASE - 0.01)
    assert one.take_all(Leadership) == []
    one.wait(0.02)
    assert [told.leader for told in one.take_all(Leadership)] == [""]


def test_a_told_leader_without_a_majority_leads_no_more():
    one = seat(*FIVE, electorate=voters(*FIVE, term=4)).drop()
    assert one.contest.leadership(one.now).leader == "bob"
    one.see(*FIVE, dead=("cyd", "dan", "eve"), term=4, leader="bob")
    told = one.take(Leadership)
    assert (told.leader, told.status) == ("", "no-quorum")


# Suitability


def test_a_fresh_measurement_is_waited_for_when_the_leader_is_lost():
    one = seat().stand(5, measured_at=NOW - 3)
    one.say_to("bob", Renewal(GROUP, 4, 1, AGREED)).drop().wait(LEASE)
    assert one.take(Leadership).leader == ""
    assert one.take_all(Canvass) == []
    one.stand(8, measured_at=one.now)
    one.wait(2 * 0.3)
    assert one.take_all(Canvass)[0][1].suitability == 8


def test_a_measurement_that_does_not_come_is_not_waited_for_for_long():
    one = seat().stand(5, measured_at=NOW - 3)
    one.say_to("bob", Renewal(GROUP, 4, 1, AGREED)).drop().wait(LEASE)
    one.wait(MEASURE_SECONDS + 2 * 0.3)
    assert one.take_all(Canvass)


def test_the_suitability_of_others_is_known_by_what_they_say():
    assembly = led(suitability={"ada": 1, "bob": 2, "cyd": 3})
    assert assembly.leaderships["cyd"].suitability == {"ada": 1, "bob": 2, "cyd": 3}


def test_of_strangers_nothing_is_remembered():
    one = seat()
    for number in range(50):
        one.say_to(f"stranger {number}", Canvass(GROUP, 5, AGREED, 99))
    assert one.contest._suitability == {}


# Failing


def test_a_candidate_that_gets_no_answer_frees_its_voters_and_tries_again_later():
    one = seat(suitability=9).wait(0.01)
    pauses = []
    for _ in range(6):
        while not (asked := one.take_all(Canvass)):
            one.wake()
        began = one.now
        one.say_to("bob", Leaning(GROUP, asked[0][1].term, True, False, 4, AGREED, "", 0))
        assert len(one.take_all(Candidacy)) == 2
        one.wait(ANSWER_SECONDS)
        assert len(one.take_all(Release)) == 2
        assert one.contest.voter.bond.leader == ""
        pauses.append(one.role.out.wake - began - ANSWER_SECONDS)
        one.drop()
    assert max(pauses) <= 0.4 * 2**3 + 2 * 0.3
    assert max(pauses[3:]) > max(pauses[:1])


def test_a_candidate_learns_of_a_later_term_from_those_who_refuse():
    one = seat(suitability=9).wait(0.01)
    asked = one.take_all(Canvass)
    later = voters(*ABC, "dan", term=7)
    one.say_to("bob", Leaning(GROUP, asked[0][1].term, False, False, 7, later, "cyd", 0))
    assert (one.record.term, one.record.electorate) == (7, later)
    one.see(*ABC, "dan").wait(2)
    assert one.take_all(Canvass)[0][1].term == 8


def test_late_answers_to_another_attempt_count_for_nothing():
    one = seat(suitability=9).wait(0.01)
    term = one.take_all(Canvass)[0][1].term
    one.say_to("bob", Leaning(GROUP, term - 1, True, False, 4, AGREED, "", 0))
    one.say_to("bob", Vote(GROUP, term, True, term))
    one.say_to("zoe", Leaning(GROUP, term, True, False, 4, AGREED, "", 0))
    assert one.take_all(Candidacy) == []


def test_a_win_that_comes_too_late_is_none():
    one = seat(suitability=9).wait(0.01)
    term = one.take_all(Canvass)[0][1].term
    one.say_to("bob", Leaning(GROUP, term, True, False, 4, AGREED, "", 0))
    one.now += 5
    one.say_to("bob", Vote(GROUP, term, True, term))
    assert one.contest.reign is None
    assert len(one.take_all(Release)) == 2


# A vote is kept before it is said


@pytest.mark.parametrize(
    ("ballot", "answer"),
    [(Candidacy(GROUP, 5, AGREED), Vote), (Renewal(GROUP, 5, 1, voters(*ABC, term=5)), Renewed)],
)
def test_what_is_said_rests_on_what_was_kept_in_the_same_breath(ballot, answer):
    one = seat().drop()
    one.say_to("bob", ballot)
    assert one.answer(answer).granted
    (record,) = one.kept
    assert (record.key, record.durable) == (f"ballot/{GROUP}", True)
    one.drop().say_to("bob", ballot)
    assert one.answer(answer).granted
    assert one.kept == []


# Whatever is heard, in whatever order

names = st.sampled_from((*FIVE, "zoe"))
electorates = st.builds(
    Electorate,
    st.integers(0, 6),
    st.integers(0, 2),
    st.sampled_from((ABC, FIVE, ("bob", "cyd", "dan"), ())),
)
terms = st.integers(0, 8)
flags = st.booleans()
group = st.just(GROUP)
small = st.integers(0, 9)
plausible = st.one_of(
    st.builds(Canvass, group, terms, electorates, small),
    st.builds(Leaning, group, terms, flags, flags, terms, electorates, names | st.just(""), small),
    st.builds(Candidacy, group, terms, electorates),
    st.builds(Vote, group, terms, flags, terms),
    st.builds(Renewal, group, terms, small, electorates),
    st.builds(Renewed, group, terms, small, flags, terms, small, flags),
    st.builds(Release, group, terms, names | st.just("")),
)
wild = valid(AnyBallot).map(lambda ballot: replace(ballot, service_group=GROUP))
pauses = st.sampled_from((0.0, 0.01, 0.3, 1.0, LEASE, 10.0))
events = st.lists(st.tuples(names, plausible | plausible | wild, pauses), max_size=40)


@settings(max_examples=300, deadline=None)
@given(events, st.sets(st.sampled_from(FIVE), max_size=2))
def test_whatever_ballots_come_it_never_raises_votes_twice_or_breaks_its_word(events, dead):
    one = seat(*FIVE, electorate=voters(*FIVE, term=4), dead=sorted(dead - {"ada"}))
    votes = {}
    for name, ballot, pause in events:
        one.drop().wait(pause)
        one.drop()
        bond, term = one.contest.voter.bond, one.record.term
        one.say_to(name, ballot)
        assert one.record.term >= term
        for _, answer in one.take_all(Vote):
            if answer.granted:
                assert votes.setdefault(answer.term, name) == name
                assert bond.leader in ("", name) or one.now >= bond.until
        for _, answer in one.take_all(Renewed):
            assert not answer.granted or answer.term >= term
        if one.record.vote == "ada":
            assert votes.setdefault(one.record.term, "ada") == "ada"
