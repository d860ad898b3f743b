"""Do all tables end the same, whatever the order, the repetitions and the losses?"""

from hypothesis import given
from hypothesis import strategies as st

from habactors.protocol.health import Health
from habactors.protocol.limits import OUTLINE_BYTES_MAX, RUMORS_MAX
from habactors.protocol.rumors import Config, Departure, Membership
from habactors.protocol.table import Table, chunks, size
from tests import strategies

many = st.lists(strategies.rumors, max_size=30)


def table_of(rumors):
    table = Table()
    for rumor in rumors:
        table.merge(rumor)
    return table


def content(table):
    return {rumor.key: rumor for rumor in table}


def entries(table):
    outline = table.outline()
    return {outline[at : at + 16] for at in range(0, len(outline), 16)}


def equal(one, other):
    """Equal in content, and every summary says so."""
    same = content(one) == content(other)
    assert (one.checksum == other.checksum) == same
    assert (entries(one) == entries(other)) == same
    return same


@given(many, st.randoms(use_true_random=False))
def test_any_order_with_any_repetitions_ends_in_the_same_table(rumors, rng):
    shuffled = rumors + rng.choices(rumors, k=len(rumors)) if rumors else []
    rng.shuffle(shuffled)
    assert equal(table_of(rumors), table_of(shuffled))


@given(many, many, many)
def test_merging_whole_tables_is_commutative_associative_and_idempotent(one, two, three):
    def joined(*parts):
        return table_of(rumor for part in parts for rumor in table_of(part))

    assert equal(joined(one, two), joined(two, one))
    assert equal(joined([*joined(one, two)], three), joined(one, [*joined(two, three)]))
    assert equal(joined(one, one), table_of(one))


@given(many, many)
def test_two_tables_have_one_checksum_exactly_when_they_are_equal(one, two):
    equal(table_of(one), table_of(two))


@given(st.lists(strategies.any_rumors, max_size=10))
def test_a_table_takes_rumors_from_the_whole_range_that_the_limits_allow(rumors):
    table = table_of(rumors)
    assert equal(table, table_of(reversed(rumors)))
    for rumor in rumors:
        assert not table.merge(rumor)


@given(many)
def test_merge_tells_whether_anything_changed(rumors):
    table = Table()
    for rumor in rumors:
        before = content(table)
        stands = table.merge(rumor)
        assert (stands is not None) == (content(table) != before)
        assert table.get(rumor.key) == (stands or before[rumor.key])


@given(many, strategies.ids)
def test_an_incarnation_never_falls(rumors, member_id):
    table = Table()
    incarnations = [-1]
    for rumor in rumors:
        table.merge(rumor)
        member = table.membership(member_id)
        incarnations.append(member.incarnation if member else -1)
    assert incarnations == sorted(incarnations)


@given(many, many, strategies.departures)
def test_whoever_departed_stays_departed(before, after, departure):
    table = table_of([*before, departure])
    for rumor in after:
        assert table.health(departure.member_id) is Health.DEPARTED
        table.merge(rumor)
    assert table.health(departure.member_id) is Health.DEPARTED


def test_a_member_is_as_well_as_its_membership_says_and_a_stranger_has_no_health():
    table = table_of([Membership("ada", "ada", "ada:1", 1, Health.SUSPECT)])
    assert table.health("ada") is Health.SUSPECT
    assert table.health("bob") is None


@given(many, many)
def test_a_dropped_rumor_leaves_no_trace(kept, dropped):
    table = table_of(kept)
    extra = [rumor for rumor in dropped if rumor.key not in content(table)]
    for rumor in extra:
        table.merge(rumor)
    for rumor in extra:
        table.drop(rumor.key)
    assert equal(table, table_of(kept))
    assert len(table) == len(content(table))


def test_keys_that_only_differ_in_where_their_parts_end_are_two_keys():
    one = strategies.Service("c", "a.b\0x", "core/redis", 1)
    other = strategies.Service("x\0c", "a.b", "core/redis", 1)
    table = table_of([one, other])
    assert len(entries(table)) == 2
    table.drop(one.key)
    table.drop(other.key)
    assert equal(table, Table())


@given(many, many)
def test_outline_lacking_and_want_make_two_tables_equal(one, two):
    here, there = table_of(one), table_of(two)
    lacking, wanted = here.compare(there.outline())
    answers = there.chosen(wanted)
    for rumor in lacking:
        there.merge(rumor)
    for rumor in answers:
        here.merge(rumor)
    assert equal(here, there)


@given(many, many)
def test_only_what_differs_is_exchanged(one, two):
    here, there = table_of(one), table_of(two)
    lacking, wanted = here.compare(there.outline())
    common = content(here).items() & content(there).items()
    assert not common & {(rumor.key, rumor) for rumor in lacking}
    assert len(wanted) // 8 == len(there) - len(common)
    assert len(lacking) == len(here) - len(common)


@given(many, st.binary(max_size=100))
def test_a_strange_outline_is_only_a_question_without_an_answer(rumors, noise):
    table = table_of(rumors)
    lacking, wanted = table.compare(noise)
    assert len(lacking) == len(table)
    assert table.chosen(wanted) == []
    assert table.chosen(noise) == []


def test_what_is_wanted_many_times_is_sent_once():
    table = table_of([Departure("ada", "bob"), Departure("bob", "bob")])
    _, wanted = Table().compare(table.outline())
    assert table.chosen(wanted * 1_000) == [*table]


def test_an_outline_never_outgrows_its_limit():
    table = table_of(Departure(f"member-{number}", "ada") for number in range(60_010))
    assert len(table.outline()) == OUTLINE_BYTES_MAX
    _, wanted = Table().compare(table.outline())
    assert len(wanted) == OUTLINE_BYTES_MAX // 2


@given(st.lists(strategies.rumors, max_size=30), st.integers(1, 400))
def test_chunks_hold_everything_in_order_and_no_more_than_they_may(rumors, bytes_max):
    runs = list(chunks(rumors, bytes_max))
    assert [rumor for run in runs for rumor in run] == rumors
    for run in runs:
        assert len(run) == 1 or sum(map(size, run)) <= bytes_max


def test_a_chunk_may_be_just_as_long_as_it_may():
    rumors = [Departure("ada", "bob"), Departure("bob", "bob")]
    assert [len(run) for run in chunks(rumors, sum(map(size, rumors)))] == [2]


def test_a_chunk_holds_no_more_rumors_than_a_message_may():
    short = [Departure(chr(number), "a") for number in range(33, 33 + RUMORS_MAX + 1)]
    assert [len(run) for run in chunks(short, 2**20)] == [RUMORS_MAX, 1]


def test_what_a_table_says_of_a_member_is_its_membership_and_its_departure():
    member, departure = Membership("ada", "ada", "ada:1", 1), Departure("ada", "bob")
    table = table_of([member, departure, Config("redis.prod", 1, b"", "ada")])
    assert table.membership("ada") == member
    assert table.departure("ada") == departure
    assert table.membership("bob") is None
    assert table.departure("bob") is None
