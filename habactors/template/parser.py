"""Which tags belong together? From tokens to a tree."""

from dataclasses import dataclass, field

from habactors.template.cursor import Cursor
from habactors.template.lexer import Lexer, Tag, TextToken, Token
from habactors.template.tree import Block, Call, Node, Output, Text
from habactors.template.whitespace import trim


@dataclass(slots=True)
class _Open:
    """A block whose closing tag has not come yet."""

    tag: Tag
    call: Call
    chained: bool
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] | None = None

    def nodes(self) -> list[Node]:
        return self.body if self.otherwise is None else self.otherwise


def parse(source: str, name: str, depth: int, helpers: frozenset[str]) -> tuple[Node, ...]:
    """The nodes of a source; raises TemplateError. `depth` bounds the nesting."""
    cursor = Cursor(source, name)
    tokens = trim(Lexer(cursor, depth, helpers).read())
    return _Parser(cursor, depth).build(tokens)


class _Parser:
    """Keeps its own stack, so a deep template costs no recursion here."""

    def __init__(self, cursor: Cursor, depth: int) -> None:
        self.cursor = cursor
        self.depth = depth
        self.top: list[Node] = []
        self.stack: list[_Open] = []

    def build(self, tokens: list[Token]) -> tuple[Node, ...]:
        for token in tokens:
            if isinstance(token, TextToken):
                if token.text:
                    self._add(Text(token.text, self.cursor.place(token.at)))
            else:
                self._tag(token)
        if self.stack:
            unclosed = next(one for one in reversed(self.stack) if not one.chained)
            raise self.cursor.error(
                f"this block is not closed: add {{{{/{unclosed.call.name}}}}}", unclosed.tag.at
            )
        return tuple(self.top)

    def _add(self, node: Node) -> None:
        (self.stack[-1].nodes() if self.stack else self.top).append(node)

    def _tag(self, tag: Tag) -> None:
        match tag.kind:
            case "output":
                assert tag.value is not None
                self._add(Output(tag.value, self.cursor.place(tag.at)))
            case "open" | "inverse":
                self._open(tag, chained=False)
            case "else":
                self._else(tag)
            case "close":
                self._close(tag)
            case "comment":
                pass

    def _open(self, tag: Tag, *, chained: bool) -> None:
        assert tag.call is not None
        if len(self.stack) >= self.depth:
            raise self.cursor.error(f"blocks nest deeper than {self.depth}", tag.at)
        self.stack.append(_Open(tag, tag.call, chained))

    def _else(self, tag: Tag) -> None:
        if not self.stack:
            raise self.cursor.error("else stands outside a block", tag.at)
        if self.stack[-1].otherwise is not None:
            raise self.cursor.error("this block has a second else", tag.at)
        self.stack[-1].otherwise = []
        if tag.call is not None:
            self._open(tag, chained=True)

    def _close(self, tag: Tag) -> None:
        if not self.stack:
            raise self.cursor.error(f"no block is open here that {tag.name} could close", tag.at)
        while True:
            done = self.stack.pop()
            self._add(self._block(done))
            if not done.chained:
                break
        if done.call.name != tag.name:
            line, _ = self.cursor.place(done.tag.at)
            raise self.cursor.error(
                f"{tag.name} closes the {done.call.name} of line {line}: "
                f"write {{{{/{done.call.name}}}}}",
                tag.at,
            )

    def _block(self, done: _Open) -> Block:
        body, otherwise = tuple(done.body), tuple(done.otherwise or ())
        if done.tag.kind == "inverse":
            body, otherwise = otherwise, body
        place = self.cursor.place(done.tag.at)
        return Block(done.call, done.tag.parameters, body, otherwise, place)
