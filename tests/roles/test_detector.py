"""Who is alive? What one detector does about it, in virtual time."""

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import DetectorConfig
from habactors.protocol.health import Health
from habactors.protocol.heat import SENDS_FLOOR
from habactors.protocol.lifecycle import Identity, Peer, Start, Wake
from habactors.protocol.limits import INTRODUCTIONS_MAX, WHY_CHARACTERS_MAX
from habactors.protocol.news import Accusation, CatchUp, News, Overheard, Snapshot
from habactors.protocol.probes import Ack, Ping, PingRequest
from habactors.protocol.rumors import AnyRumor, Departure, Key, Membership
from habactors.protocol.transport import LinkLost, Probed
from habactors.roles.detector import ERRANDS_MAX, Detector
from habactors.roles.suspicions import suspicion_seconds
from tests import strategies
from tests.roles.stage import ADA, DETECTION, NOW, Stage, known, member, peer

PERIOD = DETECTION.period_seconds
IN_TIME = 0.9 * DETECTION.ping_timeout_seconds
EPOCH = 7


def detector(me=ADA, settings=DETECTION, seed=1):
    return Detector(me, settings, Random(seed))


def ring_of(*members, settings=DETECTION, seed=1):
    """Ada's detector, once it knows these members."""
    stage = Stage(detector(settings=settings, seed=seed)).start()
    stage.take(CatchUp)
    own = member("ada")
    return stage.hear(Snapshot(EPOCH, 0, known(own, *members)))


def names(count):
    return [f"m{number:02}" for number in range(count)]


class Newsroom:
    """Tells a stage what changed, without gaps."""

    def __init__(self, stage):
        self.stage = stage
        self.version = 0

    def tell(self, *rumors, since=None, gone=()):
        self.version += 1
        since = self.stage.now if since is None else since
        self.stage.hear(News(EPOCH, self.version, known(*rumors, since=since), gone))


def next_ping(stage):
    """Wait for the next turn: whom the ping went to, and the ping."""
    for _ in range(100):
        pings = stage.take_all(Ping)
        if pings:
            (ping,) = pings
            return ping
        stage.wake()
    raise AssertionError("nobody was pinged")


def answer(stage, receiver, ping, *introductions):
    stage.hear(Probed(receiver, Ack(ping.sequence, ping.target, introductions)))


# Probing


def test_at_its_start_it_asks_for_all_that_stands():
    stage = Stage(detector()).start()
    stage.take(CatchUp)
    stage.expect_nothing()


def test_alone_it_sleeps():
    stage = ring_of()
    assert stage.role.out.wake is None
    stage.wait(60).expect_nothing()
    assert stage.wakes == 0


def test_the_first_turn_comes_within_a_period_of_the_first_acquaintance():
    stage = ring_of()
    Newsroom(stage).tell(member("bob"))
    stage.wait(PERIOD)
    assert [receiver for receiver, _ in stage.take_all(Ping)] == [peer("bob")]


def test_each_period_one_member_is_pinged_in_turn():
    stage = ring_of(*map(member, names(5)))
    pinged = []
    for _ in range(10):
        receiver, ping = next_ping(stage)
        assert (receiver.id, receiver.address) == (ping.target, f"{ping.target}:9638")
        pinged.append((stage.now, ping.target))
        answer(stage, receiver, ping)
    times, targets = zip(*pinged, strict=True)
    assert sorted(targets[:5]) == sorted(targets[5:]) == names(5)
    assert times[-1] - times[0] == pytest.approx(9 * PERIOD)


def test_all_answer_and_nobody_is_accused():
    stage = ring_of(*map(member, names(5)))
    for _ in range(20):
        answer(stage, *next_ping(stage))
        assert stage.role._trials == {}
    assert stage.take_all(Accusation) == []
    assert stage.take_all(PingRequest) == []


def test_no_two_trials_share_a_sequence_number():
    stage = ring_of(*map(member, names(4)))
    stage.wait(20)
    pings = [ping.sequence for _, ping in stage.take_all(Ping)]
    assert len(pings) == len(set(pings)) >= 20


