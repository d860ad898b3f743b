"""A template: read once, rendered often."""

from collections.abc import Callable
from typing import Any

from habactors.template.errors import TemplateError
from habactors.template.helpers import HELPERS
from habactors.template.limits import DEFAULT_LIMITS, Limits
from habactors.template.parser import parse
from habactors.template.reads import DataPath, HelperName, find_reads
from habactors.template.render import Renderer
from habactors.template.scope import Scope
from habactors.template.tree import Node

_HELPER_NAMES = frozenset(HELPERS)


class Template:
    """Made by `compile`; immutable, so threads may share it.

    `paths` is what it reads of a context, in the order of the source; `unknown_helpers` are the
    calls that would fail if rendering came to them.
    """

    __slots__ = ("_limits", "_nodes", "name", "paths", "unknown_helpers")

    name: str
    paths: tuple[DataPath, ...]
    unknown_helpers: tuple[HelperName, ...]

    def __init__(self, name: str, nodes: tuple[Node, ...], limits: Limits) -> None:
        reads = find_reads(nodes)
        self.name = name
        self.paths = reads.paths
        self.unknown_helpers = reads.unknown_helpers
        self._nodes = nodes
        self._limits = limits

    def render(
        self,
        context: dict[str, Any],
        strict: bool = False,
        log: Callable[[str, str], None] | None = None,
    ) -> str:
        """The text for this context, a dict of JSON-like values that is only read.

        A path with nothing there renders as nothing; with `strict` it is an error, except where
        the template asks whether it is there (`if`, `unless`, `with`, `each`, `eachAlive`, `and`,
        `or`, `not`). `log` takes the level and the text of each `{{log ...}}`. Raises
        TemplateError, and nothing else.
        """
        renderer = Renderer(self.name, context, self._limits, strict=strict, log=log or _ignore)
        scope = Scope(context, variables={"root": context})
        try:
            renderer.write(self._nodes, scope)
        except RecursionError:
            # Blocks are bounded when read; values are not, so it is the data that goes too deep.
            message = "a value nests too deeply to be written"
            raise TemplateError(message, self.name, (1, 1)) from None
        return "".join(renderer.pieces)


def compile_template(source: str, name: str, limits: Limits = DEFAULT_LIMITS) -> Template:
    """Reads a template once, for many renderings; `name` is what errors call it.

    Raises TemplateError for what cannot be read.
    """
    if len(source) > limits.source_characters:
        message = f"the template is longer than {limits.source_characters} characters"
        raise TemplateError(message, name, (1, 1))
    return Template(name, parse(source, name, limits.depth, _HELPER_NAMES), limits)


def _ignore(level: str, text: str) -> None:
    """What is logged goes nowhere when nobody listens."""
