"""Does a member answer? What comes of one attempt to reach it."""

import pytest

from habactors.config import DetectorConfig
from habactors.protocol.commands import ExplainMember
from habactors.protocol.health import Health
from habactors.protocol.limits import INTRODUCTIONS_MAX
from habactors.protocol.news import Accusation, Doubted
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import Departure, Membership
from habactors.protocol.transport import LinkLost, Probed
from habactors.roles.trials import PINGS_MAX
from tests.roles.detecting import (
    PERIOD,
    STEADY,
    TIMEOUT,
    Newsroom,
    accusations,
    alone_seconds,
    answer,
    confirmed,
    names,
    next_ping,
    ring_of,
    suspect,
)
from tests.roles.stage import NOW, member, peer

BOB = "bob:9638"
OTHERS = names(5)


def crowd(*members):
    return ring_of(*members, *map(member, OTHERS), settings=STEADY)


def fall(stage, refused=False, address=BOB):
    """The link to bob falls: the pings and the requests that follow."""
    stage.hear(LinkLost(address, refused))
    return stage.take_all(Ping), stage.take_all(PingRequest)


def nack(stage, helper, request, refused=False):
    stage.hear(Probed(helper, Nack(request.sequence, request.target, refused)))


def of_bob(stage):
    return [found for found in stage.take_all(Accusation) if found.member_id == "bob"]


# Links that fall


def test_a_lost_link_has_its_member_pinged_and_helpers_asked_at_once():
    stage = crowd(member("bob"))
    pings, requests = fall(stage)
    assert [receiver for receiver, _ in pings] == [peer("bob")]
    assert {request.sequence for _, request in requests} == {pings[0][1].sequence}
    assert len({helper.id for helper, _ in requests}) == 3
    assert "bob" not in {helper.id for helper, _ in requests}


def test_without_any_answer_the_member_is_suspected_after_the_ping_timeout():
    stage = crowd(member("bob"))
    fall(stage)
    stage.wait(TIMEOUT - 0.001)
    assert of_bob(stage) == []
    stage.wait(0.002)
    (found,) = of_bob(stage)
    assert (found.level, found.refused) == (Health.SUSPECT, False)


def test_a_link_that_fell_though_its_member_lives_costs_a_ping_and_an_answer():
    stage = crowd(member("bob"))
    ((receiver, ping),), _ = fall(stage)
    answer(stage, receiver, ping)
    stage.wait(TIMEOUT + 0.01)
    assert of_bob(stage) == []


def test_a_ping_that_went_down_with_a_link_is_sent_again_but_not_for_ever():
    stage = crowd(member("bob"))
    ((_, first),), _ = fall(stage)
    again = [ping for _ in range(20) for _, ping in fall(stage)[0]]
    assert [ping.sequence for ping in again] == [first.sequence] * (PINGS_MAX - 1)


def test_all_who_lived_at_the_other_end_are_tried():
    stage = crowd(member("bob"), Membership("bob-of-old", "bob", BOB, 1))
    pings, _ = fall(stage)
    assert {ping.target for _, ping in pings} == {"bob", "bob-of-old"}


# Refusals


def test_a_refusal_has_helpers_asked_at_once_and_is_no_proof_by_itself():
    stage = crowd(member("bob"))
    next_ping(stage)
    pings, requests = fall(stage, refused=True)
    assert len(requests) == 3
    assert of_bob(stage) == []
    assert len(pings) <= 1


def test_who_is_refused_to_us_and_to_a_helper_is_confirmed_at_once():
    stage = crowd(member("bob"))
    _, ((helper, request), *_) = fall(stage, refused=True)
    fall(stage, refused=True)  # the ping that looked after it
    nack(stage, helper, request, refused=True)
    (found,) = of_bob(stage)
    assert (found.level, found.refused, found.incarnation) == (Health.CONFIRMED, True, 1)
    assert found.why == f"connection refused to ada, {helper.id}"
    stage.wait(PERIOD)
    assert confirmed(stage) == []


def test_the_refusals_may_come_in_any_order():
    stage = crowd(member("bob"))
    _, ((helper, request), *_) = fall(stage)
    nack(stage, helper, request, refused=True)
    assert of_bob(stage) == []
    fall(stage, refused=True)
    assert [found.level for found in of_bob(stage)] == [Health.CONFIRMED]


def test_a_helper_that_was_refused_while_we_were_not_proves_nothing():
    """Our link may be the one that is whole."""
    stage = crowd(member("bob"))
    _, requests = fall(stage)
    for helper, request in requests:
        nack(stage, helper, request, refused=True)
    stage.wait(TIMEOUT + 0.01)
    assert [(found.level, found.refused) for found in of_bob(stage)] == [(Health.SUSPECT, False)]


