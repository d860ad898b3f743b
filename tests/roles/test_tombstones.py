"""What may be forgotten?"""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.config import DisseminatorConfig
from habactors.protocol.gossip import Digest
from habactors.protocol.health import Health
from habactors.protocol.limits import DEPARTURES_MAX
from habactors.protocol.news import News, Offer, Withdraw
from habactors.protocol.rumors import Config, Departure, Membership, Service
from habactors.protocol.table import Table
from habactors.protocol.transport import Gossiped
from habactors.roles.tombstones import SWEEP_SECONDS_MAX, forgettable, is_stale, sweep_seconds
from tests import strategies
from tests.roles.stage import NOW, member, peer
from tests.roles.telling import (
    GROUP,
    content,
    correspond,
    disseminator,
    find_dead,
    identity,
    ring_of,
    start,
    table_of,
    told,
)

LIFETIME = 100.0
BRIEF = DisseminatorConfig(tombstone_seconds=LIFETIME)
LATER = NOW + LIFETIME + SWEEP_SECONDS_MAX


def dead(name="bob", at=NOW, by="eve", incarnation=1):
    return member(name, incarnation, Health.CONFIRMED, by=by, at=int(at))


def service(name="bob", withdrawn_at=None, incarnation=1):
    withdrawn = withdrawn_at is not None
    return Service(
        name, GROUP, "core/redis", incarnation, withdrawn=withdrawn, at=int(withdrawn_at or 0)
    )


def forgotten(*rumors, now=LATER, since=None):
    """The keys that go from a table of these."""
    return set(forgettable(table_of(*rumors), since or {}, now, LIFETIME))


# What goes


@pytest.mark.parametrize(
    ("rumor", "age", "goes"),
    [
        (dead(), LIFETIME - 1, False),
        (dead(), LIFETIME + 1, True),
        (dead(by=("cyd", "eve")), LIFETIME + 1, True),
        (dead(by="bob"), LIFETIME + 1, True),  # who left is no different
        (member("bob"), 99 * LIFETIME, False),
        (member("bob", health=Health.SUSPECT, by="eve"), 99 * LIFETIME, False),
        (Config(GROUP, 1, b"", "eve"), 99 * LIFETIME, False),
        (Departure("bob", "eve", at=int(NOW)), 99 * LIFETIME, False),
    ],
)
def test_the_dead_are_forgotten_after_a_time_and_the_living_never(rumor, age, goes):
    assert (rumor.key in forgotten(rumor, now=NOW + age)) is goes


def test_the_latest_evidence_counts():
    rumor = dead(at=NOW).joined(dead(at=NOW + 50, by="cyd"))
    assert forgotten(rumor, now=NOW + LIFETIME + 25) == set()
    assert forgotten(rumor, now=NOW + LIFETIME + 51) == {rumor.key}


def test_with_a_member_all_goes_that_it_ran():
    running, withdrawn = service(), Service("bob", "web.prod", "core/web", 2)
    others = (member("cyd"), service("cyd"))
    gone = forgotten(dead(), running, withdrawn, *others)
    assert gone == {dead().key, running.key, withdrawn.key}


def test_a_withdrawn_service_goes_alone():
    rumor = service(withdrawn_at=NOW)
    assert forgotten(member("bob"), rumor) == {rumor.key}
    assert forgotten(member("bob"), rumor, now=NOW + LIFETIME) == set()


def test_who_departed_is_forgotten_but_for_the_departure():
    departure = Departure("bob", "eve", at=int(NOW))
    assert forgotten(departure, member("bob", 9), service()) == {
        member("bob").key,
        service().key,
    }
    assert forgotten(departure, member("bob", 9), now=NOW + LIFETIME - 1) == set()


def test_what_is_left_over_of_members_that_nobody_knows_goes():
    assert forgotten(service("eve"), member("bob")) == {service("eve").key}


def test_a_clock_that_is_ahead_cannot_make_a_tombstone_last():
    ahead = dead(at=NOW + 1e6)
    assert forgotten(ahead, since={ahead.key: NOW}) == {ahead.key}
    assert forgotten(ahead, since={ahead.key: NOW}, now=NOW + LIFETIME - 1) == set()


def test_departures_are_remembered_for_ever_but_only_so_many_of_them():
    departures = [
        Departure(f"m{number}", "eve", at=int(NOW) + number % 7)
        for number in range(DEPARTURES_MAX + 3)
    ]
    gone = forgotten(*departures)
    assert len(gone) == 3
    times = {rumor.key: rumor.at for rumor in departures}
    assert {times[key] for key in gone} == {int(NOW)}
    assert gone == forgotten(*reversed(departures))


@pytest.mark.parametrize(
    ("lifetime", "seconds"), [(86_400.0, 60.0), (600.0, 60.0), (100.0, 10.0), (1.0, 0.1)]
)
def test_looking_takes_place_often_enough_in_the_lifetime_of_a_tombstone(lifetime, seconds):
    assert sweep_seconds(lifetime) == seconds


