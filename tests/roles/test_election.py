"""The election role: its contests, what it keeps, and its restarts."""

import msgspec
import pytest

from habactors.protocol.ballots import (
    Candidacy,
    Canvass,
    Leaning,
    Release,
    Renewal,
    Renewed,
    Vote,
)
from habactors.protocol.commands import Answered
from habactors.protocol.leadership import (
    AskLeadership,
    AskStandings,
    Demoted,
    Leadership,
    Stand,
    StepDown,
    Withdrawn,
)
from habactors.protocol.transport import Balloted
from habactors.protocol.views import Recount, Views
from habactors.roles import election
from habactors.roles.voter import Record
from tests.roles.electing import (
    GROUP,
    LEASE,
    Assembly,
    Seat,
    group_view,
    member_view,
    voters,
)
from tests.roles.stage import NOW, peer

ABC = ("ada", "bob", "cyd")
AGREED = voters(*ABC, term=4)


def seat():
    return Seat().start().see(*ABC, term=4, leader="bob", electorate=AGREED)


def led():
    assembly = Assembly(*ABC)
    assembly.run_until_led()
    return assembly.run(1)


def renew_alone(one):
    """Ada leads term 5, and bob grants whatever it asks for."""
    for _ in range(100):
        for kind, answer in ((Canvass, None), (Candidacy, Vote), (Renewal, Renewed)):
            for receiver, ballot in one.take_all(kind):
                if receiver.id == "bob":
                    one.say_to("bob", *answers(ballot, answer))
        if one.contest.reign and one.contest.reign.lease_until > one.now + LEASE / 2:
            return one.drop()
        one.wake()
    raise AssertionError("it never leads")


def answers(ballot, kind):
    if kind is Vote:
        return [Vote(GROUP, ballot.term, True, ballot.term)]
    if kind is Renewed:
        return [Renewed(GROUP, ballot.term, ballot.round, True, ballot.term, 0, True)]
    return [Leaning(GROUP, ballot.term, True, False, 4, AGREED, "", 0)]


def leader():
    """Ada alone on the stage, leading."""
    one = seat()
    one.see(*ABC, dead=("cyd",), term=4, leader="bob", electorate=AGREED)
    return renew_alone(one.stand(9))


# Starting


def test_it_asks_for_the_census_and_for_what_it_stands_for():
    one = Seat().start()
    assert one.take(Recount)
    assert one.take(AskStandings)
    one.expect_nothing()


def test_a_gap_in_the_views_is_noticed_and_a_delta_is_folded():
    one = seat().stand().drop()
    gone = Views(1, 2, False, (), (), gone_members=("cyd",), gone_groups=(GROUP,))
    one.hear(gone)
    assert one.contest.polls.address("cyd") == ""
    assert not one.contest.polls.is_alive("bob")
    one.hear(Views(1, 9, False, (member_view("cyd"),), ()))
    assert one.take(Recount)
    assert one.contest.polls.address("cyd") == ""


def test_a_ring_that_forgets_a_group_does_not_make_the_voters_forget_their_terms():
    one = seat().stand()
    one.hear(Views(9, 1, True, (member_view("ada"),), ()))
    assert (one.record.term, one.record.electorate) == (4, AGREED)


def test_groups_are_apart():
    one = seat().stand().hear(Stand("web.prod", True, 0))
    one.hear(Balloted(peer("bob"), Candidacy("web.prod", 9, voters(*ABC, term=8))))
    assert one.record.term == 4
    assert one.role.contests["web.prod"].voter.record.term == 9


# Restarts


def test_a_voter_that_was_restarted_says_nothing_until_its_votes_bind_no_more():
    one = seat().stand()
    one.say_to("bob", Candidacy(GROUP, 5, AGREED))
    assert one.answer(Vote).granted
    one.restart_actor().see(*ABC)
    one.say_to("cyd", Candidacy(GROUP, 6, AGREED))
    assert not one.answer(Vote).granted
    one.wait(LEASE).drop().say_to("cyd", Candidacy(GROUP, 5, AGREED))
    assert not one.answer(Vote).granted
    one.say_to("cyd", Candidacy(GROUP, 6, AGREED))
    assert one.answer(Vote).granted