def test_when_all_helpers_have_said_no_to_a_refusal_nobody_waits_any_longer():
    stage = crowd(member("bob"))
    _, requests = fall(stage)
    fall(stage, refused=True)
    for helper, request in requests:
        assert of_bob(stage) == []
        nack(stage, helper, request)
    assert [(found.level, found.refused) for found in of_bob(stage)] == [(Health.SUSPECT, True)]


def test_one_helper_that_reaches_the_member_outweighs_our_refusal():
    stage = crowd(member("bob"))
    _, ((helper, request), *_) = fall(stage)
    fall(stage, refused=True)
    stage.hear(Probed(helper, Ack(request.sequence, "bob")))
    stage.wait(PERIOD)
    assert [found for found in of_bob(stage) if found.refused] == []


def test_nobodys_nack_counts_but_that_of_helpers_who_were_asked_and_each_once():
    stage = crowd(member("bob"))
    _, requests = fall(stage)
    fall(stage, refused=True)
    asked = [helper.id for helper, _ in requests]
    stranger = next(name for name in OTHERS if name not in asked)
    sequence = requests[0][1].sequence
    stage.hear(
        Probed(peer(stranger), Nack(sequence, "bob", refused=True)),
        Probed(peer("eve"), Nack(sequence, "bob", refused=True)),
        Probed(peer(asked[0]), Nack(sequence, "cyd", refused=True)),
        Probed(peer(asked[0]), Nack(sequence + 1, "bob", refused=True)),
        *[Probed(peer(asked[0]), Nack(sequence, "bob"))] * 3,
    )
    assert of_bob(stage) == []


def test_in_a_ring_of_two_one_refusal_is_proof():
    stage = ring_of(member("bob"))
    fall(stage, refused=True)
    fall(stage, refused=True)
    assert [found.level for found in of_bob(stage)] == [Health.CONFIRMED]
    assert of_bob(stage) == []


def test_a_refusal_of_who_restarted_meanwhile_is_held_against_nobody():
    stage = crowd(member("bob"))
    news = Newsroom(stage)
    _, ((helper, request), *_) = fall(stage)
    news.tell(member("bob", 2))
    fall(stage, refused=True)
    nack(stage, helper, request, refused=True)
    assert of_bob(stage) == []


# Doubts


def dead(incarnation=1, by="eve"):
    return member("bob", incarnation, Health.CONFIRMED, by=by)


def doubted(stage, rumor=None):
    """Somebody holds bob for dead: the ping that checks it."""
    stage.hear(Doubted(rumor or dead()))
    return stage.take(Ping)


def test_a_doubt_is_checked_by_a_ping_that_tells_the_member_what_is_said_of_it():
    stage = crowd(member("bob"))
    receiver, ping = doubted(stage)
    assert (receiver, ping.introductions) == (peer("bob"), (dead(),))


def test_the_doubt_is_told_even_when_there_is_much_other_news():
    stage = crowd(suspect("bob"))
    Newsroom(stage).tell(*map(member, names(20)))
    _, ping = doubted(stage)
    assert len(ping.introductions) <= INTRODUCTIONS_MAX
    assert dead() in ping.introductions


def test_who_answers_a_doubt_is_not_accused():
    stage = crowd(member("bob"))
    answer(stage, *doubted(stage))
    stage.wait(PERIOD)
    assert confirmed(stage) == []


def test_who_does_not_answer_a_doubt_nor_through_helpers_is_confirmed():
    stage = crowd(member("bob"))
    doubted(stage, dead(3))
    stage.wait(TIMEOUT + 0.001)
    requests = [one for one in stage.take_all(PingRequest) if one[1].target == "bob"]
    assert len(requests) == 3
    stage.wait(PERIOD - TIMEOUT)
    found = [one for one in confirmed(stage) if one.member_id == "bob"]
    assert [one.incarnation for one in found] == [3]


def test_one_refusal_is_enough_to_believe_what_others_have_found():
    stage = crowd(member("bob"))
    doubted(stage)
    fall(stage, refused=True)
    assert [found.level for found in of_bob(stage)] == [Health.CONFIRMED]


def test_a_doubt_about_who_is_being_tried_goes_along_with_that_trial():
    stage = crowd(member("bob"))
    ((_, first),), _ = fall(stage)
    stage.hear(Doubted(dead()))
    _, again = stage.take(Ping)
    assert again.sequence == first.sequence
    assert dead() in again.introductions
    stage.hear(Doubted(dead()))
    assert stage.take_all(Ping) == []
    fall(stage, refused=True)
    assert [found.level for found in of_bob(stage)] == [Health.CONFIRMED]


def test_a_doubt_about_whose_host_has_refused_already_is_settled_at_once():
    stage = crowd(member("bob"))
    fall(stage)
    fall(stage, refused=True)
    stage.hear(Doubted(dead()))
    assert [found.level for found in of_bob(stage)] == [Health.CONFIRMED]


