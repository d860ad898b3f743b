"""Do layers of configuration become one, and is what cannot be read refused?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.roles.layers import DEPTH_MAX, Unreadable, merge, parse, pick, plain

keys = st.text("abc", min_size=1, max_size=2)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("xyz", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)
layers = st.dictionaries(keys, values, max_size=4)


def test_a_document_becomes_plain_values():
    document = """
        text = "é"
        whole = 7
        part = 1.5
        yes = true
        list = [1, "two", { three = 3 }]
        [table.deep]
        key = ""
    """
    assert parse(document.encode()) == {
        "text": "é",
        "whole": 7,
        "part": 1.5,
        "yes": True,
        "list": [1, "two", {"three": 3}],
        "table": {"deep": {"key": ""}},
    }
    assert parse(b"") == {}


def test_dates_and_times_become_text():
    document = b"a = 1979-05-27T07:32:00Z\nb = 1979-05-27\nc = 07:32:00\nd = [1979-05-27]"
    assert parse(document) == {
        "a": "1979-05-27T07:32:00+00:00",
        "b": "1979-05-27",
        "c": "07:32:00",
        "d": ["1979-05-27"],
    }


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"port = ", "Invalid value (at end of document)"),
        (b"a = 1\na = 2", "Cannot overwrite a value (at end of document)"),
        (b"a = \xff", "byte 4 is not UTF-8"),
        (b"a = " + b"[" * 10_000, "nested too deeply"),
        (b"a = " + b"9" * 5_000, "digits"),
        (b"[a" + b".a" * DEPTH_MAX + b"]\nb = 1", f"nested more than {DEPTH_MAX} deep"),
        (b"a = " + b"[" * 40 + b"]" * 40, f"nested more than {DEPTH_MAX} deep"),
    ],
    ids=["value", "twice", "bytes", "brackets", "digits", "tables", "lists"],
)
def test_what_cannot_be_read_says_why(document, why):
    with pytest.raises(Unreadable) as refused:
        parse(document)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "number", ["0x" + "f" * 5_000, str(2**63), str(-(2**63) - 1), "1e400", "nan"]
)
def test_a_number_that_is_none_for_json_is_refused(number):
    with pytest.raises(Unreadable) as refused:
        parse(f"a = {number}".encode())
    assert len(str(refused.value)) < 200


def test_the_deepest_that_is_allowed_is_read():
    deep = b"[" + b".".join([b"a"] * (DEPTH_MAX - 1)) + b"]\nb = 1"
    assert pick(parse(deep), ".".join(["a"] * (DEPTH_MAX - 1) + ["b"])) == 1
    assert plain({"a": [{"b": 1}]}) == {"a": [{"b": 1}]}


def test_tables_are_merged_key_by_key_and_all_else_is_replaced():
    low = {"a": 1, "list": [1, 2], "t": {"x": 1, "y": {"z": 1}}, "was": {"x": 1}, "is": 1}
    high = {"b": 2, "list": [3], "t": {"y": {"w": 2}}, "was": 1, "is": {"x": 1}}
    assert merge(low, high) == {
        "a": 1,
        "b": 2,
        "list": [3],
        "t": {"x": 1, "y": {"z": 1, "w": 2}},
        "was": 1,
        "is": {"x": 1},
    }


def test_keys_keep_their_order_and_new_ones_come_last():
    assert list(merge({"b": 1, "a": 1}, {"c": 1, "a": 2})) == ["b", "a", "c"]


@given(layers, layers)
def test_merging_changes_neither_layer(low, high):
    before = repr((low, high))
    merge(low, high)
    assert repr((low, high)) == before


@given(layers)
def test_an_empty_layer_changes_nothing(layer):
    assert merge(layer, {}) == merge({}, layer) == merge(layer, layer) == layer


@given(layers, layers, layers)
def test_layers_merged_from_below_or_from_above_are_the_same(one, two, three):
    top_is_flat = {key: value for key, value in three.items() if not isinstance(value, dict)}
    assert merge(merge(one, two), top_is_flat) == merge(one, merge(two, top_is_flat))


def test_a_dotted_path_leads_to_a_value_or_nowhere():
    config = {"a": {"b": {"c": 0}}, "list": [1]}
    assert pick(config, "a.b.c") == 0
    assert pick(config, "a.b") == {"c": 0}
    for nowhere in ("x", "a.x", "a.b.c.d", "list.0", "", "a."):
        assert pick(config, nowhere) is None