def test_when_no_answer_comes_in_time_helpers_are_asked():
    stage = ring_of(*map(member, names(6)))
    _, ping = next_ping(stage)
    stage.wait(DETECTION.ping_timeout_seconds)
    asked = stage.take_all(PingRequest)
    assert len({receiver.id for receiver, _ in asked}) == DETECTION.helpers
    for receiver, request in asked:
        assert receiver.id != ping.target
        assert (request.sequence, request.target) == (ping.sequence, ping.target)
        assert request.address == f"{ping.target}:9638"
    assert stage.take_all(Accusation) == []


def test_only_members_held_for_alive_are_asked_to_help():
    stage = ring_of(
        member("bob"),
        member("cyd", health=Health.SUSPECT),
        member("dan", health=Health.CONFIRMED, permanent=True),
        member("eve"),
    )
    stage.wait(10)
    requests = stage.take_all(PingRequest)
    assert {receiver.id for receiver, _ in requests} == {"bob", "eve"}


def test_an_answer_through_a_helper_clears_the_member():
    stage = ring_of(*map(member, names(4)))
    _, ping = next_ping(stage)
    stage.wait(DETECTION.ping_timeout_seconds)
    helper, request = stage.take_all(PingRequest)[0]
    stage.hear(Probed(helper, Ack(request.sequence, request.target)))
    stage.wait(DETECTION.ping_timeout_seconds)
    assert ping.target not in [found.member_id for found in stage.take_all(Accusation)]


def test_a_late_answer_of_the_member_itself_clears_it_too():
    stage = ring_of(*map(member, names(4)))
    receiver, ping = next_ping(stage)
    stage.wait(DETECTION.ping_timeout_seconds)
    answer(stage, receiver, ping)
    stage.wait(DETECTION.ping_timeout_seconds)
    assert stage.take_all(Accusation) == []


def test_without_any_answer_by_the_end_of_the_period_the_member_is_accused_with_the_evidence():
    stage = ring_of(*map(member, names(3)))
    _, ping = next_ping(stage)
    began = stage.now
    stage.wait(PERIOD / 2)
    helpers = [receiver.id for receiver, _ in stage.take_all(PingRequest)]
    stage.wait(PERIOD / 2)
    accusation = stage.take(Accusation)
    assert accusation.member_id == ping.target
    assert accusation.level == Health.SUSPECT
    assert accusation.incarnation == 1
    assert stage.now == pytest.approx(began + PERIOD)
    assert accusation.why.startswith("no answer to a ping by ada in 1.0 s")
    assert accusation.why.endswith(f"nor through {', '.join(helpers)}")


def test_a_pair_of_members_has_no_helpers_and_says_so():
    stage = ring_of(member("bob"))
    next_ping(stage)
    stage.wait(PERIOD)
    assert stage.take(Accusation).why == "no answer to a ping by ada in 1.0 s"
    assert stage.take_all(PingRequest) == []


def test_a_member_called_nobody_can_help_like_anybody():
    stage = ring_of(member("bob"), member("nobody"))
    stage.hear(LinkLost("bob:9638", refused=False)).wait(PERIOD)
    whys = [found.why for found in stage.take_all(Accusation) if found.member_id == "bob"]
    assert whys[0].endswith("nor through nobody")


def test_the_answer_of_somebody_else_clears_nobody():
    stage = ring_of(member("bob"))
    receiver, ping = next_ping(stage)
    stage.hear(Probed(receiver, Ack(ping.sequence, "cyd")))
    stage.hear(Probed(receiver, Ack(ping.sequence + 1, "bob")))
    stage.wait(PERIOD)
    assert stage.take(Accusation).member_id == "bob"


def test_who_is_suspect_already_is_not_accused_again():
    stage = ring_of(member("bob", health=Health.SUSPECT))
    stage.wait(3 * PERIOD)
    assert stage.take_all(Accusation) == []
    assert len(stage.take_all(Ping)) >= 3