@pytest.mark.parametrize(
    "view",
    [
        (),
        (member("bob", health=Health.CONFIRMED, by="cyd"),),
        (member("bob"), Departure("bob", "eve")),
    ],
    ids=["unknown", "dead", "departed"],
)
def test_a_doubt_about_who_is_not_held_for_alive_needs_no_check(view):
    stage = crowd(*view)
    stage.hear(Doubted(dead()))
    stage.expect_nothing()


# Who answers though it is suspected


def test_who_answers_after_it_was_suspected_is_not_confirmed_but_told_again():
    """Its refutation may be lost, or late."""
    stage = ring_of(suspect("bob"), settings=STEADY)
    end = stage.now + alone_seconds(2) + 10 * PERIOD
    pings = []
    while stage.now < end:
        stage.wait(0.1)
        for receiver, ping in stage.take_all(Ping):
            answer(stage, receiver, ping)
            pings.append(ping)
    assert confirmed(stage) == []
    assert all(suspect("bob") in ping.introductions for ping in pings)


def test_who_answered_since_it_was_suspected_is_pinged_once_more_when_its_time_is_over():
    stage = crowd(suspect("bob", by=("x", "y", "z")))
    answer(stage, *fall(stage)[0][0])
    stage.wait(0.4 * PERIOD)
    stage.hear(LinkLost(BOB, refused=False))
    answer(stage, *next(pair for pair in stage.take_all(Ping) if pair[1].target == "bob"))
    began = stage.now
    while not any(ping.target == "bob" for _, ping in stage.take_all(Ping)):
        stage.wake()
    assert stage.now == pytest.approx(NOW + PERIOD)
    assert began < stage.now
    assert confirmed(stage) == []


def test_a_suspect_that_answered_and_then_fell_silent_is_confirmed_after_all():
    """It died before it could refute: everybody has had an answer since it was suspected."""
    stage = ring_of(suspect("bob"), settings=STEADY)
    answer(stage, *next_ping(stage))
    stage.wait(alone_seconds(2) + 2 * PERIOD)
    assert len(confirmed(stage)) >= 1


def test_an_answer_from_before_the_suspicion_saves_nobody():
    stage = crowd(member("bob"))
    answer(stage, *fall(stage)[0][0])
    stage.wait(0.01)
    Newsroom(stage).tell(suspect("bob", by=("x", "y", "z")))
    stage.wait(0.9)
    assert confirmed(stage) == []
    stage.wait(0.2)
    assert [found.member_id for found in confirmed(stage)] == ["bob"]


# All together


def test_no_trial_outlives_its_member_and_nothing_is_remembered_of_strangers():
    stage = crowd(member("bob"))
    ((_, ping),), requests = fall(stage)
    Newsroom(stage).tell(gone=(("membership", "bob"),))
    assert len(stage.role.trials) == 0
    stage.hear(
        Probed(peer("bob"), Ack(ping.sequence, "bob")),
        Probed(requests[0][0], Nack(ping.sequence, "bob", refused=True)),
        LinkLost(BOB, refused=True),
    )
    stage.wait(PERIOD)
    assert of_bob(stage) == []
    assert "bob" not in stage.role.dossier._sightings


def test_a_crash_is_found_and_confirmed_within_a_second_where_hosts_refuse():
    """Not even the first ping is waited for: the watched link falls, all are refused."""
    stage = crowd(member("bob"))
    began = stage.now
    _, requests = fall(stage)
    stage.wait(0.01)
    fall(stage, refused=True)
    stage.wait(0.01)
    nack(stage, *requests[0], refused=True)
    assert [found.level for found in of_bob(stage)] == [Health.CONFIRMED]
    assert stage.now - began < 0.1


def test_sequence_numbers_of_trials_and_errands_never_meet():
    stage = crowd(member("bob"))
    sequences = []
    for number in range(30):
        stage.hear(Probed(peer("m00"), PingRequest(number, "eve", "eve:1")))
        stage.hear(Doubted(member("m01", health=Health.CONFIRMED, by="x")))
        sequences += [(ping.target, ping.sequence) for _, ping in stage.take_all(Ping)]
        stage.wait(0.3)
        sequences += [(ping.target, ping.sequence) for _, ping in stage.take_all(Ping)]
    by_number = {}
    for target, sequence in sequences:
        assert by_number.setdefault(sequence, target) == target


@pytest.mark.parametrize("helpers", [0, 1, 3, 9])
def test_no_more_are_asked_to_help_than_there_are_and_than_are_wanted(helpers):
    settings = DetectorConfig(helpers=helpers)
    stage = ring_of(member("bob"), *map(member, OTHERS), settings=settings)
    _, requests = fall(stage)
    assert len({helper.id for helper, _ in requests}) == min(helpers, len(OTHERS))


def test_an_accusation_is_in_force_only_for_the_incarnation_that_was_silent():
    stage = crowd(member("bob", 4))
    fall(stage)
    stage.wait(TIMEOUT + 0.01)
    assert [found.incarnation for found in accusations(stage, Health.SUSPECT, "bob")] == [4]
    assert stage.hear(ExplainMember(1, "bob")).said
