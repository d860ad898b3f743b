"""Do templates that nobody thought of render as they do with the engine Habitat runs?"""

import re

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from habactors.template import TemplateError, compile
from tests.template import oracle
from tests.template.contexts import CONTEXTS
from tests.template.grammar import templates


QUIRKS = re.compile(
    r"""
      ~\}\} (?: (?!\{\{) . )* \{\{!     # a ~ before a comment takes the blanks behind it too
    | ~\}\} [ \t]* \r?\n \s* \{\{       # a ~ at the end of a line makes the next one lose its end
    """,
    re.DOTALL | re.VERBOSE,
)
"""Habits of the oracle that are not copied."""


@given(templates(), st.sampled_from(sorted(CONTEXTS)))
@settings(max_examples=400)
def test_a_generated_template_renders_as_with_the_oracle(source, scenario):
    assume(not QUIRKS.search(source))
    context = CONTEXTS[scenario]
    try:
        expected = oracle.render(source, context)
    except oracle.OracleError as error:
        assume(oracle.WORD_IN_LIST not in str(error))
        raise AssertionError(source) from error
    assert compile(source, "generated").render(context) == expected


@given(templates())
@settings(max_examples=50)
def test_a_generated_template_is_read(source):
    try:
        compile(source, "generated")
    except TemplateError as error:
        raise AssertionError(source) from error