# Laws

rumors = st.lists(strategies.rumors, max_size=20)
times = st.integers(0, 200)


@given(rumors, st.randoms(use_true_random=False), times)
def test_all_tables_forget_the_same_rumors_in_whatever_order_they_came(rumors, rng, now):
    """As long as nobody's clock was ahead: since then it was heard of later than it happened."""
    shuffled = rng.sample(rumors, len(rumors))
    tables = [table_of(*rumors), table_of(*shuffled, *rumors)]
    sinces = [{rumor.key: rng.uniform(3, 300) for rumor in rumors} for _ in tables]
    one, two = (
        forgettable(table, since, float(now), 10.0)
        for table, since in zip(tables, sinces, strict=True)
    )
    assert set(one) == set(two)
    assert len(set(one)) == len(one)


@given(rumors, times)
def test_what_one_table_forgets_no_other_one_that_forgot_it_lets_in_again(rumors, now):
    table = table_of(*rumors)
    before = list(table)
    for key in forgettable(table, {}, float(now), 10.0):
        table.drop(key)
    for rumor in before:
        if table.get(rumor.key) is None:
            assert is_stale(table, rumor, float(now), 10.0)
    assert forgettable(table, {}, float(now), 10.0) == []


@given(rumors, times)
def test_once_forgotten_nothing_goes_a_second_time_and_no_service_is_without_its_member(
    rumors, now
):
    table = table_of(*rumors)
    for key in forgettable(table, {}, float(now), 10.0):
        table.drop(key)
    for rumor in table:
        assert not rumor.subject or table.membership(rumor.subject)


# What is let in


@pytest.mark.parametrize(
    ("rumor", "known", "is_let_in"),
    [
        (dead(), (), False),
        (dead(), (member("bob"),), True),  # it is news of somebody who is known
        (dead(at=LATER), (), True),
        (member("bob"), (), True),
        (member("bob"), (Departure("bob", "eve", at=int(NOW)),), False),
        (member("bob"), (Departure("bob", "eve", at=int(LATER)),), True),
        (service(), (), False),
        (service(), (member("bob"),), True),
        (service(withdrawn_at=NOW), (member("bob"),), False),
        (service(withdrawn_at=LATER), (member("bob"),), True),
        (service(withdrawn_at=NOW, incarnation=2), (member("bob"), service()), True),
        (Config(GROUP, 1, b"", "eve"), (), True),
        (Departure("bob", "eve", at=0), (), True),
    ],
)
def test_nothing_is_let_in_that_all_have_forgotten(rumor, known, is_let_in):
    assert is_stale(table_of(*known), rumor, LATER, LIFETIME) is not is_let_in


def test_members_are_understood_before_their_services_in_whatever_order_they_are_told():
    stage = start()
    stage.hear(told(service(), member("bob")))
    assert content(stage).keys() >= {service().key, member("bob").key}


# In a disseminator


def brief(*rumors, **options):
    return ring_of(*rumors, settings=BRIEF, **options)


def outlive(stage):
    """Wait until every tombstone is past its lifetime, and the next sweep as well."""
    return stage.wait(LIFETIME + 2 * sweep_seconds(LIFETIME))


def test_what_is_forgotten_is_gone_everywhere_and_the_news_says_so():
    stage = brief(member("bob"), service(), member("cyd"))
    stage.hear(told(dead(at=stage.now), by="cyd"))
    find_dead(stage).drop()
    outlive(stage)
    gone = [key for news in stage.take_all(News) for key in news.gone]
    assert sorted(gone) == sorted([member("bob").key, service().key])
    role = stage.role
    for memory in (role.table._rumors, role.since, role.heat._told):
        assert member("bob").key not in memory
    assert role.lost == {}
    assert role.reachable.keys() == {"cyd"}
    stage.restart(disseminator(settings=BRIEF))
    assert stage.role.table.membership("bob") is None


def test_the_forgotten_may_come_back_as_strangers():
    stage = brief(member("bob"), member("cyd"))
    stage.hear(told(dead(at=stage.now)))
    outlive(find_dead(stage)).drop()
    stage.hear(told(member("bob", 2)))
    assert stage.role.reachable.keys() == {"bob", "cyd"}


def test_an_old_word_that_somebody_is_dead_brings_no_stranger_into_the_table():
    stage = brief(member("cyd"))
    stage.wait(LIFETIME + 10).drop()
    stage.hear(told(dead(at=NOW)))
    assert content(stage).keys() == {member("ada").key, member("cyd").key}
    stage.expect_nothing()


def test_who_is_known_is_believed_to_leave_though_its_clock_is_behind():
    stage = brief(member("bob"), member("cyd"))
    stage.wait(3 * LIFETIME).drop()
    stage.hear(told(dead(at=1, by="bob")))
    assert stage.role.table.membership("bob").left


