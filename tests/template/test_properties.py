"""What holds of every template, however odd?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habactors import template
from habactors.template import HELPERS, Limits, TemplateError
from tests.template.contexts import CONTEXTS
from tests.template.grammar import templates

FRAGMENTS = [
    "{{", "}}", "{{{", "}}}", "{{{{", "}}}}", "~", "#", "/", "^", "!", "!--", "--", ">", "*", "&",
    "(", ")", "|", "as |x|", "as |x y|", "=", ".", "..", "../", "./", "@", "@root", "@index", "[",
    "]", "[0]", '"', "'", '"a"', "\\", "\n", " ", "1", "-1.5", "1e9", "true", "null", "this",
    "else", "else if", "{{else}}", "{{/if}}", "{{#if cfg}}", "{{#each cfg.users}}", "{{/each}}",
    "cfg", "cfg.port", "x", "é", "\x00", "\u2028", *sorted(HELPERS),
]  # fmt: skip
SOUP = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join)
TAGGED = st.lists(st.sampled_from(FRAGMENTS), max_size=8).map(lambda s: "{{" + " ".join(s) + "}}")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cfg", "port", "users", "alive", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
CONTEXT = st.dictionaries(st.sampled_from(["cfg", "svc", "pkg", "x"]), JSON, max_size=4)
LIMITS = Limits(source_characters=1_000, depth=16, output_characters=10_000, steps=10_000)


def error_of(source, context, *, strict):
    """The TemplateError of a rendering, or None when it ends well."""
    try:
        template.compile(source, "t", LIMITS).render(context, strict=strict)
    except TemplateError as error:
        return error
    return None


def check(source, context, *, strict):
    """A rendering ends well or with one line that points into the source."""
    if error := error_of(source, context, strict=strict):
        lines = source.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert "\n" not in str(error)


@given(SOUP | TAGGED | st.lists(TAGGED, max_size=4).map("\n".join), CONTEXT, st.booleans())
@settings(max_examples=200)
def test_whatever_the_source_only_a_template_error_is_raised(source, context, strict):
    check(source, context, strict=strict)


@given(templates(nesting=2), CONTEXT, st.booleans())
def test_whatever_the_data_only_a_template_error_is_raised(source, context, strict):
    check(source, context, strict=strict)


@given(st.sampled_from(sorted(HELPERS)), st.lists(JSON, max_size=3), st.booleans())
@settings(max_examples=200)
def test_whatever_the_arguments_a_helper_only_raises_a_template_error(name, values, block):
    words = " ".join([name, *(f"v.{index}" for index in range(len(values)))])
    source = f"{{{{#{words}}}}}x{{{{else}}}}y{{{{/{name}}}}}" if block else f"{{{{{words}}}}}"
    check(source, {"v": values}, strict=False)


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: "{{" not in text))
def test_text_without_tags_renders_to_itself(text):
    assert template.compile(text, "t").render({}) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_value_prints_as_it_is(text):
    assert template.compile("{{#each l}}{{this}}{{/each}}", "t").render({"l": [text, text]}) == (
        text * 2
    )


@given(st.text(st.sampled_from("a {}#~\n\\"), max_size=30))
def test_a_raw_block_keeps_its_text(text):
    source = "{{{{raw}}}}." + text + ".{{{{/raw}}}}"
    assert template.compile(source, "t").render({}) == f".{text}."


@given(st.lists(st.sampled_from(["a", "  b", "", "\tc "]), min_size=1, max_size=5), st.data())
def test_a_tag_alone_on_its_line_leaves_no_line_behind(lines, data):
    wrapped = list[str]()
    for line in lines:
        before, after = data.draw(st.tuples(*[st.sampled_from(["", "  ", "\t"])] * 2))
        tag = data.draw(st.sampled_from([
            ["{{#if yes}}", "LINE", "{{/if}}"],
            ["{{#if no}}", "gone", "{{else}}", "LINE", "{{/if}}"],
            ["{{#unless yes}}", "gone", "{{else if yes}}", "LINE", "{{/unless}}"],
            ["{{! comment }}", "LINE"],
            ["{{!-- a", "b --}}", "LINE"],
            ["{{#each one}}", "LINE", "{{/each}}", "{{#each none}}", "gone", "{{/each}}"],
        ]))  # fmt: skip
        wrapped += [line if one == "LINE" else one if "--" in one else f"{before}{one}{after}"
                    for one in tag]  # fmt: skip
    source = "".join(f"{line}\n" for line in wrapped)
    rendered = template.compile(source, "t").render({"yes": True, "one": [1]})
    assert rendered == "".join(f"{line}\n" for line in lines)


@given(templates())
@settings(max_examples=50)
def test_rendering_changes_neither_the_template_nor_the_data(source):
    before = repr(CONTEXTS)
    compiled = template.compile(source, "t")
    assert compiled.render(CONTEXTS["busy"]) == compiled.render(CONTEXTS["busy"])
    assert repr(CONTEXTS) == before


def _replaced(value, names, new):
    """A copy of the value in which what the names lead to is something else; * is each child."""
    if not names:
        return new
    name, *rest = names
    if isinstance(value, dict):
        keys = value if name == "*" else [name]
        return {**value, **{key: _replaced(value.get(key), rest, new) for key in keys}}
    if isinstance(value, list) and (name == "*" or name.isdecimal()):
        return [_replaced(item, rest, new) if name in ("*", str(index)) else item
                for index, item in enumerate(value)]  # fmt: skip
    return value


@given(templates(nesting=2), st.sampled_from(["cfg", "svc", "sys", "bind"]))
def test_data_that_a_template_does_not_read_cannot_change_what_it_renders(source, root):
    compiled = template.compile(source, "t")
    read = {path.names[:1] for path in compiled.paths}
    context = CONTEXTS["busy"]
    if (root,) not in read and () not in read:
        changed = {**context, root: "something else"}
        assert compiled.render(changed) == compiled.render(context)


@pytest.mark.parametrize("name", ["tls", "users", "port"])
@given(source=templates(nesting=2))
@settings(max_examples=30)
def test_a_field_that_a_template_does_not_read_cannot_change_what_it_renders(name, source):
    compiled = template.compile(source, "t")
    names = ("cfg", name)
    touched = any(path.names[:2] in ((), ("cfg",), names, ("cfg", "*")) for path in compiled.paths)
    if not touched:
        changed = _replaced(CONTEXTS["busy"], names, "something else")
        assert compiled.render(changed) == compiled.render(CONTEXTS["busy"])
