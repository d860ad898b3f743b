"""What does a template become when it meets a context?"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from habactors.template.calls import Given
from habactors.template.errors import RefusalError, TemplateError
from habactors.template.helpers import HELPERS, Branching, Helper
from habactors.template.helpers.branches import block_of
from habactors.template.limits import Limits
from habactors.template.scope import Scope
from habactors.template.tree import Block, Call, Expression, Literal, Node, Output, Path, Text
from habactors.template.values import MISSING, printed


class Renderer:
    """One rendering of one template; `pieces` is the output so far.

    Every refusal leaves `write` as a TemplateError that names the place at fault.
    """

    __slots__ = ("_left", "_steps", "limits", "log", "name", "pieces", "root", "strict")

    def __init__(
        self,
        name: str,
        root: object,
        limits: Limits,
        *,
        strict: bool,
        log: Callable[[str, str], None],
    ) -> None:
        self.name = name
        self.root = root
        self.limits = limits
        self.strict = strict
        self.log = log
        self.pieces: list[str] = []
        self._left = limits.output_characters
        self._steps = limits.steps

    def write(self, nodes: tuple[Node, ...], scope: Scope) -> None:
        """Appends what the nodes render to; raises TemplateError."""
        node: Node | None = None
        try:
            self.spend(1 + len(nodes))
            for node in nodes:
                if isinstance(node, Text):
                    self._put(node.text)
                elif isinstance(node, Output):
                    self._put(printed(self._value(node.value, scope)))
                else:
                    self._block(node, scope)
        except RefusalError as refusal:
            place = refusal.place or (node.place if node else (1, 1))
            raise TemplateError(refusal.message, self.name, place) from None

    def spend(self, steps: int) -> None:
        """Charges work to the limit of steps."""
        self._steps -= steps
        if self._steps < 0:
            raise RefusalError(f"rendering takes more than {self.limits.steps} steps")

    def allow(self, characters: int) -> None:
        """Refuses a text that is longer than a whole output may be."""
        if characters > self.limits.output_characters:
            raise RefusalError(
                f"the output is longer than {self.limits.output_characters} characters"
            )

    def _put(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            self.allow(self.limits.output_characters - self._left)
        if not text.isascii():
            _check_characters(text)
        self.pieces.append(text)

    def _value(self, expression: Expression, scope: Scope, *, tested: bool = False) -> object:
        """The value, None for what is missing; strict rendering refuses that unless `tested`."""
        if isinstance(expression, Literal):
            return expression.value
        if isinstance(expression, Path):
            value, text = scope.find(expression), expression.text
        else:
            value, text = self._call(expression, scope), expression.name
        if value is MISSING:
            if self.strict and not tested:
                raise RefusalError(f"{text} is not there", expression.place)
            return None
        return value

    def _call(self, call: Call, scope: Scope) -> object:
        try:
            return self._answer(call, scope)
        except RefusalError as refusal:
            raise RefusalError(refusal.message, refusal.place or call.place) from None

    def _answer(self, call: Call, scope: Scope) -> object:
        helper = HELPERS.get(call.name)
        if helper is None:
            raise RefusalError(f"no helper is called {call.name}{_suggestion(call.name)}")
        given = self._given(call, helper, scope)
        if isinstance(helper, Branching):
            return ""  # inline, a block helper has no branch to show
        value = helper.run(given)
        if isinstance(value, str):
            self.allow(len(value))
        return value

    def _given(self, call: Call, helper: Helper, scope: Scope) -> Given:
        if len(call.arguments) < helper.least:
            raise RefusalError(f"{call.name} wants at least {_arguments(helper.least)}")
        values = tuple(self._value(one, scope, tested=helper.tests) for one in call.arguments)
        length = sum(len(value) for value in values if isinstance(value, str))
        self.spend(len(values) + length // 64)
        return Given(
            call.name,
            values,
            {key: self._value(one, scope) for key, one in call.named},
            self.root,
            self.spend,
            self.allow,
            self.log,
        )

    def _block(self, block: Block, scope: Scope) -> None:
        section = _Section(self, block, scope)
        helper = HELPERS.get(block.call.name)
        if helper is None:
            block_of(self._value(block.call.subject, scope, tested=True), section)
        elif isinstance(helper, Branching):
            helper.run(self._given(block.call, helper, scope), section)
        else:
            value = self._call(block.call, scope)
            if value is True:
                section.show_here()
            elif value is False:
                section.show_otherwise()
            else:
                self._put(printed(value))


@dataclass(frozen=True, slots=True)
class _Section:
    """The branches of a block at one moment of rendering."""

    renderer: Renderer
    block: Block
    scope: Scope

    def show(
        self,
        value: object,
        variables: dict[str, object] | None = None,
        parameters: tuple[object, ...] = (),
    ) -> None:
        named = dict(zip(self.block.parameters, parameters, strict=False))
        self.renderer.write(self.block.body, Scope(value, self.scope, variables, named))

    def show_here(self) -> None:
        self.renderer.write(self.block.body, self.scope)

    def show_otherwise(self) -> None:
        self.renderer.write(self.block.otherwise, self.scope)


def _check_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RefusalError("half a character (a lone surrogate) cannot be written") from None


def _arguments(count: int) -> str:
    return f"{count} argument{'s' if count > 1 else ''}"


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, HELPERS, 1, cutoff=0.75)
    return f": did you mean {close[0]}?" if close else ""
