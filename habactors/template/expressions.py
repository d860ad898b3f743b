"""What may stand inside a tag: paths, literals, calls and sub-expressions.

The grammar is that of Handlebars with the additions of handlebars-rust (JSON lists and maps as
literals, JSON escapes in text). More liberal than handlebars-rust: `.` and `..` alone, the old
`members[0]` for `members.[0]`, a word followed by `=` with blanks around it.
"""

import json
import math
import re

from habactors.template.cursor import Cursor
from habactors.template.errors import TemplateError
from habactors.template.tree import Call, Expression, Literal, Path

_NAME = r"[^\s!\"#%-,./;<=>@\[\\\]^`{|}~]+"
"""A word: letters, digits, `_ - $ : ?` and everything beyond ASCII, as in handlebars.js."""

BLANK = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(_NAME)
_BRACKETED = re.compile(r"\[([^\]\r\n]*)\]")
_DOTS = re.compile(r"\.\.?(?![^\s/~)}|=])")
_SEPARATOR = re.compile(r"[./]")
_HASH_KEY = re.compile(rf"({_NAME})[ \t\r\n]*=[ \t\r\n]*")
_PARAMETERS = re.compile(rf"as[ \t\r\n]*\|[ \t\r\n]*({_NAME})(?:[ \t\r\n]+({_NAME}))?[ \t\r\n]*\|")
_AS_BAR = re.compile(r"as[ \t\r\n]*\|")
_WORD_ENDS = r"(?![^\s)}~|\]])"
_KEYWORD = re.compile(rf"(true|false|null|undefined){_WORD_ENDS}")
_NUMBER = re.compile(
    rf"-?(?:0|[1-9][0-9]{{0,99}})(\.[0-9]{{1,99}})?([eE][+-]?[0-9]{{1,9}})?{_WORD_ENDS}"
)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)
_KEYWORDS = {"true": True, "false": False, "null": None, "undefined": None}
_JSON = json.JSONDecoder(strict=False)