def test_oneself_is_never_forgotten_but_ones_withdrawn_services_are():
    stage = brief(member("cyd"))
    stage.hear(Offer(GROUP, "core/redis", "standalone", b"{}", b"{}"), Withdraw(GROUP))
    assert service("ada").key in content(stage)
    outlive(stage)
    assert content(stage).keys() == {member("ada").key, member("cyd").key}
    stage.hear(Offer(GROUP, "core/redis", "standalone", b"{}", b"{}"))
    assert service("ada").key in content(stage)


def test_who_is_to_depart_remembers_that_for_ever():
    stage = brief(member("cyd"))
    stage.hear(told(Departure("ada", "cyd", at=int(stage.now))))
    outlive(outlive(stage))
    assert stage.role.own() == member("ada")
    stage.restart(disseminator(settings=BRIEF))
    assert stage.role.table.departure("ada")


def test_what_is_published_and_forgotten_soon_after_leaves_no_trace_with_who_follows():
    stage = brief(member("cyd"))
    followed = {}
    for step in range(30):
        stage.hear(told(dead(f"m{step}", at=stage.now - LIFETIME + 5)))
        stage.wait(5)
        for news in stage.take_all(News):
            followed |= {item.rumor.key: item.rumor for item in news.known}
            for key in news.gone:
                del followed[key]
    mine = {key: rumor for key, rumor in content(stage).items() if key in followed}
    assert mine == followed
    assert len(followed) <= 5


# In a ring


def swept_ring(names, rumors):
    """Members that know the same, and started at different times: they do not sweep in step."""
    stages = {}
    for number, name in enumerate(names):
        others = [member(other) for other in names if other != name]
        stage = start(me=identity(name), seed=number, settings=BRIEF)
        stage.wait(number * 3.7)
        stages[name] = stage.hear(told(*others, *rumors, hot=False))
    end = max(stage.now for stage in stages.values())
    for stage in stages.values():
        stage.wait(end - stage.now).drop()
    return stages


@pytest.mark.parametrize(
    "rumors",
    [
        (dead("gus"), service("gus")),
        (dead("gus", by="gus"), service("gus"), Service("gus", "web.prod", "core/web", 3)),
        (member("gus", 7), service("gus"), Departure("gus", "eve", at=int(NOW))),
        (member("bob"), service("bob", withdrawn_at=NOW)),
    ],
    ids=["a dead one", "one that left", "a departed one", "a withdrawn service"],
)
def test_members_that_compare_their_tables_all_the_time_forget_it_all_the_same(rumors):
    """None of them tells it again to another one that has forgotten a moment before."""
    names = ("ada", "bob", "cyd", "dan")
    stages = swept_ring(names, rumors)
    keys = {rumor.key for rumor in rumors if not isinstance(rumor, Departure)}
    keys -= {member(name).key for name in names}
    assert all(keys <= content(stage).keys() for stage in stages.values())
    for _ in range(70):
        for one, other in combinations(names, 2):
            checksum = stages[one].role.table.checksum
            stages[other].hear(Gossiped(peer(one), Digest(checksum)))
        correspond(stages, rounds=3)
        for stage in stages.values():
            stage.said.clear()
            stage.wait(2.0)
    for stage in stages.values():
        assert not keys & content(stage).keys()
    assert len({stage.role.table.checksum for stage in stages.values()}) == 1


def test_who_was_away_for_longer_than_tombstones_last_brings_back_nothing():
    stages = swept_ring(("ada", "bob", "cyd"), (dead("gus"), service("gus")))
    away = stages.pop("cyd")
    for stage in stages.values():
        outlive(stage).drop()
    away.now = stages["ada"].now
    away.restart(disseminator(me=identity("cyd"), settings=BRIEF, seed=9))
    stages["cyd"] = away
    for _ in range(5):
        for name in ("ada", "bob"):
            checksum = away.role.table.checksum
            stages[name].hear(Gossiped(peer("cyd"), Digest(checksum)))
        correspond(stages, rounds=4)
        for stage in stages.values():
            stage.said.clear()
            stage.wait(sweep_seconds(LIFETIME))
    for stage in stages.values():
        assert {member("gus").key, service("gus").key} & content(stage).keys() == set()


# Full tables


def test_a_full_table_has_room_for_this_node_itself_and_for_news_of_what_it_holds(monkeypatch):
    stage = ring_of(member("bob"))
    del stage.records[next(key for key in stage.records if key.startswith("rumor/"))]
    monkeypatch.setattr(Table, "is_full", property(lambda table: True))
    stage.restart(disseminator())
    assert isinstance(stage.role.own(), Membership)
    stage.drop().hear(told(member("bob", 2), member("eve")))
    known = [rumor.id for rumor in stage.role.table if isinstance(rumor, Membership)]
    assert "eve" not in known
