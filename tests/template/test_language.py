"""Where the oracle is silent or stricter, does the language mean what its documentation says?"""

import pytest

from habactors import template
from habactors.template import TemplateError

DATA = {
    "cfg": {"port": 1, "list": [10, 20], "this": "field"},
    "name": "outer",
    "zebra": {"z": 1, "a": 2, "m": 3},
    "items": [{"name": "x"}, {"name": "y"}],
    "text": '<a href="x">&\'',
}


def render(source, **more):
    return template.compile(source, "t").render({**DATA, **more})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Parse errors in handlebars-rust, fine in handlebars.js.
        ("{{#each cfg.list}}{{.}} {{/each}}", "10 20 "),
        ("{{#each items}}{{lookup .. 'name'}} {{/each}}", "outer outer "),
        ("{{cfg.list[1]}} {{#with cfg.list[0]}}{{this}}{{/with}}", "20 10"),
        ("{{^cfg.nothing}}none{{/cfg.nothing}}", "none"),
        ("{{^if cfg.port}}no{{else}}yes{{/if}}", "yes"),
        ("a {{~! c ~}} b {{~!-- d --~}} c {{! e ~}} d", "abc d"),
        ("{{#cfg.list}}{{this}},{{/cfg.list}}", "10,20,"),
        ("{{#each cfg.list as |item index|}}{{#if index}},{{/if}}{{item}}{{/each}}", "10,20"),
        ("{{#with cfg as |c|}}{{c.port}}{{port}}{{/with}}", "11"),
        ("{{#cfg as |c|}}{{c.port}}{{/cfg}}", "1"),
        # The oracle sorts; we keep the order in which the data came.
        ("{{#each zebra}}{{@key}}{{@index}} {{/each}}", "z0 a1 m2 "),
        # A wrapper of the oracle loses @root when it stands alone.
        ("{{#each @root.cfg}}{{@key}} {{/each}}{{#with @root}}{{name}}{{/with}}",
         "port list this outer"),
        ("{{#each @root}}{{#if @first}}{{@key}}{{/if}}{{/each}}", "cfg"),
        # A word looked up in a list is missing, not an error.
        ("{{cfg.list.word}}{{cfg.list.-1}}{{cfg.list.2}}.", "."),
        # Beyond the root is the root.
        ("{{#each cfg.list}}{{../../name}} {{/each}}", "outer outer "),
    ],
)  # fmt: skip
def test_more_is_accepted_than_in_rust(source, expected):
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{#each items as |name|}}{{name.name}}{{/each}}", "xy"),
        ("{{#each items as |name|}}{{../name}}{{/each}}", "outerouter"),
        ("{{#each items as |item|}}{{../item.name}}{{/each}}", "xy"),
        ("{{#each items as |name|}}{{this.name}}{{./name}}{{/each}}", "xxyy"),
        ("{{#with cfg}}{{[this]}} {{port}}{{/with}}", "field 1"),
    ],
)
def test_a_block_parameter_hides_a_field_unless_the_path_says_otherwise(source, expected):
    assert render(source) == expected


def test_nothing_is_escaped_for_html():
    assert render("{{text}} {{{text}}} {{&text}}") == " ".join([DATA["text"]] * 3)


def test_a_newline_before_a_tilde_that_follows_a_lone_tag_is_kept_unlike_in_rust():
    assert render("x\n{{#each cfg.list~}}\n{{this}}\n{{/each}}\ny") == "x\n10\n20\ny"


def test_a_blank_after_the_last_tag_keeps_its_line():
    assert render("a\n {{! c }}") == "a\n"
    assert render("a\n {{! c }} ") == "a\n  "


def test_values_in_the_data_are_never_read_as_templates():
    assert render("{{x}}", x="{{name}}") == "{{name}}"
    assert render("{{#each list}}{{this}}{{/each}}", list=["{{/each}}", "\\{{"]) == "{{/each}}\\{{"