class Expressions:
    """A reader of expressions at the cursor; `depth` bounds sub-expressions."""

    __slots__ = ("cursor", "depth")

    def __init__(self, cursor: Cursor, depth: int) -> None:
        self.cursor = cursor
        self.depth = depth

    def value(self, names: frozenset[str]) -> Expression:
        """What a tag prints: a helper call if its head is in `names` or has arguments."""
        head = self._head(0)
        if not isinstance(head, Path):
            return head
        call = self._call(head, 0)
        if call.arguments or call.named or call.name in names:
            return call
        return head

    def call(self) -> Call:
        """The head of a block: a name and its arguments."""
        start = self.cursor.at
        head = self._head(0)
        if not isinstance(head, Path):
            raise self.cursor.error("a block opens with a name, not a sub-expression", start)
        return self._call(head, 0)

    def parameters(self) -> tuple[str, ...]:
        """The names of `as |x y|`, if it stands here."""
        self.cursor.take(BLANK)
        match = self.cursor.take(_PARAMETERS)
        if match:
            return tuple(name for name in match.groups() if name)
        if _AS_BAR.match(self.cursor.source, self.cursor.at):
            raise self.cursor.error("block parameters are one or two names: write as |item index|")
        return ()

    def path(self) -> Path:
        """A path; reading stops at the first character that cannot belong to it."""
        cursor = self.cursor
        start = cursor.at
        variable = cursor.source.startswith("@", start)
        cursor.at += variable
        ups, own, names = self._steps()
        if variable and not names:
            raise cursor.error("a name is missing after @", start)
        text = cursor.source[start : cursor.at]
        return Path(text, variable, ups, own, tuple(names), cursor.place(start))

    def _steps(self) -> tuple[int, bool, list[str]]:
        cursor = self.cursor
        ups, own, names = 0, False, list[str]()
        while True:
            if not names and (dots := cursor.take(_DOTS)):
                ups += len(dots[0]) - 1
                own = own or len(dots[0]) == 1
            elif bracketed := cursor.take(_BRACKETED):
                names.append(bracketed[1])
            elif word := cursor.take(_WORD):
                # `this` is the place where we already are, also in the middle of a path.
                if word[0] != "this":
                    names.append(word[0])
                own = own or not names
            else:
                raise cursor.error("a name is missing here")
            if not cursor.source.startswith("[", cursor.at) and not cursor.take(_SEPARATOR):
                return ups, own, names

    def _head(self, depth: int) -> Expression:
        self.cursor.take(BLANK)
        if self.cursor.source.startswith("(", self.cursor.at):
            return self._subexpression(depth)
        return self.path()

    def _call(self, head: Path, depth: int) -> Call:
        arguments, named = list[Expression](), list[tuple[str, Expression]]()
        cursor = self.cursor
        while True:
            cursor.take(BLANK)
            if cursor.source[cursor.at : cursor.at + 1] in ("", "}", ")", "~", "|"):
                break
            if _AS_BAR.match(cursor.source, cursor.at):
                break
            key = cursor.take(_HASH_KEY)
            argument = self._argument(depth)
            if key:
                named.append((key[1], argument))
            else:
                arguments.append(argument)
        plain = not head.variable and not head.ups and not head.own and len(head.names) == 1
        if (arguments or named) and not plain:
            message = f"{head.text} takes no arguments: it is a path, not a helper"
            raise TemplateError(message, cursor.name, head.place)
        return Call(head.text, head, tuple(arguments), tuple(named), head.place)

    def _argument(self, depth: int) -> Expression:
        cursor = self.cursor
        place = cursor.place(cursor.at)
        character = cursor.source[cursor.at : cursor.at + 1]
        if character in ('"', "'"):
            return Literal(self._string(), place)
        if character == "(":
            return self._subexpression(depth)
        if character in ("[", "{"):
            found, value = self._json(character)
            return Literal(value, place) if found else self.path()
        if keyword := cursor.take(_KEYWORD):
            return Literal(_KEYWORDS[keyword[1]], place)
        if number := cursor.take(_NUMBER):
            return Literal(self._number(number), place)
        return self.path()

    def _subexpression(self, depth: int) -> Call:
        cursor = self.cursor
        start = cursor.at
        if depth >= self.depth:
            raise cursor.error(f"sub-expressions nest deeper than {self.depth}")
        cursor.at += 1
        cursor.take(BLANK)
        call = self._call(self.path(), depth + 1)
        if not cursor.source.startswith(")", cursor.at):
            raise cursor.error("this sub-expression is not closed: add )", start)
        cursor.at += 1
        return call

    def _string(self) -> str:
        cursor = self.cursor
        start = cursor.at
        match = cursor.take(_STRING)
        if not match:
            raise cursor.error("this text is not closed: add the other quote")
        double, single = match.groups()
        if double is None:
            double = re.sub(r"\\'|\"|\\.", _requote, single, flags=re.DOTALL)
        try:
            return str(_JSON.decode(f'"{double}"'))
        except ValueError:
            raise cursor.error(
                "unknown escape in text: write two backslashes for one", start
            ) from None

    def _json(self, opening: str) -> tuple[bool, object]:
        """A JSON list or map; a list that is none may still be a segment such as [odd name]."""
        cursor = self.cursor
        try:
            value, end = _JSON.raw_decode(cursor.source, cursor.at)
        except (ValueError, RecursionError):
            if opening == "{":
                raise cursor.error("this map is not JSON") from None
            return False, None
        cursor.at = end
        return True, value

    def _number(self, match: re.Match[str]) -> int | float:
        if not match[1] and not match[2]:
            return int(match[0])
        number = float(match[0])
        if not math.isfinite(number):
            raise self.cursor.error("this number is too large", match.start())
        return number


def _requote(match: re.Match[str]) -> str:
    """The inside of 'text' as the inside of "text"."""
    return {"\\'": "'", '"': '\\"'}.get(match[0], match[0])
