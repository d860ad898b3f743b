"""Which data does a template read?

An abstract rendering: every branch is taken once, and a scope is not a value but the path of one
in the root context. `*` stands for each item of a list or map, and for a key that is computed.
"""

from dataclasses import dataclass

from habactors.template.errors import Place
from habactors.template.helpers import HELPERS, Branching
from habactors.template.tree import Block, Call, Expression, Literal, Node, Output, Path

EACH = "*"

Origin = tuple[str, ...] | None
"""A path in the root context, or None for a value that is not of the context."""


@dataclass(frozen=True, slots=True)
class DataPath:
    """One place of a template that reads one path, and with it all that lies below.

    `names` leads from the root of the context: ("bind", "db", "members", "*", "sys", "ip"); it is
    empty when the whole context is read. `tested` is true where a missing value is no mistake, as
    in the condition of an `if`.
    """

    names: tuple[str, ...]
    tested: bool
    place: Place

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class HelperName:
    """One place of a template that calls a helper."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Reads:
    """All that a template reads and calls, in the order of the source."""

    paths: tuple[DataPath, ...]
    unknown_helpers: tuple[HelperName, ...]


def find_reads(nodes: tuple[Node, ...]) -> Reads:
    """Goes through a tree."""
    finder = _Finder()
    finder.visit(nodes, _Place((), None, {}))
    return Reads(tuple(finder.paths), tuple(finder.unknown))


@dataclass(frozen=True, slots=True)
class _Place:
    """Like a scope, with origins in place of values."""

    origin: Origin
    outer: "_Place | None"
    parameters: dict[str, Origin]

    def find(self, path: Path) -> Origin:
        names = path.names
        place, ups = self, path.ups
        while ups and place.outer:
            place, ups = place.outer, ups - 1
        if path.variable:
            return names[1:] if names[0] == "root" else None
        if not path.ups and not path.own and names and names[0] in self.parameters:
            return _below(self.parameters[names[0]], names[1:])
        return _below(place.origin, names)


class _Finder:
    def __init__(self) -> None:
        self.paths: list[DataPath] = []
        self.unknown: list[HelperName] = []

    def visit(self, nodes: tuple[Node, ...], place: _Place) -> None:
        for node in nodes:
            if isinstance(node, Output):
                self._expression(node.value, place)
            elif isinstance(node, Block):
                self._block(node, place)

    def _block(self, block: Block, place: _Place) -> None:
        helper = HELPERS.get(block.call.name)
        inner = place
        if helper is None:
            self._expression(block.call.subject, place, tested=True)
            inner = _Place(None, place, _named(block.parameters, None, place))
        else:
            origins = self._arguments(block.call, place)
            subject = origins[0] if origins else None
            if isinstance(helper, Branching) and helper.looks_at != "here":
                if helper.looks_at == "items":
                    subject = _below(subject, (EACH,))
                inner = _Place(subject, place, _named(block.parameters, subject, place))
        self.visit(block.body, inner)
        self.visit(block.otherwise, place)

    def _expression(
        self, expression: Expression, place: _Place, *, tested: bool = False
    ) -> Origin:
        if isinstance(expression, Literal):
            return None
        if isinstance(expression, Path):
            origin = place.find(expression)
            if origin is not None:
                self.paths.append(DataPath(origin, tested, expression.place))
            return origin
        if expression.name not in HELPERS:
            self.unknown.append(HelperName(expression.name, expression.place))
        origins = self._arguments(expression, place)
        if expression.name != "lookup" or len(origins) < 2:
            return None
        key = expression.arguments[1]
        name = str(key.value) if isinstance(key, Literal) else EACH
        return _below(origins[0], (name,))

    def _arguments(self, call: Call, place: _Place) -> list[Origin]:
        helper = HELPERS.get(call.name)
        tested = helper is not None and helper.tests
        origins = [self._expression(one, place, tested=tested) for one in call.arguments]
        for _, one in call.named:
            self._expression(one, place)
        if helper is not None and not isinstance(helper, Branching):
            self.paths += [DataPath(names, True, call.place) for names in helper.reads]
        return origins


def _below(origin: Origin, names: tuple[str, ...]) -> Origin:
    return None if origin is None else (*origin, *names)


def _named(parameters: tuple[str, ...], subject: Origin, place: _Place) -> dict[str, Origin]:
    """The parameters of a block: the first is what it looks at, the second an index or key."""
    named = dict(zip(parameters, (subject, None), strict=False))
    return {**place.parameters, **named}