def test_who_is_forgotten_while_on_trial_is_not_accused():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    _, ping = next_ping(stage)
    news.tell(gone=(("membership", ping.target), ("membership", "never heard")))
    stage.wait(PERIOD / 2)
    assert stage.take_all(PingRequest) == []
    assert stage.role._trials == {}
    stage.wait(PERIOD / 2)
    assert stage.take_all(Accusation) == []


def test_who_shows_a_new_incarnation_while_on_trial_is_not_accused():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    next_ping(stage)
    news.tell(member("bob", 2))
    stage.wait(0.99 * PERIOD).take_all(Ping)
    stage.wake()
    assert stage.take_all(Accusation) == []


def test_a_node_that_was_a_little_late_itself_gives_its_helpers_their_time():
    stage = ring_of(*map(member, names(4)))
    _, ping = next_ping(stage)
    late = 0.9 * DETECTION.ping_timeout_seconds
    stage.wake_late(DETECTION.ping_timeout_seconds + late)
    requests = stage.take_all(PingRequest)
    assert {request.target for _, request in requests} == {ping.target}
    stage.wait(late)
    assert stage.take_all(Accusation) == []
    stage.wait(PERIOD - late)
    assert [found.member_id for found in stage.take_all(Accusation)] == [ping.target]


def test_a_node_that_stood_still_accuses_nobody_for_its_own_silence():
    stage = ring_of(*map(member, names(4)))
    _, ping = next_ping(stage)
    stage.wait(DETECTION.ping_timeout_seconds)
    stage.wake_late(40 * PERIOD)
    answer(stage, peer(ping.target), ping)
    stage.wait(0.9 * DETECTION.ping_timeout_seconds)
    assert stage.take_all(Accusation) == []
    stage.wait(4 * PERIOD)
    assert len(stage.take_all(Accusation)) >= 3


def test_a_node_that_stood_still_gives_its_suspects_time_to_have_refuted():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    news.tell(member("bob", health=Health.SUSPECT), member("cyd", health=Health.SUSPECT))
    stage.wait(1)
    stage.now += 1_000
    news.tell(member("bob", 2))
    assert confirmed(stage) == []
    stage.wait(suspicion_seconds(3, PERIOD) + 2 * PERIOD)
    assert {found.member_id for found in confirmed(stage)} == {"cyd"}


def test_an_accusation_fits_a_letter_however_many_helpers_there_were():
    many = DetectorConfig(period_seconds=1.0, ping_timeout_seconds=0.5, helpers=50)
    stage = ring_of(*(member(f"{'x' * 60}{name}") for name in names(30)), settings=many)
    next_ping(stage)
    stage.wait(PERIOD)
    assert len(stage.take_all(Accusation)[0].why) == WHY_CHARACTERS_MAX


# Suspicion


def test_a_suspect_that_does_not_refute_in_time_is_confirmed():
    stage = ring_of(member("bob"), member("cyd"))
    Newsroom(stage).tell(member("bob", health=Health.SUSPECT, why="no answer to cyd"))
    seconds = suspicion_seconds(3, PERIOD)
    stage.wait(seconds - 0.01)
    assert confirmed(stage) == []
    stage.wait(0.02)
    (accusation,) = confirmed(stage)
    assert (accusation.member_id, accusation.incarnation) == ("bob", 1)
    assert accusation.why == "no answer to cyd; not refuted in time"


def confirmed(stage):
    accusations = stage.take_all(Accusation)
    return [accusation for accusation in accusations if accusation.level == Health.CONFIRMED]


def test_two_suspicions_end_each_at_its_own_time_to_the_moment():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    ends = {}
    for name in ("bob", "cyd"):
        news.tell(member(name, health=Health.SUSPECT))
        ends[name] = stage.now + suspicion_seconds(3, PERIOD)
        stage.wait(0.001)
    for name, end in ends.items():
        stage.wait(end - stage.now)
        assert [found.member_id for found in confirmed(stage)] == [name]