@pytest.mark.parametrize("life", ["1", "2"])
def test_what_a_leader_has_voted_survives_in_any_life(life):
    one = leader()
    one.restart_actor(life).see(*ABC)
    assert (one.record.term, one.record.vote) == (5, "ada")


def test_a_restarted_leader_goes_on_in_the_same_life():
    one = leader()
    one.restart_actor("1").see(*ABC).stand(9)
    (asked, *_) = one.wait(0.5).take_all(Renewal)
    one.say_to("bob", Renewed(GROUP, 5, asked[1].round, True, 5, 0, True))
    told = one.take_all(Leadership)[-1]
    assert (told.role, told.term) == ("leader", 5)


def test_a_restarted_leader_says_nothing_before_it_knows_whether_it_still_leads():
    """Who hears that nobody leads stops the service."""
    one = leader()
    one.restart_actor("1").see(*ABC).stand(9).hear(AskLeadership())
    assert one.take_all(Leadership) == []
    one.wait(LEASE)
    assert one.take_all(Leadership)[-1].role == ""


def test_in_another_life_of_the_node_nobody_leads_on():
    one = leader()
    one.restart_actor("2").see(*ABC).stand(9)
    assert one.wait(LEASE - 0.1).take_all(Renewal) == []
    assert one.contest.reign is None


def test_who_has_lost_or_handed_over_does_not_resume():
    one = leader()
    one.hear(StepDown(1, GROUP), Demoted(GROUP, 5))
    assert one.take_all(Release)
    one.restart_actor("1").see(*ABC).stand(9)
    assert one.contest.reign is None


def test_late_answers_to_a_former_life_of_the_actor_make_no_lease():
    one = leader()
    rounds = [ballot.round for _, ballot in one.wait(1.0).take_all(Renewal)]
    one.restart_actor("1").see(*ABC).stand(9)
    one.wait(1.1)
    for number in rounds:
        one.say_to("bob", Renewed(GROUP, 5, number, True, 5, 0, True))
    assert one.contest.reign.lease_until <= one.now
    assert min(ballot.round for _, ballot in one.take_all(Renewal)) > max(rounds)


def test_who_is_told_to_hand_over_right_after_its_restart_waits_for_the_lease_it_may_have():
    one = leader()
    one.restart_actor("1").see(*ABC).stand(9)
    one.drop().hear(StepDown(1, GROUP))
    assert one.take(Leadership).role == ""
    one.wait(LEASE - 0.1)
    assert one.take_all(Release) == []
    one.hear(Demoted(GROUP, 5))
    assert one.take_all(Release)


def test_a_restarted_leader_whose_service_is_gone_does_not_lead_for_ever():
    """That it was unloaded was said while the actor was dead."""
    one = leader()
    one.restart_actor("1").see("bob", "cyd", idle=("ada",))
    for _ in range(30):
        one.wait(0.25)
        for receiver, ballot in one.take_all(Renewal):
            if receiver.id == "bob":
                one.say_to("bob", *answers(ballot, Renewed))
    assert one.contest.reign is None
    assert "stopped or unloaded" in one.take_all(Leadership)[-1].why


def test_records_that_cannot_be_read_are_left_out_and_the_rest_counts():
    one = Seat()
    one.records["ballot/db.prod"] = msgspec.msgpack.encode(Record(7, "bob", AGREED))
    one.records["ballot/web.prod"] = b"\xc1rubbish"
    one.start()
    assert one.record.term == 7
    assert "web.prod" not in one.role.contests


def test_who_has_lost_its_memory_is_silent_for_a_while():
    one = Seat().start(damaged=True).see(*ABC, term=4, leader="bob", electorate=AGREED).stand()
    one.say_to("bob", Candidacy(GROUP, 5, AGREED))
    assert not one.answer(Vote).granted
    one.wait(LEASE).say_to("bob", Candidacy(GROUP, 5, AGREED))
    assert one.answer(Vote).granted


