"""Does each helper do what Habitat's helper of that name does?"""

import pytest

from habactors import template
from habactors.template import HELPERS, TemplateError

MEMBERS = [
    {"id": "a", "alive": True},
    {"id": "b", "alive": False},
    {"id": "c", "alive": True},
    "not a member",
    {"id": "d"},
    {"id": "e", "alive": True},
]


def render(source, **data):
    return template.compile(source, "t").render(data)


def refused(source, **data):
    with pytest.raises(TemplateError) as caught:
        render(source, **data)
    return caught.value.message


def test_each_alive_counts_the_living_from_one():
    source = "{{#eachAlive m}}{{@index}}{{id}}{{@first}}{{@last}} {{/eachAlive}}"
    assert render(source, m=MEMBERS) == "1atruefalse 2cfalsefalse 3efalsetrue "


def test_each_alive_names_the_member_and_its_number():
    source = "{{#eachAlive m as |one i|}}{{i}}{{one.id}}{{id}}{{../x}} {{/eachAlive}}"
    assert render(source, m=MEMBERS, x="-") == "1aa- 2cc- 3ee- "


def test_each_alive_is_each_with_an_if_inside():
    alive = "{{#eachAlive m as |one|}}\n{{one.id}}\n{{/eachAlive}}\n"
    each = "{{#each m as |one|}}\n{{#if one.alive}}\n{{one.id}}\n{{/if}}\n{{/each}}\n"
    assert render(alive, m=MEMBERS) == render(each, m=MEMBERS) == "a\nc\ne\n"


@pytest.mark.parametrize("nobody", [None, [], {}, 0, "", False])
def test_each_alive_has_an_else_for_a_false_value(nobody):
    assert render("{{#eachAlive m}}x{{else}}none{{/eachAlive}}", m=nobody) == "none"


def test_each_alive_renders_nothing_when_nobody_lives():
    source = "{{#eachAlive m}}x{{else}}none{{/eachAlive}}"
    assert render(source, m=[{"alive": False}, {"id": "x"}]) == ""


def test_each_alive_goes_through_a_map_that_is_alive():
    source = "{{#eachAlive m}}{{@key}}={{this}} {{else}}none{{/eachAlive}}"
    assert render(source, m={"alive": True, "id": 7}) == "alive=true id=7 "
    assert render(source, m={"alive": False, "id": 7}) == ""
    assert render(source, m={"id": 7}) == ""


@pytest.mark.parametrize("value", ["text", 1, True, [{"alive": "yes"}], [{"alive": None}]])
def test_each_alive_refuses_what_is_no_list_of_members(value):
    assert "eachAlive" in refused("{{#eachAlive m}}x{{/eachAlive}}", m=value)


DEPS = [
    "core/bash-static/5.0/2023",
    {"origin": "core", "name": "bash", "version": "5.1", "release": "2024"},
    {"origin": "core", "name": "bash", "version": "5.0", "release": "2023"},
    {"origin": "me", "name": "own", "version": "1", "release": "2", "path": "/srv/own"},
    "half/known",
]


@pytest.mark.parametrize(
    ("ident", "expected"),
    [
        ("core/bash", "/hab/pkgs/core/bash/5.1/2024"),
        ("core/bash/5.0", "/hab/pkgs/core/bash/5.0/2023"),
        ("core/bash/5.0/2023", "/hab/pkgs/core/bash/5.0/2023"),
        ("core/bash/5", ""),
        ("core/bas", ""),
        ("other/bash", ""),
        ("me/own", "/srv/own"),
        ("half/known", "/hab/pkgs/half/known"),
    ],
)
def test_pkg_path_for_finds_the_first_match_from_any_scope(ident, expected):
    data = {"pkg": {"deps": DEPS}, "cfg": {"pkg": {"deps": []}, "i": ident}}
    assert render(f'{{{{pkgPathFor "{ident}"}}}}', **data) == expected
    assert render("{{#with cfg}}{{pkgPathFor i}}{{/with}}", **data) == expected


@pytest.mark.parametrize("ident", ["", "bash", "core/", "a/b/c/d/e", "core/ba sh", "../x", "/a/b"])
def test_pkg_path_for_refuses_a_bad_ident(ident):
    assert "pkgPathFor wants" in refused("{{pkgPathFor x}}", x=ident, pkg={"deps": DEPS})


