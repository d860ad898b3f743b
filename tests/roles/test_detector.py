"""Who is alive? What one detector does about it, in virtual time."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import DetectorConfig
from habactors.protocol.commands import ExplainMember
from habactors.protocol.health import Health
from habactors.protocol.heat import SENDS_FLOOR
from habactors.protocol.lifecycle import Identity, Start, Wake
from habactors.protocol.limits import EVIDENCE_CHARACTERS_MAX, INTRODUCTIONS_MAX
from habactors.protocol.news import Accusation, CatchUp, Doubted, News, Overheard, Snapshot
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import AnyRumor, Departure, Key, Membership
from habactors.protocol.transport import LinkLost, Probed, WireStarted
from tests import strategies
from tests.roles.detecting import (
    EPOCH,
    PERIOD,
    STEADY,
    Newsroom,
    accusations,
    alone_seconds,
    answer,
    confirmed,
    detector,
    names,
    next_ping,
    ring_of,
    suspect,
)
from tests.roles.stage import DETECTION, NOW, Stage, known, member, peer

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
        assert len(stage.role.trials) == 0
    assert stage.take_all(Accusation) == []
    assert stage.take_all(PingRequest) == []


def test_no_two_trials_share_a_sequence_number():
    stage = ring_of(*map(member, names(4)), settings=STEADY)
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


def test_who_accused_a_suspect_already_does_not_do_it_again():
    stage = ring_of(suspect("bob", by="ada"), member("cyd"), settings=STEADY)
    for _ in range(5):
        receiver, ping = next_ping(stage)
        if ping.target == "cyd":
            answer(stage, receiver, ping)
    assert accusations(stage, Health.SUSPECT, "bob") == []


def test_who_has_another_view_of_a_suspect_says_so_once_more():
    """Independent suspicions make the time shorter."""
    stage = ring_of(suspect("bob", by="eve"), *map(member, names(4)), settings=STEADY)
    stage.hear(LinkLost("bob:9638", refused=True)).take_all(Ping)
    stage.wait(PERIOD)
    assert len(accusations(stage, Health.SUSPECT, "bob")) == 1


def test_after_enough_accusers_nobody_says_it_again():
    enough = [f"x{number}" for number in range(DETECTION.suspicion_confirmations + 1)]
    stage = ring_of(suspect("bob", by=enough), *map(member, names(4)), settings=STEADY)
    stage.hear(LinkLost("bob:9638", refused=False)).take_all(Ping)
    stage.wait(PERIOD)
    assert accusations(stage, Health.SUSPECT, "bob") == []


def test_who_is_forgotten_while_on_trial_is_not_accused():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    _, ping = next_ping(stage)
    news.tell(gone=(("membership", ping.target), ("membership", "never heard")))
    stage.wait(PERIOD / 2)
    assert stage.take_all(PingRequest) == []
    assert len(stage.role.trials) == 0
    stage.wait(PERIOD / 2)
    assert stage.take_all(Accusation) == []
    assert len(stage.role.dossier) == 1


def test_who_shows_a_new_incarnation_while_on_trial_is_not_accused():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    next_ping(stage)
    news.tell(member("bob", 2))
    stage.wait(0.99 * PERIOD).take_all(Ping)
    stage.wake()
    assert stage.take_all(Accusation) == []


def test_a_node_that_was_a_little_late_itself_gives_its_helpers_their_time():
    stage = ring_of(*map(member, names(4)), settings=STEADY)
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
    stage.wait(30 * PERIOD)
    assert len({found.member_id for found in stage.take_all(Accusation)}) == 4


def test_a_node_that_stood_still_gives_its_suspects_time_to_have_refuted():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    news.tell(suspect("bob"), suspect("cyd"))
    stage.wait(1)
    stage.now += 1_000
    news.tell(member("bob", 2))
    assert confirmed(stage) == []
    stage.wait(alone_seconds(3) + 2 * PERIOD)
    assert {found.member_id for found in confirmed(stage)} == {"cyd"}


def test_an_accusation_fits_a_letter_however_many_helpers_there_were():
    many = DetectorConfig(helpers=50)
    stage = ring_of(*(member(f"{'x' * 60}{name}") for name in names(30)), settings=many)
    next_ping(stage)
    stage.wait(PERIOD)
    assert len(stage.take_all(Accusation)[0].why) == EVIDENCE_CHARACTERS_MAX


# Suspicion


def test_a_suspect_that_does_not_refute_in_time_is_confirmed():
    stage = ring_of(member("bob"), member("cyd"))
    Newsroom(stage).tell(suspect("bob", by="cyd", why="no answer to cyd"))
    seconds = alone_seconds(3)
    stage.wait(seconds - 0.01)
    assert confirmed(stage) == []
    stage.wait(0.02)
    (accusation,) = confirmed(stage)
    assert (accusation.member_id, accusation.incarnation) == ("bob", 1)
    assert accusation.why == ""  # the evidence stays that of those who have seen it


def test_two_suspicions_end_each_at_its_own_time_to_the_moment():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    ends = {}
    for name in ("bob", "cyd"):
        news.tell(suspect(name))
        ends[name] = stage.now + alone_seconds(3)
        stage.wait(0.001)
    for name, end in ends.items():
        stage.wait(end - stage.now)
        assert [found.member_id for found in confirmed(stage)] == [name]


def test_a_suspect_that_refutes_in_time_is_forgiven():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    news.tell(suspect("bob"))
    stage.wait(0.9 * alone_seconds(2))
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
    seconds = alone_seconds(2)
    stage.hear(Snapshot(EPOCH, 4, known(suspect("bob"), since=NOW - seconds / 2)))
    stage.wait(seconds / 2 - 0.01)
    assert confirmed(stage) == []
    stage.wait(0.02)
    assert [found.member_id for found in confirmed(stage)] == ["bob"]


def test_a_suspicion_from_the_future_of_a_clock_set_back_begins_now():
    stage = Stage(detector()).start()
    stage.hear(Snapshot(EPOCH, 4, known(suspect("bob"), since=NOW + 1e6)))
    stage.wait(alone_seconds(2) + 0.01)
    assert len(confirmed(stage)) == 1


def test_a_confirmation_that_got_lost_is_said_again_until_the_news_agrees():
    stage = ring_of(member("bob"), member("cyd"))
    news = Newsroom(stage)
    news.tell(suspect("bob"))
    stage.wait(alone_seconds(3) + 3.5 * PERIOD)
    assert [found.member_id for found in confirmed(stage)] == ["bob"] * 4
    news.tell(member("bob", health=Health.CONFIRMED, by="eve"))
    stage.wait(5 * PERIOD)
    assert [found.member_id for found in confirmed(stage)] == []


def test_who_is_suspected_anew_has_the_whole_time_anew():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    news.tell(suspect("bob", 1))
    seconds = alone_seconds(2)
    stage.wait(seconds - 0.1)
    news.tell(suspect("bob", 2))
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
    news.tell(suspect("cyd"))
    stage.hear(LinkLost("bob:9638", refused=False))
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


def test_a_suspicion_lasts_as_long_whichever_member_the_news_names_first():
    """The others count; one refusal is proof only where there is nobody else."""
    first, *others = suspect("bob", refused=True), *map(member, names(8))
    for listed in ([first, *others], [*others, first]):
        stage = ring_of(*listed)
        assert confirmed(stage) == []
        stage.wait(alone_seconds(10) - 0.1)
        assert confirmed(stage) == []
        stage.wait(0.2)
        assert len(confirmed(stage)) == 1


def test_a_suspicion_lasts_as_long_when_all_is_news_at_once():
    stage = ring_of()
    Newsroom(stage).tell(suspect("bob", refused=True), *map(member, names(8)))
    stage.wait(alone_seconds(10) - 0.1)
    assert confirmed(stage) == []


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
    about_me = member("ada", 1)
    against_me = member("ada", 1, Health.SUSPECT)
    of_my_namesake = member("ada", 2)
    Newsroom(stage).tell(about_me)
    told = (old, new, stranger, about_me, against_me, of_my_namesake)
    stage.hear(Probed(peer("bob"), wrap(told)))
    assert stage.take(Overheard).introductions == (new, stranger, against_me, of_my_namesake)


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
            st.builds(Nack, st.integers(0, 9), strategies.ids, st.booleans()),
        ),
    ),
    st.builds(Doubted, strategies.memberships),
    st.builds(ExplainMember, st.just(1), strategies.ids),
    st.just(WireStarted()),
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
    stage.wait(4 * PERIOD * stage.role.awareness.factor)
    assert len(stage.role.trials) <= 2 * len(stage.role.members)
    assert len(stage.role._helping) == 0


def agree(role):
    """What it remembers in several places is the same everywhere."""
    assert len(role.rotation) == len(role._probed)
    for member_id in role._probed:
        assert member_id not in role.departed
        member = role.members[member_id]
        assert member.permanent or member.health is not Health.CONFIRMED
    for member_id in role.suspicions._suspects:
        assert role.members[member_id].health is Health.SUSPECT
        assert member_id not in role.departed
    standing = {
        name for name, one in role.members.items() if not one.is_gone and name not in role.departed
    }
    assert set(role._standing) == standing
    assert set(role.circle.after("ada", 99)) == standing
    assert set(role.watched) <= {role.members[name].address for name in standing}
    assert set(role.dossier._sightings) <= set(role.members)
    assert 0 <= role.awareness.score <= role.settings.local_health_max


def test_a_member_that_is_probed_has_an_identity_of_its_own():
    other = Stage(detector(me=Identity("bob", "bob", "bob:9638"))).start().drop()
    other.hear(Probed(peer("ada"), Ping(1, "bob")))
    assert other.take(Ack)[1].target == "bob"