@pytest.mark.parametrize("who", ABC)
@pytest.mark.parametrize("life", ["1", "2"])
def test_an_actor_or_node_that_is_restarted_costs_at_most_one_election(who, life):
    assembly = led()
    term = assembly.term()
    if life == "2":
        assembly.leases.pop(who, None)
    assembly.restart_actor(who, life).run(2 * LEASE).run_until_led()
    disturbed = who == "cyd" and life == "2"
    assert assembly.term() <= term + disturbed
    assert disturbed or assembly.leader() == "cyd"


def test_all_actors_restarted_at_once_go_on_under_the_same_leader():
    assembly = led()
    for name in ABC:
        assembly.restart_actor(name)
    assembly.run(1)
    assert (assembly.leader(), assembly.term()) == ("cyd", 1)


def test_all_nodes_restarted_at_once_have_a_leader_again():
    assembly = led()
    for name in ABC:
        assembly.leases.clear()
        assembly.restart_actor(name, "2")
    assert assembly.run_until_led() <= 2 * LEASE
    assert assembly.term() == 2


# Orders and questions


def test_whoever_does_not_lead_refuses_to_step_down():
    one = seat().stand().drop().hear(StepDown(7, GROUP), StepDown(8, "web.prod"))
    refused = one.take_all(Answered)
    assert [answer.code for answer in refused] == ["conflict", "conflict"]
    assert refused[0].message == f"ada does not lead {GROUP}"


def test_the_same_order_is_answered_alike_although_it_is_done_already():
    one = leader().hear(StepDown(7, GROUP), Demoted(GROUP, 5), StepDown(7, GROUP))
    assert [answer.message for answer in one.take_all(Answered)] == [f"ada hands {GROUP} over"] * 2


def test_who_asks_hears_of_all_groups():
    one = seat().stand().hear(Stand("web.prod", True, 0)).drop().hear(AskLeadership())
    assert {told.service_group for told in one.take_all(Leadership)} == {GROUP, "web.prod"}
    one.hear(AskLeadership()).hear(AskLeadership())
    assert len(one.take_all(Leadership)) == 4


def test_what_has_not_changed_is_not_said_again():
    one = seat().stand().drop()
    one.see(*ABC, term=4, leader="bob", electorate=AGREED)
    assert one.take_all(Leadership) == []


@pytest.mark.parametrize("term", [4, 5])
def test_only_the_end_of_its_own_leadership_ends_a_reign(term):
    one = leader().hear(StepDown(1, GROUP), Demoted(GROUP, term))
    assert bool(one.take_all(Release)) is (term == 5)


# Strangers


def test_groups_that_others_speak_of_are_bounded_and_ones_own_are_not(monkeypatch):
    monkeypatch.setattr(election, "CONTESTS_MAX", 3)
    one = Seat().start().see(*ABC)
    for number in range(9):
        one.say_to("bob", Candidacy(f"web.{number}", 1, voters(*ABC)))
    assert len(one.role.contests) == 3
    one.stand()
    assert one.contest.standing
    one.drop().say_to("bob", Canvass(GROUP, 1, voters(*ABC), 9))
    assert one.sent


def test_who_is_in_no_census_gets_no_answer():
    one = seat().stand().drop()
    one.say_to("zoe", Canvass(GROUP, 5, AGREED, 9), Renewal(GROUP, 5, 1, AGREED))
    assert one.sent == []


def test_nobody_withdraws_from_what_nobody_has_heard_of():
    one = Seat().start().hear(Withdrawn(GROUP), Demoted(GROUP, 1))
    assert one.role.contests == {}


def test_a_new_contest_knows_what_the_ring_has_told_before():
    view = group_view(ABC, {}, term=4, leader="bob", electorate=AGREED)
    members = tuple(map(member_view, ABC))
    one = Seat().start().hear(Views(1, 1, True, members, (view,)))
    assert one.drop().stand().record.term == 4
    assert one.take(Leadership).leader == "bob"
    assert one.now == NOW