def test_tuples_are_lists():
    data = {"list": (1, (2,), ()), "none": ()}
    source = "{{list}}{{list.1.0}}{{#each list}}[{{this}}]{{/each}}{{#if none}}!{{/if}}"
    assert template.compile(source, "t").render(data) == "[1, [2], []]2[1][[2]][[]]"
    assert template.compile("{{len list}} {{toJson none}}", "t").render(data) == "3 []"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""), (True, "true"), (False, "false"), (0, "0"), (-0.0, "-0.0"), (1.0, "1.0"),
        (2**64, "18446744073709551616"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
        (1e-5, "0.00001"), (-1.5e-5, "-0.000015"), (1e-6, "1e-6"), (5e-324, "5e-324"),
        (0.0001, "0.0001"), (float("nan"), ""), (float("inf"), ""), ("", ""), ([], "[]"),
        ({}, "[object]"), ([None, "a", [True, {}]], "[, a, [true, [object]]]"),
    ],
)  # fmt: skip
def test_a_value_prints(value, expected):
    assert render("{{x}}", x=value) == expected


class Trap:
    """Would tell a secret to whoever reads an attribute."""

    secret = "told"

    def __getitem__(self, key):
        raise AssertionError(key)

    def __str__(self):
        raise AssertionError("printed")


@pytest.mark.parametrize(
    "path",
    ["x.secret", "x.[secret]", "x.__class__", "x.__dict__.secret", "text.upper", "cfg.keys",
     "cfg.__class__.__mro__", "cfg.list.append", "zebra.items", "@root.__class__",
     "(lookup x 'secret')", "(lookup text 'upper')", "(lookup cfg '__class__')"],
)  # fmt: skip
def test_no_attribute_of_a_python_object_is_reached(path):
    assert render(f"{{{{#if {path}}}}}!{{{{/if}}}}{{{{{path}}}}}", x=Trap()) == ""


@pytest.mark.parametrize(
    "source", ["{{x}}", "{{toJson x}}", "{{toToml x}}", "{{toYaml x}}", "{{strConcat x}}", "{{y}}"]
)
def test_a_python_object_cannot_be_written(source):
    with pytest.raises(TemplateError, match="type Trap cannot stand in a template"):
        render(source, x=Trap(), y=[Trap()])


def test_strict_rendering_refuses_what_is_missing():
    strict = template.compile("a\n {{cfg.port}} {{cfg.prot}}", "t")
    assert strict.render(DATA) == "a\n 1 "
    with pytest.raises(TemplateError) as caught:
        strict.render(DATA, strict=True)
    assert str(caught.value) == "t:2:17: cfg.prot is not there"


@pytest.mark.parametrize(
    "source",
    ["{{eq cfg.prot 1}}", "{{#each cfg.list}}{{nothing}}{{/each}}", "{{@index}}",
     "{{lookup cfg 'prot'}}", "{{#if (eq nothing 1)}}{{/if}}",
     "{{#if 0 includeZero=nothing}}{{/if}}"],
)  # fmt: skip
def test_strict_rendering_refuses_what_is_missing_in_arguments(source):
    with pytest.raises(TemplateError, match="is not there"):
        template.compile(source, "t").render(DATA, strict=True)


@pytest.mark.parametrize(
    "source",
    ["{{#if cfg.prot}}{{/if}}", "{{#unless a.b}}{{/unless}}", "{{#each nope}}{{/each}}",
     "{{#with nope}}{{/with}}", "{{#nope}}{{/nope}}", "{{#eachAlive nope}}{{/eachAlive}}",
     "{{#if (and cfg nope)}}{{/if}}", "{{#if (not nope)}}{{/if}}", "{{or nope (lookup cfg 'x')}}"],
)  # fmt: skip
def test_strict_rendering_lets_a_template_ask(source):
    template.compile(source, "t").render(DATA, strict=True)


def test_a_template_renders_again_and_again_without_memory():
    compiled = template.compile("{{#each items}}{{name}}{{/each}}", "t")
    assert [compiled.render(DATA), compiled.render({}), compiled.render(DATA)] == ["xy", "", "xy"]
