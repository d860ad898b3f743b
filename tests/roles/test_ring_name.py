"""Which ring does this node belong to?"""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.events import Event
from habactors.protocol.gossip import Hello
from habactors.protocol.lifecycle import Peer
from habactors.protocol.transport import RingIs, RingMet, WireStarted
from habactors.roles.ring_name import (
    FOUNDING_SECONDS,
    RECORD,
    REPORT_SECONDS,
    STRANGERS_MAX,
    YOUNG_SECONDS,
    RingName,
)
from habactors.roles.role import Role
from tests.roles.stage import ADA, NOW, Stage, member, peer
from tests.roles.telling import disseminator, ring_of, start, told

LOW, MIDDLE, HIGH = "0" * 16, "5" * 16, "f" * 16
BOB = peer("bob")


def name_of(ring="", since=NOW):
    """The name of a ring that a node belongs to since then."""
    name = RingName(Role(ADA), Random(1))
    kept = {RECORD: f"{ring} {int(since)}".encode()} if ring else {}
    name.restore(kept, NOW, founder=False)
    return name


def met(ring, knocked=True, by=BOB):
    return RingMet(ring, by, knocked)


def meet(name, ring, now=NOW, *, knocked=True, alone=False, named=False):
    return name.meet(met(ring, knocked), now, alone=alone, named=named)


OLD = NOW - YOUNG_SECONDS - 1


# The name


def test_who_is_in_no_ring_takes_the_first_name_it_meets():
    name = name_of()
    assert meet(name, HIGH, knocked=False)
    assert name.id == HIGH


@pytest.mark.parametrize(
    ("since", "alone", "named", "knocked", "ring", "stays", "answers"),
    [
        (NOW, False, False, True, LOW, LOW, True),  # young rings: the lower one stays
        (NOW, False, False, True, HIGH, MIDDLE, True),
        (NOW, False, False, False, LOW, LOW, True),
        (NOW, False, False, False, HIGH, MIDDLE, True),
        (OLD, False, False, True, LOW, MIDDLE, False),  # an old one is not joined by strangers
        (OLD, False, False, True, HIGH, MIDDLE, False),
        (OLD, False, True, True, LOW, LOW, True),  # unless both operators want it
        (OLD, False, True, True, HIGH, MIDDLE, True),
        (OLD, False, True, False, LOW, MIDDLE, False),
        (OLD, True, False, True, LOW, LOW, True),  # who is alone follows whoever calls
        (OLD, True, False, True, HIGH, HIGH, True),
        (OLD, True, False, False, HIGH, MIDDLE, False),
    ],
)
def test_two_rings_meet(since, alone, named, knocked, ring, stays, answers):
    name = name_of(MIDDLE, since)
    answered = meet(name, ring, knocked=knocked, alone=alone, named=named)
    assert (name.id, answered) == (stays, answers)


@pytest.mark.parametrize("ring", ["!", "no ring id", "0" * 15, "0" * 17, "F" * 16, "0" * 15 + " "])
def test_what_is_no_name_of_a_ring_is_not_taken_for_one(ring):
    """It would sort before all others, and could not be read again."""
    for name in (name_of(), name_of(MIDDLE), name_of(MIDDLE, OLD)):
        before = name.id
        assert not meet(name, ring, alone=True, named=True)
        assert name.id == before


def test_a_ring_grows_old():
    name = name_of(MIDDLE)
    assert not meet(name, LOW, now=NOW + YOUNG_SECONDS)
    assert name.id == MIDDLE


# Laws