@pytest.mark.parametrize("value", [None, 5, ["core/bash"]])
def test_pkg_path_for_refuses_what_is_no_text(value):
    assert "pkgPathFor wants" in refused("{{pkgPathFor x}}", x=value, pkg={"deps": DEPS})


@pytest.mark.parametrize("pkg", [None, {}, {"deps": None}, {"deps": {}}, {"deps": [None, 1, []]}])
def test_pkg_path_for_is_empty_without_dependencies(pkg):
    assert render('{{pkgPathFor "core/bash"}}', pkg=pkg) == ""


VALUES = ["a", 1, 1.0, None, True, {"k": 1}, ["x", {"y": [None]}], 'q"q', "b\\s", "n\nn", "é"]
JOINED = ["a", "1", "1.0", "null", "true", "[x,{y:[null]}]", "q\\q", "b\\\\s", "n\\nn", "é"]


def test_str_join_leaves_out_maps_and_writes_json_without_quotes():
    assert render('{{strJoin x "|"}}', x=VALUES) == "|".join(JOINED)
    assert render('{{strJoin x "\\n"}}', x=["a", "b"]) == "a\nb"
    assert render('{{strJoin x ", "}}', x=[]) == ""


def test_str_concat_leaves_out_maps_and_writes_json_without_quotes():
    assert render('{{strConcat "a" 1 b "c" m n}}', b=[1, "x"], m={"k": 1}) == "a1[1,x]cnull"
    assert render("{{strConcat}}") == ""


def test_str_replace_replaces_all():
    assert render('{{strReplace x "a" "bb"}}', x="banana") == "bbbnbbnbb"
    assert render('{{strReplace x "a" ""}}', x="banana") == "bnn"
    assert render('{{strReplace x "" "-"}}', x="ab") == "-a-b-"


def test_case_is_changed():
    assert render("{{toUppercase x}} {{toLowercase x}}", x="aBcß É") == "ABCSS É abcß é"


@pytest.mark.parametrize(
    "source",
    ["{{toUppercase 1}}", "{{toLowercase x}}", "{{strReplace 1 'a' 'b'}}",
     "{{strReplace 'a' 'b' 1}}", "{{strReplace 'a' x 'b'}}", "{{strJoin 'text' ','}}",
     "{{strJoin l 1}}", "{{strJoin x ','}}"],
)  # fmt: skip
def test_a_wrong_type_is_refused(source):
    assert "wants" in refused(source, l=[1])


def test_log_goes_to_whoever_listens_and_prints_nothing():
    lines = []
    source = template.compile('{{log "port" cfg.port}}{{log l level="warn"}}{{log}}.', "t")
    rendered = source.render(
        {"cfg": {"port": 1}, "l": [1]}, log=lambda level, text: lines.append((level, text))
    )
    assert rendered == "."
    assert lines == [("info", "port 1"), ("warn", "[1]"), ("info", "")]


def test_lookup_takes_a_word_for_maps_and_a_number_for_lists():
    data = {"m": {"k": "v", "1": "x"}, "l": ["a", "b"]}
    assert render("{{lookup m 'k'}}{{lookup m 1}}", **data) == "v"
    assert render("{{lookup l 1}}{{lookup l '1'}}{{lookup l -1}}{{lookup l true}}", **data) == "b"


def test_len_counts_the_bytes_of_a_text():
    assert render("{{len x}}", x="日本é") == "8"


def test_a_question_chooses_a_branch_and_another_value_is_printed():
    assert render("{{#gt 2 1}}yes{{else}}no{{/gt}} {{#lt 2 1}}yes{{else}}no{{/lt}}") == "yes no"
    assert render("{{#len x}}never{{/len}}", x=[1, 2]) == "2"


@pytest.mark.parametrize("name", [name for name in sorted(HELPERS) if HELPERS[name].least])
def test_a_helper_says_how_many_arguments_it_wants(name):
    assert refused(f"{{{{{name}}}}}").startswith(f"{name} wants at least ")
    assert refused(f"{{{{#{name}}}}}{{{{/{name}}}}}").startswith(f"{name} wants at least ")


def test_a_helper_that_does_not_exist_is_refused_when_it_is_called():
    assert refused("{{toUpperCase x}}") == (
        "no helper is called toUpperCase: did you mean toUppercase?"
    )
    assert refused("{{#if (frobnicate)}}{{/if}}") == "no helper is called frobnicate"
    assert render("{{#if false}}{{frobnicate x}}{{/if}}") == ""
    assert render("{{#frobnicate x}}y{{/frobnicate}}") == ""