def test_a_suspect_that_refutes_in_time_is_forgiven():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    news.tell(member("bob", health=Health.SUSPECT))
    stage.wait(1)
    news.tell(member("bob", 2))
    stage.wait(30)
    assert confirmed(stage) == []


def test_a_suspect_that_answers_is_not_forgiven_before_it_refutes():
    stage = ring_of(member("bob", health=Health.SUSPECT))
    receiver, ping = next_ping(stage)
    assert ping.introductions == (member("bob", health=Health.SUSPECT),)
    answer(stage, receiver, ping)
    assert stage.role.members["bob"].health is Health.SUSPECT


def test_a_suspicion_begins_when_the_node_heard_of_it_not_when_its_detector_restarted():
    stage = Stage(detector()).start()
    suspect = member("bob", health=Health.SUSPECT)
    seconds = suspicion_seconds(2, PERIOD)
    stage.hear(Snapshot(EPOCH, 4, known(suspect, since=NOW - seconds + 1)))
    stage.wait(0.99)
    assert confirmed(stage) == []
    stage.wait(0.02)
    assert [found.member_id for found in confirmed(stage)] == ["bob"]


def test_a_suspicion_from_the_future_of_a_clock_set_back_begins_now():
    stage = Stage(detector()).start()
    suspect = member("bob", health=Health.SUSPECT)
    stage.hear(Snapshot(EPOCH, 4, known(suspect, since=NOW + 1e6)))
    stage.wait(suspicion_seconds(2, PERIOD) + 0.01)
    assert len(confirmed(stage)) == 1


def test_a_confirmation_that_got_lost_is_said_again_until_the_news_agrees():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    news.tell(member("bob", health=Health.SUSPECT))
    stage.wait(suspicion_seconds(3, PERIOD) + 3.5 * PERIOD)
    assert [found.member_id for found in confirmed(stage)] == ["bob"] * 4
    news.tell(member("bob", health=Health.CONFIRMED))
    stage.wait(5 * PERIOD)
    assert [found.member_id for found in confirmed(stage)] == []


def test_who_is_suspected_anew_has_the_whole_time_anew():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    news.tell(member("bob", 1, Health.SUSPECT))
    seconds = suspicion_seconds(2, PERIOD)
    stage.wait(seconds - 0.1)
    news.tell(member("bob", 2, Health.SUSPECT))
    stage.wait(seconds - 0.1)
    assert confirmed(stage) == []
    stage.wait(0.2)
    assert [found.incarnation for found in confirmed(stage)] == [2]


# Whom it probes


def test_the_dead_are_left_in_peace():
    stage = ring_of(member("bob", health=Health.CONFIRMED))
    stage.wait(10).expect_nothing()


def test_permanent_members_are_probed_for_ever():
    stage = ring_of(member("bob", health=Health.CONFIRMED, permanent=True))
    stage.wait(100)
    assert len(stage.take_all(Ping)) >= 99
    stage.expect_nothing()


def test_the_dead_are_probed_again_when_they_are_back():
    stage = ring_of(member("bob", health=Health.CONFIRMED))
    Newsroom(stage).tell(member("bob", 2))
    assert next_ping(stage)[0] == peer("bob")


@pytest.mark.parametrize("order", [1, -1], ids=["membership first", "departure first"])
def test_the_departed_are_never_probed_suspected_or_accused(order):
    gone = [
        member("bob", health=Health.SUSPECT, permanent=True),
        Departure("bob", "cyd"),
    ]
    stage = ring_of(*gone[::order])
    stage.wait(60).expect_nothing()
    Newsroom(stage).tell(member("bob", 9, Health.SUSPECT))
    stage.wait(60).expect_nothing()


def test_who_departs_while_on_trial_or_suspected_is_not_accused():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    news.tell(member("cyd", health=Health.SUSPECT))
    stage.hear(LinkLost("bob:9638", refused=True))
    news.tell(Departure("bob", "ada"), Departure("cyd", "ada"))
    stage.drop().wait(60).expect_nothing()