meetings = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), max_size=40)


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=6, unique=True),
    meetings,
    st.booleans(),
)
def test_any_number_of_young_rings_become_one_in_whatever_order_they_meet(ids, order, alone):
    names = [name_of(f"{ring:016x}") for ring in ids]
    everybody = range(len(names))
    in_the_end = [(one, other, True) for one in everybody for other in everybody] * len(names)
    for one, other, knocked in [*order, *in_the_end]:
        hearer, speaker = names[one % len(names)], names[other % len(names)]
        if hearer.id != speaker.id:
            meet(hearer, speaker.id, knocked=knocked, alone=alone)
    assert len({name.id for name in names}) == 1
    if not alone:
        assert names[0].id == f"{min(ids):016x}"


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=6, unique=True),
    st.lists(st.integers(0, 5), max_size=4),
)
def test_whoever_is_alone_and_swaps_names_with_another_one_settles_on_one(ids, order):
    """They knock at each other at the same moment, each time."""
    names = [name_of(f"{ring:016x}", OLD) for ring in ids]
    for _ in range(4 * len(ids)):
        heard = [name.id for name in names]
        for place, name in enumerate(names):
            for shift in (1, *order):
                other = heard[(place + shift) % len(names)]
                if other != name.id:
                    meet(name, other, alone=True)
    assert len({name.id for name in names}) == 1


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=6, unique=True), meetings)
def test_two_old_rings_never_become_one_by_themselves(ids, order):
    names = [name_of(f"{ring:016x}", OLD) for ring in ids]
    for one, other, knocked in order:
        hearer, speaker = names[one % len(names)], names[other % len(names)]
        if hearer is not speaker:
            assert not meet(hearer, speaker.id, knocked=knocked)
    assert [name.id for name in names] == [f"{ring:016x}" for ring in ids]


# In a disseminator


def kept_ring(stage):
    return stage.records[RECORD].decode().split()[0]


def test_a_founder_makes_up_a_name_keeps_it_and_tells_the_wire():
    stage = start(ignoring=())
    assert stage.take_all(RingIs)[-1] == RingIs(stage.role.ring.id)
    assert kept_ring(stage) == stage.role.ring.id
    assert [record.durable for record in stage.kept if record.key == RECORD] == [True]
    assert len({start(seed=seed).role.ring.id for seed in range(20)}) == 20


def test_who_has_peers_waits_for_theirs():
    stage = start(peers=("bob:9638",), ignoring=())
    assert stage.take_all(RingIs) == [RingIs("")]
    stage.hear(met(MIDDLE, knocked=False))
    assert stage.take(RingIs) == RingIs(MIDDLE)
    assert kept_ring(stage) == MIDDLE


def test_the_name_is_kept_through_restarts_and_so_is_its_age():
    stage = start()
    ring = stage.role.ring.id
    stage.wait(YOUNG_SECONDS + 1).restart(disseminator(seed=2))
    stage.hear(told(member("bob"))).drop().hear(met(LOW, by=peer("eve")))
    assert stage.role.ring.id == ring


@pytest.mark.parametrize("record", [b"", b"x", b"\xff", b"5 5 5", b"5" * 16, b"5" * 16 + b" x"])
def test_a_damaged_name_is_no_name(record):
    stage = Stage(disseminator(peers=("bob:9638",)))
    stage.records[RECORD] = record
    stage.start()
    assert stage.role.ring.id == ""


def test_peers_without_a_founder_among_them_found_a_ring_after_a_while():
    stage = start(peers=("bob:9638",))
    stage.wait(5 * FOUNDING_SECONDS)
    assert stage.role.ring.id == ""
    stage.hear(told(member("bob"))).wait(FOUNDING_SECONDS)
    assert stage.role.ring.id != ""


def test_a_wire_that_starts_anew_hears_the_name_again():
    stage = start(ignoring=())
    ring = stage.take_all(RingIs)[-1]
    assert stage.hear(WireStarted()).take(RingIs) == ring


def test_who_knocks_and_may_join_is_greeted_so_that_it_hears_the_name():
    stage = ring_of(member("cyd"))
    stage.hear(met(HIGH))
    receiver, _ = stage.take(Hello)
    assert receiver == Peer("", "bob:9638")


