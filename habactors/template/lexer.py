r"""Which parts of a source are text and which are tags?

`\{{` writes `{{` as it stands, and `\\{{` one backslash before a live tag. More liberal than
handlebars-rust: `{{~! comment ~}}` and `{{^name}}`. Partials and decorators are refused.
"""

import re
from dataclasses import dataclass
from typing import Literal as OneOf

from habactors.template.cursor import Cursor
from habactors.template.expressions import BLANK, Expressions
from habactors.template.tree import Call, Expression

_OPEN = re.compile(r"\{\{~?(?P<sigil>\{~?|[ \t\r\n]*(?:[!&#^/>*]|else(?![^\s~}]))?)")
_CLOSE = re.compile(r"[ \t\r\n]*(~?)\}\}")
_CLOSE_TRIPLE = re.compile(r"[ \t\r\n]*(?:(~)\}\}\}|\}(~?)\}\})")
_CLOSE_RAW = re.compile(r"[ \t\r\n]*\}\}\}\}")
_LONG_COMMENT_END = re.compile(r"--(~?)\}\}")
_BRACES = re.compile(r"\{+")


@dataclass(slots=True)
class TextToken:
    """Source text between tags, escapes already resolved; `at` is its offset."""

    text: str
    at: int


@dataclass(slots=True)
class Tag:
    """One tag; `at` is its offset. Which fields matter depends on the kind."""

    kind: OneOf["output", "open", "inverse", "else", "close", "comment"]
    at: int
    trim_left: bool = False
    trim_right: bool = False
    value: Expression | None = None
    """What an output prints."""
    call: Call | None = None
    """What an open, an inverse or a chained else calls."""
    parameters: tuple[str, ...] = ()
    name: str = ""
    """What a close closes."""


Token = TextToken | Tag


class Lexer:
    """Reads a whole source; `helpers` are the names that are calls even without arguments."""

    __slots__ = ("_dashes_may_end", "cursor", "expressions", "helpers", "tokens")

    def __init__(self, cursor: Cursor, depth: int, helpers: frozenset[str]) -> None:
        self.cursor = cursor
        self.expressions = Expressions(cursor, depth)
        self.helpers = helpers
        self.tokens: list[Token] = []
        # Once no --}} is left, no later comment looks for one: reading stays linear.
        self._dashes_may_end = True

    def read(self) -> list[Token]:
        """All tokens; raises TemplateError."""
        source = self.cursor.source
        while self.cursor.at < len(source):
            self._text()
            if source.startswith("{{{{", self.cursor.at):
                self._raw_block()
            elif self.cursor.at < len(source):
                self.tokens.append(self._tag())
        return self.tokens

    def _text(self) -> None:
        source, start = self.cursor.source, self.cursor.at
        pieces, done = list[str](), start
        while True:
            at = source.find("{{", done)
            if at < 0:
                at = len(source)
                break
            backslashes = at - len(source[done:at].rstrip("\\")) - done
            if backslashes != 1:
                break
            braces = _BRACES.match(source, at)
            end = braces.end() if braces else at
            pieces += [source[done : at - 1], source[at:end]]
            done = end
        # Of two or more backslashes before a live tag one is the escape of the others.
        live = at < len(source) and backslashes > 1
        pieces.append(source[done : at - live])
        self.cursor.at = at
        text = "".join(pieces)
        if text:
            self.tokens.append(TextToken(text, start))

    def _raw_block(self) -> None:
        """`{{{{raw}}}} text {{{{/raw}}}}`: nothing between is a tag."""
        cursor = self.cursor
        start = cursor.at
        cursor.at += 4
        call = self.expressions.call()
        if not cursor.take(_CLOSE_RAW):
            raise cursor.error("this raw block does not open well: write {{{{raw}}}}", start)
        end = re.compile(
            rf"\{{\{{\{{\{{[ \t\r\n]*/[ \t\r\n]*{re.escape(call.name)}[ \t\r\n]*\}}\}}\}}\}}"
        ).search(cursor.source, cursor.at)
        if not end:
            closing = "{{{{/" + call.name + "}}}}"
            raise cursor.error(f"this raw block is not closed: add {closing}", start)
        self.tokens.append(Tag("open", start, call=call))
        if end.start() > cursor.at:
            self.tokens.append(TextToken(cursor.source[cursor.at : end.start()], cursor.at))
        self.tokens.append(Tag("close", end.start(), name=call.name))
        cursor.at = end.end()

    def _tag(self) -> Tag:
        start = self.cursor.at
        opening = self.cursor.take(_OPEN)
        assert opening is not None
        sigil = opening["sigil"].strip()
        trim_left = "~" in opening[0]
        if sigil == "!":
            return self._comment(start, trim_left)
        tag = self._head(sigil, start)
        tag.trim_left = trim_left
        closing = self.cursor.take(_CLOSE_TRIPLE if sigil.startswith("{") else _CLOSE)
        if not closing:
            raise self._unclosed(start, "}}}" if sigil.startswith("{") else "}}")
        tag.trim_right = "~" in closing[0]
        return tag

    def _head(self, sigil: str, start: int) -> Tag:
        """What stands between the sigil and the closing braces."""
        expressions = self.expressions
        if sigil == "#":
            self.cursor.take(BLANK)
            if self.cursor.source[self.cursor.at : self.cursor.at + 1] in (">", "*"):
                sigil = self.cursor.source[self.cursor.at]
        match sigil:
            case ">":
                raise self.cursor.error("partials are not supported: write the text here", start)
            case "*":
                raise self.cursor.error("decorators are not supported", start)
            case "#":
                return Tag("open", start, call=expressions.call(), parameters=self._parameters())
            case "/":
                self.cursor.take(BLANK)
                return Tag("close", start, name=expressions.path().text)
            case "^" | "else" if _CLOSE.match(self.cursor.source, self.cursor.at):
                return Tag("else", start)
            case "else":
                return Tag("else", start, call=expressions.call(), parameters=self._parameters())
            case "^":
                call = expressions.call()
                return Tag("inverse", start, call=call, parameters=self._parameters())
            case _:
                return Tag("output", start, value=expressions.value(self.helpers))

    def _parameters(self) -> tuple[str, ...]:
        return self.expressions.parameters()

    def _comment(self, start: int, trim_left: bool) -> Tag:
        cursor = self.cursor
        if self._dashes_may_end and cursor.source.startswith("--", cursor.at):
            end = _LONG_COMMENT_END.search(cursor.source, cursor.at + 2)
            if end:
                cursor.at = end.end()
                return Tag("comment", start, trim_left, bool(end[1]))
            self._dashes_may_end = False
        at = cursor.source.find("}}", cursor.at)
        if at < 0:
            raise cursor.error("this comment is not closed: add }}", start)
        trim_right = cursor.source[cursor.at : at].endswith("~")
        cursor.at = at + 2
        return Tag("comment", start, trim_left, trim_right)

    def _unclosed(self, start: int, closing: str) -> Exception:
        cursor = self.cursor
        rest = cursor.source[cursor.at : cursor.at + 1]
        if rest in ("", "\n"):
            return cursor.error(f"this tag is not closed: add {closing}", start)
        return cursor.error(f"{rest!r} is not expected here: the tag should end with {closing}")
