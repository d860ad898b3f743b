"""Is there an end to what a template may ask for?"""

import contextlib

import pytest

from habactors import template
from habactors.template import Limits, TemplateError

SMALL = Limits(source_characters=5_000, depth=8, output_characters=1_000, steps=2_000)


def refused(source, limits=SMALL, **data):
    with pytest.raises(TemplateError) as caught:
        template.compile(source, "t", limits).render(data)
    return caught.value.message


def test_the_source_has_a_longest_length():
    assert refused("x" * 5_001) == "the template is longer than 5000 characters"
    assert template.compile("x" * 1_000, "t", SMALL).render({}) == "x" * 1_000


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("{{#if true}}", "{{/if}}"), ("{{#each x}}", "{{/each}}"), ("{{^x}}", "{{/x}}")],
)
def test_blocks_nest_so_deep_and_no_deeper(opening, closing):
    template.compile(opening * 8 + closing * 8, "t", SMALL)
    assert refused(opening * 9 + closing * 9) == "blocks nest deeper than 8"


def test_a_chain_of_else_if_has_a_longest_length():
    assert refused("{{#if x}}" + "{{else if y}}" * 8 + "{{/if}}") == "blocks nest deeper than 8"


def test_sub_expressions_nest_so_deep_and_no_deeper():
    def nested(depth):
        return "{{" + "not (" * depth + "not x" + ")" * depth + "}}"

    assert template.compile(nested(8), "t", SMALL).render({}) == "true"
    assert refused(nested(9)) == "sub-expressions nest deeper than 8"


@pytest.mark.parametrize(
    "source",
    ["{{#if true}}" * 3_000, "{{len " + "(len " * 3_000, "{{len " + "[" * 9_000 + "}}",
     "{{len " + '{"a":' * 9_000 + "}}", "{{" + "../" * 9_000 + "x}}", "{{" + "a." * 9_000,
     "{{! " * 9_000, "{{!--" * 9_000 + "}}", "{{{{" * 9_000, "\\{{" * 9_000, "{{" * 9_000,
     "\\" * 99_000 + "{{x}}", "{{#each x as |" * 3_000, '{{len "' + "\\" * 9_001 + '"}}',
     "{{len" + " " * 99_000, "{{!--x}}" * 30_000, "{{{{raw}}}}" + "{{{{/" * 30_000],
)  # fmt: skip
def test_a_source_made_to_go_deep_or_slow_ends_soon(source):
    with contextlib.suppress(TemplateError):
        template.compile(source, "t").render({})


def nested_list(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("block", ["#if x}}|{{/if", "#each x}}|{{/each", "#with x}}|{{/with"])
def test_the_deepest_template_renders(block):
    opening, closing = block.split("|")
    inner = "{{" + "not (" * 64 + "not 1" + ")" * 64 + "}}"
    source = f"{{{{{opening}" * 64 + inner + f"{closing}}}}}" * 64
    looped = {"x": "stop"}
    looped["x"] = [looped] if "each" in opening else looped
    assert template.compile(source, "t").render(looped) == "false"


def test_the_output_has_a_longest_length():
    source = "{{#each l}}" + "x" * 100 + "{{/each}}"
    assert template.compile(source, "t", SMALL).render({"l": [0] * 10}) == "x" * 1_000
    assert refused(source, l=[0] * 11) == "the output is longer than 1000 characters"


@pytest.mark.parametrize(
    "source",
    [
        "{{#with x}}" + "{{#with (strConcat this this)}}" * 7 + "{{/with}}" * 8,
        "{{#if (strConcat x x x x x x)}}{{/if}}",
        "{{#if (strReplace x 'x' x)}}{{/if}}",
        "{{#if (strReplace x '' x)}}{{/if}}",
        "{{#if (strJoin l x)}}{{/if}}",
        "{{#if (toJson m)}}{{/if}}",
    ],
)
def test_a_text_on_the_way_has_a_longest_length(source):
    data = {"x": "x" * 200, "l": [1] * 20, "m": ["x" * 200] * 6}
    assert "is longer than 1000" in refused(source, **data)


def test_loops_take_so_many_steps_and_no_more():
    loops = "{{#each l}}{{#each @root.l}}{{/each}}{{/each}}"
    assert template.compile(loops, "t", SMALL).render({"l": [0] * 30}) == ""
    assert refused(loops, l=[0] * 60) == "rendering takes more than 2000 steps"


@pytest.mark.parametrize(
    "source",
    [
        "{{#each l}}{{#eachAlive @root.dead}}{{/eachAlive}}{{/each}}",
        "{{#each l}}{{#if (eq @root.l @root.other)}}{{/if}}{{/each}}",
        "{{#each l}}{{#if (strJoin @root.dead ',')}}{{/if}}{{/each}}",
        "{{#each l}}{{#if (toJson @root.l)}}{{/if}}{{/each}}",
        "{{#each l}}{{#if (len @root.text)}}{{/if}}{{/each}}",
        "{{#each l}}{{#if (pkgPathFor 'a/b')}}{{/if}}{{/each}}",
    ],
)
def test_work_that_leaves_no_trace_is_counted_too(source):
    dead = [{"alive": False}] * 99
    data = {"l": [0] * 99, "other": [0] * 98 + [1], "dead": dead, "text": "é" * 9_999}
    assert "steps" in refused(source, **data, pkg={"deps": ["x/y/1/2"] * 99})


def test_data_that_nests_too_deep_is_refused():
    data = {"x": nested_list(100_000), "y": nested_list(100_000)}
    for tag in ("toJson x", "toToml x", "toYaml x", "strConcat x", "eq x y", "x"):
        assert "nests too deeply" in refused(f"{{{{{tag}}}}}", Limits(), **data)


def test_the_usual_limits_let_a_large_template_through():
    source = "{{#each l}}\nserver {{host}}:{{port}}\n{{/each}}\n"
    data = {"l": [{"host": "h", "port": n} for n in range(20_000)]}
    assert template.compile(source, "t").render(data).count("\n") == 20_000
