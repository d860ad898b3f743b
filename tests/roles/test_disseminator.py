"""What should everyone know? What one disseminator does about it, in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import DisseminatorConfig
from habactors.protocol.commands import Answered, ApplyConfig, DepartMember
from habactors.protocol.events import Event
from habactors.protocol.gossip import Digest, Hello, Noted, Outline, Rumors, Want
from habactors.protocol.hands import PeersFound
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.heat import SENDS_FLOOR
from habactors.protocol.lifecycle import Wake
from habactors.protocol.limits import CHUNK_BYTES, WHOLE_MAX
from habactors.protocol.news import (
    Accusation,
    CatchUp,
    Doubted,
    Leave,
    News,
    Offer,
    Overheard,
    Snapshot,
    Withdraw,
)
from habactors.protocol.rumors import Config, Departure, Membership, Service
from habactors.protocol.transport import Gossiped, RingMet, WireStarted
from habactors.roles.follower import Follower, Step
from habactors.roles.greetings import GREETED_MEMBERS
from tests import strategies
from tests.roles.stage import DISSEMINATION, NOW, Stage, known, member, peer
from tests.roles.telling import (
    GROUP,
    INTERVAL,
    SYNC,
    content,
    correspond,
    disseminator,
    find_dead,
    identity,
    news_of,
    own,
    ring_of,
    rumors_to,
    settle,
    start,
    table_of,
    told,
)

# Starting and restarting


def test_at_its_first_start_it_knows_itself_and_says_so():
    stage = start()
    snapshot = stage.take(Snapshot)
    assert snapshot.known == known(member("ada"))
    stage.expect_nothing()


def test_an_incarnation_is_kept_to_survive_power_cuts_before_it_is_said():
    stage = start()
    kept = [record.key for record in stage.kept]
    assert kept.index("incarnation") < kept.index(next(key for key in kept if "rumor" in key))
    assert [(one.value, one.durable) for one in stage.kept if one.key == "incarnation"] == [
        (b"1", True)
    ]


def test_a_restarted_one_counts_on_and_still_knows_the_ring():
    stage = ring_of(member("bob"), Config(GROUP, 3, b"port = 1", "bob"), Departure("eve", "bob"))
    before = {rumor.key: rumor for rumor in stage.role.table}
    epoch = stage.role.epoch
    stage.restart(disseminator(seed=2))
    after = {rumor.key: rumor for rumor in stage.role.table}
    assert own(stage).incarnation == 2
    assert after | {own(stage).key: None} == before | {own(stage).key: None}
    snapshot = stage.take(Snapshot)
    assert (snapshot.epoch != epoch, snapshot.version) == (True, 0)
    assert {item.rumor for item in snapshot.known} == set(after.values())


def test_after_a_restart_everybody_is_as_long_as_before_what_they_are():
    stage = ring_of(member("bob"))
    stage.wait(50)
    stage.restart(disseminator(seed=2))
    since = {item.rumor.key: item.since for item in stage.take(Snapshot).known}
    assert since[member("bob").key] == NOW


def test_a_restarted_one_greets_a_few_acquaintances_the_dead_among_them():
    stage = ring_of(
        *(member(name, health=Health.CONFIRMED) for name in ("bob", "cyd")),
        member("eve"),
        Departure("eve", "bob"),
    )
    stage.restart(disseminator())
    assert {receiver.id for receiver, _ in stage.take_all(Hello)} == {"bob", "cyd"}
    large = ring_of(*map(member, "bcdefgh"))
    large.restart(disseminator())
    assert len(large.take_all(Hello)) == GREETED_MEMBERS


def test_a_restart_says_its_new_incarnation_and_repeats_nothing_else():
    stage = ring_of(member("bob"), member("cyd"))
    stage.restart(disseminator())
    assert {message.rumors for _, message in stage.take_all(Rumors)} == {(own(stage),)}


def test_a_graceful_end_is_undone_by_the_next_start():
    stage = ring_of(member("bob")).hear(Leave())
    assert own(stage).health is Health.CONFIRMED
    stage.restart(disseminator())
    assert own(stage) == member("ada", 2)


@pytest.mark.parametrize("incarnation", [b"", b"x", b"-1", b"9" * 5_000, b"%d" % (WHOLE_MAX + 1)])
def test_a_damaged_incarnation_is_no_incarnation(incarnation):
    stage = Stage(disseminator())
    stage.records["incarnation"] = incarnation
    stage.start()
    assert own(stage).incarnation == 1


@given(st.data())
def test_damaged_records_cost_what_they_held_and_never_the_start(data):
    stage = ring_of(member("bob"), Config(GROUP, 3, b"port = 1", "bob"))
    stage.hear(ApplyConfig(7, GROUP, 4, b"port = 2"))
    for key, value in stage.records.items():
        cut = data.draw(st.integers(0, len(value)))
        noise = data.draw(st.binary(max_size=4))
        stage.records[key] = value[:cut] + noise
    stage.restart(disseminator())
    assert own(stage).health is Health.ALIVE
    stage.hear(ApplyConfig(8, GROUP, 0, b"port = 3"))
    assert stage.take(Answered).code == ""


@pytest.mark.parametrize(("kept", "next_one"), [(6, 7), (WHOLE_MAX, WHOLE_MAX)])
def test_an_incarnation_is_counted_on_though_all_rumors_were_lost(kept, next_one):
    stage = Stage(disseminator())
    stage.records["incarnation"] = b"%d" % kept
    stage.start()
    assert own(stage).incarnation == next_one


def test_who_lost_its_incarnation_hears_of_it_from_the_ring_and_outbids_it():
    stage = Stage(disseminator()).start(damaged=True)
    stage.hear(told(member("ada", 41), hot=False))
    assert own(stage) == member("ada", 42)


# Greeted


def test_who_greets_gets_the_whole_table_as_no_news_and_becomes_known():
    stage = ring_of(member("bob"), member("dan"))
    everything = tuple(stage.role.table)
    stage.hear(Gossiped(peer("cyd", b"route"), Hello(member("cyd"), 0)))
    answers = [pair for pair in stage.take_all(Rumors) if pair[0] == peer("cyd", b"route")]
    assert answers == [(peer("cyd", b"route"), Rumors(everything, hot=False))]
    assert news_of(stage) == (member("cyd"),)


def test_who_greets_with_the_same_table_gets_no_answer():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(Gossiped(peer("cyd"), Hello(member("cyd"), stage.role.table.checksum)))
    stage.expect_nothing()


def test_a_large_table_is_sent_in_several_messages():
    stage = ring_of(*(Config(f"redis.{n}", 1, bytes(20_000), "bob") for n in range(5)))
    stage.hear(Gossiped(peer("cyd"), Hello(member("cyd"), 0)))
    sizes = [
        sum(len(getattr(rumor, "body", b"")) for rumor in message.rumors)
        for _, message in stage.take_all(Rumors)
    ]
    assert len(sizes) >= 5
    assert all(size <= CHUNK_BYTES for size in sizes)


def test_what_answers_a_greeting_is_learned_but_not_told_on():
    stage = start()
    settle(stage)
    stage.hear(told(member("bob"), member("cyd"), hot=False))
    assert news_of(stage) == (member("bob"), member("cyd"))
    assert {rumor.id for _, message in stage.take_all(Rumors) for rumor in message.rumors} == {
        "ada"
    }


# Telling


def test_a_hot_rumor_is_told_at_once_to_a_few_members():
    stage = ring_of(*map(member, "bcdefgh"))
    stage.hear(told(member("x")))
    batches = stage.take_all(Rumors)
    assert len({receiver.id for receiver, _ in batches}) == DISSEMINATION.gossip_fanout
    assert {message for _, message in batches} == {Rumors((member("x"),))}


def test_rounds_follow_each_other_in_the_gossip_interval_until_the_budget_is_spent():
    stage = ring_of(*map(member, "bcdefgh"))
    stage.hear(told(member("x")))
    times = []
    for _ in range(100):
        times += [stage.now] * len(stage.take_all(Rumors))
        stage.wait(INTERVAL / 2)
    assert len(times) == SENDS_FLOOR
    assert times[-1] - times[0] == pytest.approx(3 * INTERVAL)


def test_many_rumors_in_a_short_time_are_told_together():
    stage = ring_of(*map(member, "bcdefgh"))
    for name in "stuvw":
        stage.hear(told(member(name)))
    stage.take_all(Rumors)
    stage.wait(INTERVAL)
    assert {rumor.id for rumor in stage.take_all(Rumors)[0][1].rumors} == set("stuvw")


def test_rounds_keep_their_distance_though_the_last_one_told_all():
    stage = ring_of(*map(member, "bcdefgh"))
    stage.hear(told(member("x")))
    while stage.role.heat:
        stage.wake()
    stage.drop().hear(told(member("y")))
    assert stage.take_all(Rumors) == []
    stage.wait(INTERVAL)
    assert len(stage.take_all(Rumors)) == DISSEMINATION.gossip_fanout


def test_alone_and_without_peers_it_only_looks_around():
    stage = ring_of()
    before = stage.wakes
    stage.wait(10 * SYNC)
    assert stage.wakes - before == 10 + 1 + 1  # ten comparisons, a sweep, and its ring stands
    stage.expect_nothing()


def test_when_nothing_is_hot_it_sleeps_until_the_next_comparison():
    stage = ring_of(*map(member, "bcd"))
    settle(stage)
    stage.wait(SYNC).drop()
    assert stage.role.out.wake - stage.now > INTERVAL
    stage.wait(10 * SYNC)
    assert stage.take_all(Rumors) == []
    assert len(stage.take_all(Digest)) == 10
    stage.expect_nothing()


def test_what_was_known_already_is_not_told_again():
    stage = ring_of(member("bob"), member("cyd", 2))
    stage.hear(told(member("bob"), member("cyd", 1)))
    stage.expect_nothing()


def test_alone_it_tells_nobody_and_the_first_acquaintance_hears_it_all():
    stage = start()
    stage.hear(Offer(GROUP, "core/redis", "standalone", b"{}", b"{}"))
    stage.wait(60)
    assert stage.take_all(Rumors) == []
    stage.hear(told(member("bob")))
    assert {type(rumor) for rumor in rumors_to(stage, "bob")} == {Membership, Service}


def test_the_dead_and_the_departed_are_told_nothing():
    stage = ring_of(
        member("bob", health=Health.CONFIRMED),
        member("cyd"),
        Departure("cyd", "dan"),
        member("eve"),
    )
    stage.hear(told(member("x", health=Health.CONFIRMED)))
    settle_receivers = {receiver.id for receiver, _ in stage.wait(5).take_all(Rumors)}
    assert settle_receivers == {"eve"}


def test_suspects_are_told_as_long_as_they_may_live():
    stage = ring_of(member("bob", health=Health.SUSPECT))
    stage.hear(told(member("x", health=Health.CONFIRMED)))
    assert member("x", health=Health.CONFIRMED) in rumors_to(stage, "bob")


# Refuting


@pytest.mark.parametrize("health", [Health.SUSPECT, Health.CONFIRMED])
def test_it_refutes_what_is_held_against_it_by_a_higher_incarnation(health):
    stage = ring_of(member("bob"))
    stage.hear(told(member("ada", 5, health, by=("bob", "cyd"))))
    assert own(stage) == member("ada", 6)
    assert stage.records["incarnation"] == b"6"
    assert news_of(stage) == (member("ada", 6),)
    event = stage.take(Event)
    assert (event.subject, event.before, event.after) == ("ada", health.word, "alive")
    assert event.why == f"refuted {health.word}@5 of bob, cyd"


def test_whoever_holds_it_for_dead_is_the_first_to_hear_that_it_lives():
    stage = ring_of(member("bob", health=Health.CONFIRMED))
    stage.hear(told(member("ada", health=Health.CONFIRMED), hot=False))
    assert rumors_to(stage, "bob") == [member("ada", 2)]


def test_two_nodes_of_one_id_do_not_talk_each_other_into_a_frenzy():
    stage = ring_of()
    stage.hear(told(member("ada", 5)))
    assert own(stage) == member("ada", 6)
    assert stage.take_all(Rumors) == []


def test_what_is_overheard_against_it_is_refuted_too():
    stage = ring_of(member("bob"))
    stage.hear(Overheard((member("ada", 1, Health.SUSPECT),)))
    assert own(stage) == member("ada", 2)


def test_what_was_refuted_already_needs_no_other_refutation():
    stage = ring_of(member("bob"))
    stage.hear(told(member("ada", 1, Health.SUSPECT)))
    settle(stage)
    stage.hear(told(member("ada", 1, Health.SUSPECT), member("ada", 1, Health.CONFIRMED)))
    stage.expect_nothing()


def test_nobody_is_outbid_beyond_the_highest_incarnation():
    stage = ring_of(member("bob"))
    stage.hear(told(member("ada", WHOLE_MAX, Health.SUSPECT)))
    assert own(stage) == member("ada", 1)
    stage.hear(told(member("ada", WHOLE_MAX - 1, Health.SUSPECT)))
    assert own(stage) == member("ada", WHOLE_MAX)


def test_it_survives_a_restart_at_the_highest_incarnation():
    stage = ring_of(member("bob"))
    stage.hear(told(member("ada", WHOLE_MAX - 1, Health.SUSPECT)))
    stage.restart(disseminator())
    assert own(stage).incarnation == WHOLE_MAX


# Accusing


def accusation(name, incarnation=1, level=Health.SUSPECT, why="no answer", refused=False):
    return Accusation(name, incarnation, int(level), why, refused)


def test_a_finding_of_the_detector_becomes_a_rumor_that_names_the_accuser():
    stage = ring_of(member("bob", permanent=True), member("cyd"))
    stage.hear(accusation("bob"))
    at = int(stage.now)
    rumor = member("bob", health=Health.SUSPECT, permanent=True, by="ada", at=at)
    assert news_of(stage) == (rumor,)
    assert rumors_to(stage, "bob") == [rumor]
    event = stage.take(Event)
    assert (event.before, event.after, event.why) == ("alive", "suspect", "no answer")


def test_a_finding_about_a_member_that_has_moved_on_or_is_unknown_is_dropped():
    stage = ring_of(member("bob", 2))
    stage.hear(accusation("bob", 1), accusation("eve", 1))
    stage.expect_nothing()


def test_a_member_is_what_it_is_since_its_health_changed():
    stage = ring_of(member("bob"))
    stage.wait(10)
    stage.hear(told(member("bob", 2)))
    assert stage.take(News).known[0].since == NOW
    stage.hear(accusation("bob", 2))
    assert stage.take(News).known[0].since == stage.now


def test_a_suspicion_of_another_incarnation_begins_anew_though_no_refutation_was_heard():
    stage = ring_of(member("bob", 1, Health.SUSPECT))
    stage.wait(10)
    stage.hear(told(member("bob", 2, Health.SUSPECT)))
    assert stage.take(News).known[0].since == stage.now
    stage.wait(10)
    before = stage.role.since[member("bob").key]
    stage.hear(told(member("bob", 2, Health.SUSPECT, by="x", why="louder")))
    assert stage.take(News).known[0].since == before


def test_a_departure_is_reported_once_and_ends_all_reports_of_that_member():
    stage = ring_of(member("bob"))
    stage.hear(told(Departure("bob", "cyd", "broken disk")))
    event = stage.take(Event)
    assert (event.kind, event.subject, event.name) == ("member", "bob", "bob")
    assert (event.before, event.after, event.why) == ("alive", "departed", "broken disk")
    stage.hear(told(member("bob", 7, Health.SUSPECT), Departure("bob", "dan", "z")))
    assert stage.take_all(Event) == []
    assert stage.role.reachable == {}


# Comparing


def test_now_and_then_its_checksum_goes_to_one_member():
    stage = ring_of(*map(member, "bcd"))
    stage.wait(3 * SYNC)
    digests = stage.take_all(Digest)
    assert len(digests) == 3
    assert {message.checksum for _, message in digests} == {stage.role.table.checksum}


def test_equal_tables_need_no_words():
    stage = ring_of(member("bob"))
    stage.hear(Gossiped(peer("bob"), Digest(stage.role.table.checksum)))
    stage.expect_nothing()


def test_another_checksum_is_answered_with_an_outline():
    stage = ring_of(member("bob"))
    stage.hear(Gossiped(peer("bob", b"route"), Digest(0)))
    assert stage.take(Outline) == (peer("bob", b"route"), Outline(stage.role.table.outline()))


def test_an_outline_is_answered_with_what_it_lacks_and_a_wish_for_what_lacks_here():
    stage = ring_of(member("bob"))
    theirs = table_of(member("bob"), member("cyd"))
    stage.hear(Gossiped(peer("bob"), Outline(theirs.outline())))
    assert stage.take(Rumors) == (peer("bob"), Rumors((own(stage),)))
    _, want = stage.take(Want)
    assert theirs.chosen(want.key_hashes) == [member("cyd")]
    stage.expect_nothing()


def test_an_equal_outline_is_not_answered():
    stage = ring_of(member("bob"))
    stage.hear(Gossiped(peer("bob"), Outline(stage.role.table.outline())))
    stage.expect_nothing()


def test_what_is_wanted_is_sent():
    stage = ring_of(member("bob"), Config(GROUP, 1, b"", "bob"))
    _, wanted = table_of(member("bob"), own(stage)).compare(stage.role.table.outline())
    stage.hear(Gossiped(peer("bob"), Want(wanted)))
    assert stage.take(Rumors) == (peer("bob"), Rumors((Config(GROUP, 1, b"", "bob"),)))
    stage.hear(Gossiped(peer("bob"), Want(b"unknown." * 3)))
    stage.expect_nothing()


@given(st.lists(strategies.rumors, max_size=12), st.lists(strategies.rumors, max_size=12))
def test_comparing_makes_two_members_equal_whatever_each_of_them_knew(one, two):
    """Once; and once more when their detectors have checked what they would not believe."""
    stages = {
        "xan": ring_of(*one, me=identity("xan")),
        "yul": ring_of(*two, me=identity("yul")),
    }
    for _ in range(2):
        checksum = stages["xan"].role.table.checksum
        stages["yul"].hear(Gossiped(peer("xan"), Digest(checksum)))
        correspond(stages)
        doubts = [doubt for at in stages.values() for doubt in at.said if type(doubt) is Doubted]
        assert doubts or content(stages["xan"]) == content(stages["yul"])
        for stage in stages.values():
            find_dead(stage)
    assert content(stages["xan"]) == content(stages["yul"])
    assert len({at.role.table.checksum for at in stages.values()}) == 1


def test_two_halves_of_a_split_ring_find_each_other_by_themselves():
    """Each holds the other for dead, and nobody configured any peers."""
    stages = {
        "ada": ring_of(member("bob", health=Health.CONFIRMED)),
        "bob": ring_of(member("ada", health=Health.CONFIRMED), me=identity("bob"), seed=2),
    }
    for _ in range(int(4 * SYNC / INTERVAL)):
        for stage in stages.values():
            stage.wait(INTERVAL)
        correspond(stages)
    for stage, other in ((stages["ada"], "bob"), (stages["bob"], "ada")):
        assert stage.role.table.health(other) is Health.ALIVE


# Configuration


def apply(stage, request, version, body=b"port = 1"):
    stage.hear(ApplyConfig(request, GROUP, version, body))
    return stage.take(Answered)


def test_a_newer_configuration_stands_and_is_told():
    stage = ring_of(member("bob"))
    answer = apply(stage, 7, 3)
    assert (answer.request, answer.code, answer.version) == (7, "", 3)
    assert answer.message == f"accepted: version 3 of {GROUP} stands"
    config = Config(GROUP, 3, b"port = 1", "ada")
    assert news_of(stage) == (config,)
    assert rumors_to(stage, "bob") == [config]
    event = stage.take(Event)
    assert (event.kind, event.subject, event.before, event.after) == ("config", GROUP, "0", "3")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_version_that_is_not_newer_is_rejected_and_the_one_that_stands_is_named(version):
    stage = ring_of(Config(GROUP, 3, b"port = 9", "bob"))
    answer = apply(stage, 7, version)
    assert (answer.code, answer.version) == ("conflict", 3)
    assert answer.message == f"version {version} of {GROUP} is not newer: version 3 stands"
    assert answer.hint == "apply version 4, or auto"
    stage.expect_nothing()


def test_auto_takes_the_next_version():
    stage = ring_of(Config(GROUP, 3, b"port = 9", "bob"))
    assert [apply(stage, request, 0, b"").version for request in (7, 8)] == [4, 5]


def test_the_same_request_is_answered_alike_and_done_once():
    stage = ring_of()
    first = apply(stage, 7, 0)
    stage.drop()
    assert apply(stage, 7, 0) == first
    stage.expect_nothing()
    assert stage.role.table.get(("config", GROUP)).version == 1


def test_the_same_request_is_answered_alike_after_a_restart_too():
    stage = ring_of()
    accepted, rejected = apply(stage, 7, 2), apply(stage, 8, 1)
    stage.restart(disseminator())
    assert (apply(stage, 7, 2), apply(stage, 8, 1)) == (accepted, rejected)


def test_a_number_that_is_used_again_for_something_else_is_another_request():
    stage = ring_of()
    apply(stage, 1, 0, b"port = 1")
    stage.restart(disseminator())
    assert apply(stage, 1, 0, b"port = 2").version == 2
    assert stage.role.table.get(("config", GROUP)).body == b"port = 2"


def test_answers_are_remembered_but_not_for_ever():
    stage = ring_of()
    for request in range(200):
        apply(stage, request, 0)
    assert len(stage.records["answers"]) < 10_000
    stage.restart(disseminator())
    assert apply(stage, 199, 0).version == 200


def test_a_configuration_is_kept_to_survive_power_cuts_before_it_is_said_to_stand():
    stage = ring_of()
    apply(stage, 7, 1)
    assert {record.durable for record in stage.kept} == {True}


def test_beyond_the_highest_version_nothing_is_accepted():
    stage = ring_of(Config(GROUP, WHOLE_MAX, b"", "bob"))
    answer = apply(stage, 7, 0)
    assert (answer.code, answer.version) == ("refused", WHOLE_MAX)
    assert "beyond a limit" in answer.message
    stage.expect_nothing()


# Services


REDIS = Offer(GROUP, "core/redis", "standalone", b'{"port":1}', b"{}")
BIGGER = Offer(GROUP, "core/redis", "standalone", b'{"port":2}', b"{}")


def service(incarnation, exports=b'{"port":1}', name="ada", withdrawn_at=None):
    if withdrawn_at is None:
        return Service(name, GROUP, "core/redis", incarnation, exports)
    at = int(withdrawn_at)
    return Service(name, GROUP, "core/redis", incarnation, withdrawn=True, at=at)


def test_offers_and_withdrawals_are_told_and_counted():
    stage = ring_of(member("bob"))
    words = [REDIS, BIGGER, Withdraw(GROUP), REDIS]
    heard = [news_of(stage.hear(word)) for word in words]
    assert heard == [
        (service(1),),
        (service(2, b'{"port":2}'),),
        (service(3, withdrawn_at=stage.now),),
        (service(4),),
    ]
    assert {record.durable for record in stage.kept} == {False}
    stage.wait(INTERVAL)
    assert rumors_to(stage, "bob")[-1] == service(4)


def test_an_offer_that_changes_nothing_is_not_told():
    stage = ring_of().hear(REDIS)
    settle(stage).hear(REDIS).expect_nothing()


def test_a_withdrawal_of_what_is_not_offered_is_not_told():
    stage = ring_of().hear(Withdraw(GROUP)).expect_nothing()
    stage = ring_of().hear(REDIS, Withdraw(GROUP))
    settle(stage).hear(Withdraw(GROUP)).expect_nothing()


def test_services_are_counted_on_after_a_restart():
    stage = ring_of().hear(REDIS)
    stage.restart(disseminator())
    stage.drop().hear(REDIS).expect_nothing()
    stage.hear(BIGGER)
    assert news_of(stage) == (service(2, b'{"port":2}'),)


def test_what_the_ring_remembers_better_is_outbid_by_the_last_offer():
    """A record was lost with the power, and the count began anew."""
    stage = ring_of(member("bob")).hear(BIGGER)
    settle(stage)
    stage.hear(told(service(7), hot=False))
    assert news_of(stage) == (service(8, b'{"port":2}'),)
    assert rumors_to(stage, "bob") == [service(8, b'{"port":2}')]


def test_what_the_ring_remembers_better_is_outbid_by_the_last_withdrawal():
    stage = ring_of(member("bob")).hear(Withdraw(GROUP))
    stage.hear(told(service(7), hot=False))
    assert news_of(stage) == (service(8, withdrawn_at=stage.now),)


def test_what_the_ring_remembers_of_an_unmentioned_service_is_believed():
    stage = ring_of()
    stage.hear(told(service(7)))
    assert news_of(stage) == (service(7),)
    stage.hear(REDIS)
    stage.expect_nothing()
    stage.hear(Withdraw(GROUP))
    assert news_of(stage) == (service(8, withdrawn_at=stage.now),)


def test_an_offer_beyond_a_limit_is_refused_with_the_reason_instead_of_spoiling_gossip():
    stage = ring_of(member("bob"))
    stage.hear(Offer(GROUP, "core/redis", "standalone", b"x" * 20_000, b"{}"))
    event = stage.take(Event)
    assert (event.kind, event.subject, event.after) == ("service", GROUP, "refused")
    assert "16384" in event.why
    stage.expect_nothing()


def test_an_offer_that_is_refused_again_and_again_is_reported_once():
    stage = ring_of()
    too_large = Offer(GROUP, "core/redis", "standalone", b"x" * 20_000, b"{}")
    stage.hear(too_large, too_large, REDIS, too_large)
    assert len(stage.take_all(Event)) == 1


def test_beyond_the_highest_count_a_service_is_not_told_of():
    stage = ring_of()
    stage.hear(told(service(WHOLE_MAX)))
    stage.drop().hear(BIGGER)
    assert stage.take(Event).after == "refused"
    stage.expect_nothing()


# News


class Mirror:
    """What a follower of the news believes."""

    def __init__(self):
        self.follower = Follower()
        self.known = {}

    def read(self, letters):
        for letter in letters:
            if isinstance(letter, Snapshot):
                known = {item.rumor.key: item for item in letter.known}
                assert self.follower.reset(letter.epoch, letter.version) or known == self.known
                self.known = known
            elif isinstance(letter, News):
                assert self.follower.step(letter.epoch, letter.version) is Step.NEXT
                self.known |= {item.rumor.key: item for item in letter.known}
                for key in letter.gone:
                    del self.known[key]


def test_whoever_missed_something_gets_all_that_stands():
    stage = ring_of(member("bob"))
    stage.hear(told(member("cyd")))
    version = stage.take(News).version
    stage.drop().hear(CatchUp())
    snapshot = stage.take(Snapshot)
    assert snapshot.version == version
    assert {item.rumor for item in snapshot.known} == set(stage.role.table)


gossip = st.builds(
    Gossiped,
    strategies.peers,
    st.one_of(
        st.builds(Rumors, st.lists(strategies.rumors, max_size=4).map(tuple), st.booleans()),
        st.builds(Hello, strategies.memberships, st.integers(0, 1)),
        st.builds(Digest, st.integers(0, 1)),
        st.builds(Outline, st.binary(max_size=40)),
        st.builds(Want, st.binary(max_size=20)),
        st.builds(Noted, strategies.counts),
    ),
)

rings = st.sampled_from(["0" * 16, "5" * 16, "f" * 16, "no ring id"])

messages = st.one_of(
    gossip,
    gossip,
    st.builds(Overheard, strategies.introductions),
    st.builds(
        Accusation,
        strategies.ids.filter(lambda name: name != "ada"),
        strategies.counts,
        strategies.levels,
        st.sampled_from(("why", "")),
        st.booleans(),
    ),
    st.builds(RingMet, rings, strategies.peers, st.booleans()),
    st.builds(PeersFound, st.sampled_from(((), ("bob:9638",), ("ada:9638", "cyd:9638")))),
    st.builds(DepartMember, st.just(4), strategies.ids),
    st.just(CatchUp()),
    st.just(WireStarted()),
    st.builds(
        Offer,
        strategies.groups,
        st.just("core/redis"),
        st.just("standalone"),
        strategies.bodies,
        strategies.bodies,
    ),
    st.builds(Withdraw, strategies.groups),
    st.builds(
        ApplyConfig, st.integers(1, 3), strategies.groups, strategies.counts, strategies.bodies
    ),
    st.just(Leave()),
    st.just(Wake()),
    st.floats(0, 12) | st.just(3_600.0),
)


@given(st.lists(messages, max_size=25), st.integers(0, 9))
def test_whatever_it_hears_its_news_is_gapless_and_its_incarnation_kept_and_rising(messages, seed):
    brief = DisseminatorConfig(tombstone_seconds=1_000.0)
    stage = start(peers=("bob:9638",), seed=seed, settings=brief, ignoring=())
    mirror = Mirror()
    incarnations = [own(stage).incarnation]
    for message in messages:
        if isinstance(message, float):
            stage.wait(message)
        else:
            stage.hear(message)
        mirror.read(stage.said)
        agree(stage.role, mirror)
        incarnations.append(own(stage).incarnation)
        assert int(stage.records["incarnation"]) >= max(said_of_ada(stage))
        stage.drop()
    assert incarnations == sorted(incarnations)
    stage.restart(disseminator(seed=seed + 1))
    assert own(stage).incarnation >= incarnations[-1]
    assert own(stage).health is Health.ALIVE or incarnations[-1] == WHOLE_MAX


def agree(role, mirror):
    """What it remembers in several places is the same everywhere, and is what it told."""
    assert {key: item.rumor for key, item in mirror.known.items()} == {
        rumor.key: rumor for rumor in role.table
    }
    assert {key: item.since for key, item in mirror.known.items()} == role.since
    assert role.reachable == {
        rumor.id: rumor
        for rumor in role.table
        if isinstance(rumor, Membership)
        and rumor.id != role.me.id
        and role.table.health(rumor.id) in REACHABLE
    }
    assert role.lost == {
        rumor.id: rumor
        for rumor in role.table
        if isinstance(rumor, Membership)
        and rumor.id != role.me.id
        and role.table.health(rumor.id) is Health.CONFIRMED
        and rumor.id not in rumor.accusers
    }
    assert set(role.heat._told) <= {rumor.key for rumor in role.table}
    assert set(role._doubts._held) <= {
        rumor.id for rumor in role.table if isinstance(rumor, Membership)
    }


def said_of_ada(stage):
    """Every incarnation of its own that it lets out."""
    out = [message.rumors for _, message in stage.sent if isinstance(message, Rumors)]
    greetings = [(message.member,) for _, message in stage.sent if isinstance(message, Hello)]
    for rumors in out + greetings:
        for rumor in rumors:
            if rumor.key == member("ada").key:
                yield rumor.incarnation
    yield 0
