"""Does every error say where, and what to do?"""

import pytest

from habactors import template
from habactors.template import TemplateError


def error_of(source, **data):
    with pytest.raises(TemplateError) as caught:
        template.compile(source, "redis.conf").render(data)
    return str(caught.value).removeprefix("redis.conf:")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n\n  {{cfg.port", "3:3: this tag is not closed: add }}"),
        ("a\n{{{x}}", "2:5: '}' is not expected here: the tag should end with }}}"),
        ("{{x | y}}", "1:5: '|' is not expected here: the tag should end with }}"),
        ("{{}}", "1:3: a name is missing here"),
        ("{{a.}}", "1:5: a name is missing here"),
        ("é{{a..b}}", "1:6: a name is missing here"),
        ("{{@}}", "1:4: a name is missing here"),
        ("{{@this}}", "1:3: a name is missing after @"),
        ('{{len "x}}', "1:7: this text is not closed: add the other quote"),
        ('{{len "a\\d"}}', "1:7: unknown escape in text: write two backslashes for one"),
        ("{{len {a: 1} }}", "1:7: this map is not JSON"),
        ("{{len 1e999999}}", "1:7: this number is too large"),
        ("{{len (len x}}", "1:7: this sub-expression is not closed: add )"),
        ("{{cfg.x y}}", "1:3: cfg.x takes no arguments: it is a path, not a helper"),
        ("x\n{{#if a}}\n\n", "2:1: this block is not closed: add {{/if}}"),
        ("{{#if a}}{{else if b}}", "1:1: this block is not closed: add {{/if}}"),
        ("{{#if a}}\n{{/each}}", "2:1: each closes the if of line 1: write {{/if}}"),
        ("{{/if}}", "1:1: no block is open here that if could close"),
        ("{{else}}", "1:1: else stands outside a block"),
        ("{{#if a}}{{else}}\n{{else}}{{/if}}", "2:1: this block has a second else"),
        ("{{#if a}}{{else}}{{else if b}}{{/if}}", "1:18: this block has a second else"),
        ("{{#(len x)}}{{/len}}", "1:4: a block opens with a name, not a sub-expression"),
        ("{{#each l as |a b c|}}{{/each}}",
         "1:11: block parameters are one or two names: write as |item index|"),
        ("{{> part}}", "1:1: partials are not supported: write the text here"),
        ("\n {{#> part}}{{/part}}", "2:2: partials are not supported: write the text here"),
        ("{{* deco}}", "1:1: decorators are not supported"),
        ("{{#* inline 'x'}}{{/inline}}", "1:1: decorators are not supported"),
        ("{{! c", "1:1: this comment is not closed: add }}"),
        ("{{{{raw}}}} x", "1:1: this raw block is not closed: add {{{{/raw}}}}"),
        ("{{{{raw}} x", "1:1: this raw block does not open well: write {{{{raw}}}}"),
        ("\n{{#if x}}{{/if}}{{  nope x}}", "2:21: no helper is called nope"),
        ("{{#if true}}\n {{toUppercase 5}}{{/if}}", "2:4: toUppercase wants text as argument 1"),
        ("{{strConcat 'a' (toUppercase 5)}}", "1:18: toUppercase wants text as argument 1"),
        ("\n{{#eachAlive 5}}{{/eachAlive}}", "2:1: eachAlive wants a list of members"),
        ("{{log 'x' level='loud'}}",
         "1:3: unknown level of log: use one of trace, debug, info, warn, error"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_its_place(source, expected):
    assert error_of(source) == expected


def test_a_character_that_cannot_be_written_is_refused():
    assert error_of("ab {{x}}", x="\ud800") == (
        "1:4: half a character (a lone surrogate) cannot be written"
    )


def test_a_number_with_thousands_of_digits_is_refused():
    assert error_of("{{x}}", x=10**5000) == "1:1: this number has too many digits to print"


def test_a_message_is_short_however_long_the_name():
    message = error_of("{{" + "x" * 99_999 + " 1}}")
    assert message.startswith("1:3: no helper is called xxx")
    assert len(message) < 400


def test_a_name_in_brackets_stays_on_one_line():
    assert error_of("{{cfg.[a\nb]}}") == "1:7: a name is missing here"


def test_an_error_has_parts():
    with pytest.raises(TemplateError) as caught:
        template.compile("\n {{/x}}", "hooks/run")
    error = caught.value
    assert (error.template, error.line, error.column) == ("hooks/run", 2, 2)
    assert str(error) == f"hooks/run:2:2: {error.message}"
