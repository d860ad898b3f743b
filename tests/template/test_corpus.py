"""Do templates like those of real packages render as they do with the engine Habitat runs?"""

from pathlib import Path

import pytest

from habactors import template
from habactors.template import TemplateError
from tests.template import oracle
from tests.template.contexts import CONTEXTS

CORPUS = Path(__file__).parent / "corpus"
FILES = {path.name: path.read_text() for path in CORPUS.iterdir() if path.name != "shapes.txt"}
SHAPES = [shape.strip("\n") + "\n" * (shape.count("\n") > 1)
          for shape in (CORPUS / "shapes.txt").read_text().split("\n----\n")]  # fmt: skip

MORE_LIBERAL = {"{{#svc.me}}{{/svc.me}}"}
"""Templates that the oracle refuses to read and we do not."""


def ours(source, context):
    try:
        return template.compile(source, "corpus").render(context)
    except TemplateError as error:
        return error


@pytest.mark.parametrize("scenario", CONTEXTS)
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_template_file_renders_as_with_the_oracle(name, scenario):
    context = CONTEXTS[scenario]
    try:
        expected = oracle.render(FILES[name], context)
    except oracle.OracleError:
        if scenario != "odd":  # which alone has values of the wrong types
            raise
        assert isinstance(ours(FILES[name], context), TemplateError)
    else:
        assert ours(FILES[name], context) == expected


@pytest.mark.parametrize("scenario", CONTEXTS)
@pytest.mark.parametrize("number", range(len(SHAPES)))
def test_a_small_shape_renders_as_with_the_oracle(number, scenario):
    source, context = SHAPES[number], CONTEXTS[scenario]
    rendered = ours(source, context)
    try:
        expected = oracle.render(source, context)
    except oracle.OracleError as error:
        if oracle.WORD_IN_LIST not in str(error) and source.strip() not in MORE_LIBERAL:
            assert isinstance(rendered, TemplateError), source
    else:
        assert rendered == expected, source


def test_the_corpus_is_worth_its_name():
    rendered = [ours(shape, CONTEXTS["busy"]) for shape in SHAPES]
    assert sum(isinstance(one, str) for one in rendered) > 150
    assert len(FILES) > 10