def test_a_departure_that_is_forgotten_counts_no_more():
    stage = ring_of(member("bob"), Departure("bob", "cyd"))
    Newsroom(stage).tell(gone=(("departure", "bob"),))
    assert next_ping(stage)[0] == peer("bob")


def test_a_snapshot_brings_back_what_it_lists_and_forgets_the_rest():
    stage = ring_of(member("bob"), member("cyd", health=Health.SUSPECT), Departure("dan", "ada"))
    stage.hear(Snapshot(EPOCH + 1, 0, known(member("ada"), member("dan"))))
    stage.wait(30)
    assert {receiver.id for receiver, _ in stage.take_all(Ping)} == {"dan"}
    assert confirmed(stage) == []


# Following the news


def test_a_gap_in_the_news_asks_for_all_of_it():
    stage = ring_of()
    stage.hear(News(EPOCH, 2, known(member("bob"))))
    stage.take(CatchUp)
    assert "bob" not in stage.role.members
    stage.hear(Snapshot(EPOCH, 2, known(member("bob"))))
    stage.hear(News(EPOCH, 3, known(member("cyd"))))
    stage.expect_nothing()
    assert list(stage.role.members) == ["bob", "cyd"]


def test_news_of_another_life_of_the_disseminator_is_a_gap():
    stage = ring_of()
    stage.hear(News(EPOCH + 1, 1, known(member("bob"))))
    stage.take(CatchUp)


def test_stale_news_and_stale_snapshots_change_nothing():
    stage = ring_of()
    news = Newsroom(stage)
    news.tell(member("bob"))
    news.tell(member("bob", 2))
    stage.hear(News(EPOCH, 1, known(member("bob"))), Snapshot(EPOCH, 1, known(member("bob"))))
    assert stage.role.members["bob"].incarnation == 2
    stage.expect_nothing()


def test_it_does_not_take_itself_for_somebody_else():
    stage = ring_of(member("ada", health=Health.SUSPECT))
    stage.wait(60).expect_nothing()
    assert "ada" not in stage.role.members


# Answering and helping


def test_it_answers_a_ping_over_the_link_that_it_came_by():
    stage = ring_of(member("bob"))
    stage.hear(Probed(peer("bob", b"route"), Ping(31, "ada")))
    assert stage.take(Ack) == (peer("bob", b"route"), Ack(31, "ada"))


def test_it_answers_strangers_too():
    stage = Stage(detector()).start().drop()
    stage.hear(Probed(peer("bob"), Ping(31, "ada")))
    assert stage.take(Ack) == (peer("bob"), Ack(31, "ada"))


def test_it_does_not_answer_for_another_id():
    stage = ring_of(member("bob"))
    stage.hear(Probed(peer("bob"), Ping(31, "ada-of-old")))
    stage.expect_nothing()


def test_it_pings_for_another_member_and_passes_the_answer_on():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(Probed(peer("bob", b"route"), PingRequest(7, "cyd", "cyd:1")))
    receiver, ping = stage.take(Ping)
    assert (receiver, ping.target) == (Peer("cyd", "cyd:1"), "cyd")
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert stage.take(Ack) == (peer("bob", b"route"), Ack(7, "cyd"))
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    stage.expect_nothing()


def test_it_helps_with_members_that_it_does_not_know():
    stage = ring_of()
    stage.hear(Probed(peer("bob"), PingRequest(7, "eve", "eve:9638")))
    assert stage.take(Ping)[0] == peer("eve")


def test_it_passes_on_no_answer_of_somebody_else():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(Probed(peer("bob"), PingRequest(7, "cyd", "cyd:9638")))
    _, ping = stage.take(Ping)
    stage.hear(Probed(peer("eve"), Ack(ping.sequence, "eve")))
    stage.expect_nothing()
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert stage.take(Ack) == (peer("bob"), Ack(7, "cyd"))