def test_who_was_in_no_ring_need_not_greet_back():
    """What made it join is being answered anyway."""
    stage = start(peers=("cyd:9638",)).drop()
    stage.hear(met(HIGH))
    assert stage.take_all(Hello) == []


def test_who_belongs_elsewhere_hears_only_that_it_does_and_is_reported_now_and_then():
    """The answer is for itself alone: it is not a knock."""
    stage = ring_of(member("cyd"))
    stage.wait(YOUNG_SECONDS).drop()
    events = []
    for _ in range(10):
        stage.wait(REPORT_SECONDS / 4).hear(met(LOW))
        assert stage.take(Hello)[0] == BOB
        events += stage.take_all(Event)
    assert len(events) == 3
    assert (events[0].kind, events[0].after, events[0].name) == ("node", "foreign", "bob:9638")
    assert f"ring {LOW}, this one to {stage.role.ring.id}" in events[0].why


def test_each_stranger_is_reported_but_only_so_many_are_remembered():
    stage = ring_of(member("cyd"))
    stage.wait(YOUNG_SECONDS).drop()
    for number in range(STRANGERS_MAX + 10):
        stage.hear(met(LOW, by=Peer("x", f"m{number}:1")))
    assert len(stage.take_all(Event)) == STRANGERS_MAX + 10
    assert len(stage.role.ring._met) <= STRANGERS_MAX


def test_whom_operators_name_as_peers_of_each_other_become_one_ring_though_they_are_old():
    stage = ring_of(member("cyd"), peers=("bob:9638",))
    stage.wait(YOUNG_SECONDS + FOUNDING_SECONDS).drop()
    stage.hear(met(LOW))
    assert stage.role.ring.id == LOW
    assert stage.take(Hello)[0] == Peer("", "bob:9638")


def test_who_joins_a_ring_is_not_taken_for_one_who_has_just_begun_it():
    """It may live where a member of another ring was, whose others still knock there."""
    stage = start(peers=("bob:9638",))
    stage.hear(met(MIDDLE, knocked=False)).hear(told(member("bob")))
    stage.hear(met(LOW, by=peer("eve")))
    assert stage.role.ring.id == MIDDLE


def test_a_member_that_has_gone_over_to_the_lower_name_is_followed():
    stage = ring_of(member("bob"), member("cyd"))
    stage.wait(YOUNG_SECONDS + 1).drop().hear(met(LOW, knocked=False))
    assert stage.role.ring.id == LOW


def test_a_member_that_has_not_heard_of_the_lower_name_is_told():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(met(LOW, knocked=False)).wait(YOUNG_SECONDS + 1).drop()
    stage.hear(met(HIGH, knocked=False, by=peer("cyd")))
    assert [told_one.id for told_one, _ in hellos(stage)] == ["cyd"]
    assert stage.role.ring.id == LOW


def test_a_wire_that_heard_of_our_ring_too_late_makes_nobody_speak():
    stage = ring_of(member("bob"))
    stage.drop().hear(met(stage.role.ring.id, knocked=False))
    stage.expect_nothing()


def test_who_knocks_in_vain_is_told_where_it_is_but_does_not_knock_back():
    stage = ring_of(member("bob"))
    stage.wait(YOUNG_SECONDS + 1).drop().hear(met(LOW, by=peer("eve")))
    assert [told_one.id for told_one, _ in hellos(stage)] == ["eve"]
    stage.drop().hear(met(LOW, knocked=False, by=peer("eve")))
    assert hellos(stage) == []


def test_who_is_alone_joins_the_ring_of_its_peer_when_that_one_tells_its_name():
    name = name_of(MIDDLE, OLD)
    assert not meet(name, HIGH, knocked=False, alone=True)
    assert meet(name, HIGH, knocked=False, alone=True, named=True)
    assert name.id == HIGH


def hellos(stage):
    """Who is greeted just now, and how."""
    return [(to, message) for to, message in stage.sent if isinstance(message, Hello)]
