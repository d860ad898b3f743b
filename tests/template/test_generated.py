"""Do templates that nobody thought of render as they do with the engine Habitat runs?"""

import re

from hypothesis import assume, given

from habactors import template
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


@given(templates())
def test_a_generated_template_renders_as_with_the_oracle(source):
    assume(not QUIRKS.search(source))
    compiled = template.compile(source, "generated")
    for context in CONTEXTS.values():
        try:
            expected = oracle.render(source, context)
        except oracle.OracleError as error:
            if oracle.WORD_IN_LIST not in str(error):
                raise
        else:
            assert compiled.render(context) == expected