def test_errands_and_trials_are_never_confused():
    """Both for the same member at the same time: each answer serves the one it belongs to."""
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(LinkLost("cyd:9638", refused=False))
    _, trial = stage.take(Ping)
    stage.hear(Probed(peer("bob"), PingRequest(trial.sequence, "cyd", "cyd:9638")))
    _, errand = stage.take(Ping)
    assert errand.sequence != trial.sequence
    stage.hear(Probed(peer("cyd"), Ack(errand.sequence, "cyd")))
    assert stage.take(Ack) == (peer("bob"), Ack(trial.sequence, "cyd"))
    stage.wait(PERIOD / 2)
    assert [request.target for _, request in stage.take_all(PingRequest)] == ["cyd"]


def test_an_errand_without_an_answer_is_dropped_after_a_period():
    stage = ring_of(member("bob"))
    stage.hear(Probed(peer("bob"), PingRequest(7, "cyd", "cyd:9638")))
    _, ping = stage.take(Ping)
    stage.wait(PERIOD + 0.01).drop()
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert stage.take_all(Ack) == []


def test_it_runs_only_so_many_errands_at_a_time():
    stage = ring_of()
    request = Probed(peer("bob"), PingRequest(7, "cyd", "cyd:9638"))
    stage.hear(*[request] * (ERRANDS_MAX + 10))
    assert len(stage.take_all(Ping)) == ERRANDS_MAX
    stage.wait(PERIOD).hear(request)
    assert len(stage.take_all(Ping)) == 1


# Introductions


def test_fresh_news_is_introduced_and_cools_down():
    stage = ring_of(member("bob"))
    Newsroom(stage).tell(member("cyd"))
    told = 0
    for _ in range(2 * SENDS_FLOOR):
        stage.hear(Probed(peer("bob"), Ping(1, "ada")))
        told += member("cyd") in stage.take(Ack)[1].introductions
    assert told == SENDS_FLOOR


def test_a_message_introduces_five_at_most_and_what_is_held_against_its_receiver():
    suspect = member("bob", health=Health.SUSPECT)
    stage = ring_of(suspect)
    Newsroom(stage).tell(*map(member, names(20)))
    stage.hear(Probed(peer("bob"), Ping(1, "ada")))
    introductions = stage.take(Ack)[1].introductions
    assert len(introductions) == INTRODUCTIONS_MAX == 6
    assert introductions[-1] == suspect


def test_the_receivers_own_bad_news_is_not_told_twice_in_one_message():
    stage = ring_of(member("bob"))
    Newsroom(stage).tell(member("bob", health=Health.SUSPECT))
    stage.hear(Probed(peer("bob"), Ping(1, "ada")))
    assert stage.take(Ack)[1].introductions == (member("bob", health=Health.SUSPECT),)


def test_who_is_forgotten_is_introduced_no_more():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    news.tell(member("cyd"))
    news.tell(gone=(("membership", "cyd"),))
    stage.hear(Probed(peer("bob"), Ping(1, "ada")))
    assert stage.take(Ack)[1].introductions == ()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda told: Ping(1, "somebody", told),
        lambda told: Ack(1, "somebody", told),
        lambda told: PingRequest(1, "cyd", "cyd:9638", told),
    ],
    ids=["ping", "ack", "ping request"],
)
def test_introductions_that_say_more_than_the_news_are_passed_on(wrap):
    stage = ring_of(member("bob", 3))
    old, new, stranger = member("bob", 2), member("bob", 4), member("dan")
    about_me = member("ada", 9)
    against_me = member("ada", 1, Health.SUSPECT)
    stage.hear(Probed(peer("bob"), wrap((old, new, stranger, about_me, against_me))))
    assert stage.take(Overheard).introductions == (new, stranger, against_me)


def test_introductions_that_say_nothing_new_stay_here():
    stage = ring_of(member("bob", 3))
    stage.hear(Probed(peer("bob"), Ack(1, "bob", (member("bob", 3), member("bob", 2)))))
    stage.expect_nothing()


# Links


def test_a_lost_link_has_its_member_probed_at_once():
    stage = ring_of(*map(member, names(5)))
    stage.hear(LinkLost("m03:9638", refused=False))
    assert [receiver for receiver, _ in stage.take_all(Ping)] == [peer("m03")]


