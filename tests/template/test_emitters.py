"""Are toJson, toToml and toYaml written as upstream writes them, and read back as they were?"""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors import template
from habactors.template import TemplateError

TEXTS = st.text(st.sampled_from("ab -:#'\"\\[]{}=.\n\r\t\x00\x7f\x85é日😀"), max_size=6)
SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXTS


def nested(scalars):
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=10,
    )


def write(helper, value):
    return template.compile(f"{{{{{helper} x}}}}", "t").render({"x": value})


@given(nested(SCALARS.filter(lambda x: x not in (float("inf"), float("-inf"))) | st.none()))
def test_json_reads_back(value):
    assert json.loads(write("toJson", value)) == value


@given(st.dictionaries(TEXTS, nested(SCALARS), max_size=4))
def test_toml_reads_back(value):
    assert tomllib.loads(write("toToml", value)) == value


@given(nested(SCALARS))
def test_an_inline_toml_value_reads_back(value):
    if not isinstance(value, dict):
        assert tomllib.loads(f"x = {write('toToml', value)}") == {"x": value}


def test_json_has_two_blanks_an_entry_a_line_and_the_order_of_the_data():
    value = {"z": [1, {"é": 1e-7}], "a": {}, "e": [], "n": None, "i": float("inf")}
    assert write("toJson", value) == (
        '{\n  "z": [\n    1,\n    {\n      "é": 1e-7\n    }\n  ],\n  "a": {},\n  "e": [],\n'
        '  "n": null,\n  "i": null\n}'
    )


def test_toml_has_scalars_first_then_tables():
    value = {
        "last": {"port": 1, "name": "a", "deep": {"x": True}},
        "first": "b",
        "empty": {},
        "only": {"tables": {"here": {"y": 1.0}}},
        "list": [1, 2],
        "mixed": [1, {"a": 2}, {}],
        "servers": [{"n": 1, "tags": []}, {"n": 2, "sub": {"k": "v"}}],
        "odd key": 1,
    }
    assert write("toToml", value) == (
        'first = "b"\nlist = [1, 2]\nmixed = [1, { a = 2 }, {}]\n"odd key" = 1\n'
        '\n[last]\nport = 1\nname = "a"\n\n[last.deep]\nx = true\n\n[empty]\n'
        "\n[only.tables.here]\ny = 1.0\n"
        '\n[[servers]]\nn = 1\ntags = []\n\n[[servers]]\nn = 2\n\n[servers.sub]\nk = "v"\n'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, ""), ("plain", '"plain"'), ('say "x"', "'say \"x\"'"), ("a\\b", "'a\\b'"),
        ("it's", '"it\'s"'), ("it's \"x\"", '"it\'s \\"x\\""'), ("a\nb", '"a\\nb"'),
        (True, "true"), (1e30, "1e+30"), ([1, ["a"]], '[1, ["a"]]'), ("\x7f", '"\\u007f"'),
        (5, "5"),
    ],
)  # fmt: skip
def test_a_toml_value(value, expected):
    assert write("toToml", value) == expected


def test_toml_cannot_say_null():
    with pytest.raises(TemplateError, match="null"):
        write("toToml", {"a": None})


def test_yaml_does_not_indent_dashes():
    value = {
        "name": "app",
        "list": ["a", ["b", []], {"c": 1, "d": ["e"]}, {}],
        "map": {"deep": {"x": None}, "none": {}},
        "text": "one\ntwo\n",
        "ratio": 1.0,
    }
    assert write("toYaml", value) == (
        "name: app\nlist:\n- a\n- - b\n  - []\n- c: 1\n  d:\n  - e\n- {}\n"
        "map:\n  deep:\n    x: null\n  none: {}\ntext: |\n  one\n  two\nratio: 1.0\n"
    )


@pytest.mark.parametrize(
    "text",
    ["plain", "on", "off", "yes", "no", "y", "n", "2001-01-01", "12:30:45", "1_000", "a:b", "a#b",
     "-x", "?x", ":x", "a, b", "a [b]", "it's", 'a "b"', "1.2.3", "10.0.0.1", "é", "http://x/y"],
)  # fmt: skip
def test_yaml_leaves_text_plain(text):
    assert write("toYaml", text) == f"{text}\n"


@pytest.mark.parametrize(
    "text",
    ["", "true", "False", "null", "~", "1", "-1", "+1", "1.5", "1e3", ".5", "0x1f", "0o17", "0b1",
     "017", ".inf", "-.inf", ".nan", "- a", "-", "? a", "a: b", "a:", "a #b", "#a", " a", "a ",
     "[a", "]", "{a", "}", ",a", "&a", "*a", "!a", "|", ">", "'a'", '"a"', "%a", "@a", "`a",
     "---", "--- a", "...", "<<", "="],
)  # fmt: skip
def test_yaml_quotes_text_that_could_be_something_else(text):
    assert write("toYaml", text) == "'" + text.replace("'", "''") + "'\n"
    assert write("toYaml", {text: 1}) == "'" + text.replace("'", "''") + "': 1\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\tb", '"a\\tb"\n'), ("a\r\n", '"a\\r\\n"\n'),
        ("\x85\u2028\ufeff", '"\\u0085\\u2028\\ufeff"\n'),
        ("a\nb", "|-\n  a\n  b\n"), ("a\n", "|\n  a\n"), ("a\n\n", "|+\n  a\n\n"),
        ("\n", "|2+\n\n"),
        ("  a\nb", "|2-\n    a\n  b\n"), ("a \nb", '"a \\nb"\n'),
        (["a\nb", "c"], "- |-\n  a\n  b\n- c\n"),
        ({"k": {"t": "a\nb"}}, "k:\n  t: |-\n    a\n    b\n"), ({"a\nb": 1}, '"a\\nb": 1\n'),
        (None, "null\n"), (True, "true\n"), ([], "[]\n"), ({}, "{}\n"), (float("inf"), ".inf\n"),
        (float("-inf"), "-.inf\n"), (float("nan"), ".nan\n"), (1e-7, "1e-7\n"),
        (2**70, f"{2**70}\n"),
    ],
)  # fmt: skip
def test_a_yaml_value(value, expected):
    assert write("toYaml", value) == expected


def test_a_yaml_key_has_a_longest_length():
    with pytest.raises(TemplateError, match="1000 characters"):
        write("toYaml", {"k" * 1001: 1})