def test_who_is_on_trial_already_is_not_probed_again_for_a_lost_link():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(*[LinkLost("bob:9638", refused=True)] * 5)
    assert len(stage.take_all(Ping)) == 1


def test_all_who_lived_at_the_other_end_of_a_lost_link_are_probed():
    stage = ring_of(member("bob"), Membership("bob-of-old", "bob", "bob:9638", 1))
    stage.hear(LinkLost("bob:9638", refused=True))
    assert {receiver.id for receiver, _ in stage.take_all(Ping)} == {"bob", "bob-of-old"}


def test_a_lost_link_to_a_stranger_or_to_the_dead_means_nothing():
    stage = ring_of(member("bob", health=Health.CONFIRMED))
    stage.hear(LinkLost("bob:9638", refused=True), LinkLost("eve:9638", refused=True))
    stage.expect_nothing()


def test_a_member_whose_link_was_refused_is_accused_after_its_trial():
    stage = ring_of(member("bob"))
    stage.hear(LinkLost("bob:9638", refused=True))
    began = stage.now
    stage.wait(PERIOD)
    assert stage.take_all(Accusation)[0].member_id == "bob"
    assert stage.now == began + PERIOD


# All together


class Change(NamedTuple):
    """What the disseminator says next: so many versions too early, as news or as a snapshot."""

    rumors: tuple[AnyRumor, ...]
    gone: tuple[Key, ...]
    early: int
    whole: bool

    def letter(self, follower):
        version = follower.version + 1 + self.early
        if self.whole:
            return Snapshot(follower.epoch + self.early, max(version, 0), known(*self.rumors))
        return News(follower.epoch, version, known(*self.rumors), self.gone)


messages = st.one_of(
    st.builds(
        Probed,
        strategies.peers,
        st.one_of(
            st.builds(Ping, st.integers(0, 9), strategies.ids, strategies.introductions),
            st.builds(Ack, st.integers(0, 9), strategies.ids, strategies.introductions),
            st.builds(
                PingRequest,
                st.integers(0, 9),
                strategies.ids,
                st.just("dan:9638"),
                strategies.introductions,
            ),
        ),
    ),
    st.builds(
        Change,
        st.lists(strategies.rumors, max_size=4).map(tuple),
        st.lists(strategies.rumors.map(lambda rumor: rumor.key), max_size=2).map(tuple),
        st.sampled_from((0, 0, 0, 0, 1, -1)),
        st.booleans(),
    ),
    st.builds(LinkLost, strategies.ids.map(lambda name: f"{name}:9638"), st.booleans()),
    st.just(Start()),
    st.just(Wake()),
    st.floats(0, 3),
)


@given(st.lists(messages, max_size=25), st.integers(0, 9))
def test_no_message_in_any_order_upsets_it(messages, seed):
    stage = Stage(detector(seed=seed))
    for message in messages:
        match message:
            case float():
                stage.wait(message)
            case Change():
                stage.hear(message.letter(stage.role._follower))
            case _:
                stage.hear(message)
        agree(stage.role)
    stage.wait(2 * PERIOD)
    assert len(stage.role._trials) <= len(stage.role.members) + 1
    assert stage.role._errands == {}


def agree(role):
    """What it remembers in several places is the same everywhere."""
    assert len(role.rotation) == len(role._probed)
    for member_id in role._probed:
        assert member_id not in role.departed
        member = role.members[member_id]
        assert member.permanent or member.health is not Health.CONFIRMED
    for member_id in role.suspicions._deadlines:
        assert role.members[member_id].health is Health.SUSPECT
        assert member_id not in role.departed


def test_a_member_that_is_probed_has_an_identity_of_its_own():
    other = Stage(detector(me=Identity("bob", "bob", "bob:9638"))).start().drop()
    other.hear(Probed(peer("ada"), Ping(1, "bob")))
    assert other.take(Ack)[1].target == "bob"
