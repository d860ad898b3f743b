"""Which blanks around a tag belong to the tag?

A block tag, an else or a comment that is alone on its line takes the whole line with it; a `~`
takes all blanks on its side. Which tags are alone is decided on the source as it was written,
before any `~` acts; handlebars.js and handlebars-rust agree on that order. At the end of the
source a tag is alone only if not even a blank follows it, as in handlebars-rust.

Two habits of handlebars-rust are not copied: after a block tag that is alone on its line and ends
with `~}}` it swallows the newline after an expression that follows directly, and such a `~` also
takes the blanks behind a comment that follows.
"""

import re

from habactors.template.lexer import Tag, TextToken, Token

_REST_OF_LINE = re.compile(r"[ \t]*(?:\r?\n)?")


def trim(tokens: list[Token]) -> list[Token]:
    """The same tokens, text shortened where tags ask for it."""
    alone = [_is_alone(tokens, index) for index in range(len(tokens))]
    trimmed = list[Token]()
    for index, token in enumerate(tokens):
        if isinstance(token, Tag):
            trimmed.append(token)
            continue
        text = token.text
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        before = tokens[index - 1] if index else None
        if isinstance(after, Tag):
            text = text.rstrip() if after.trim_left else text
            text = text.rstrip(" \t") if alone[index + 1] else text
        if isinstance(before, Tag):
            text = _REST_OF_LINE.sub("", text, count=1) if alone[index - 1] else text
            text = text.lstrip() if before.trim_right else text
        trimmed.append(TextToken(text, token.at))
    return trimmed


def _is_alone(tokens: list[Token], index: int) -> bool:
    tag = tokens[index]
    if not isinstance(tag, Tag) or tag.kind == "output":
        return False
    return _line_starts_before(tokens, index) and _line_ends_after(tokens, index)


def _line_starts_before(tokens: list[Token], index: int) -> bool:
    if index == 0:
        return True
    before = tokens[index - 1]
    if isinstance(before, Tag):
        return False
    rest = before.text.rstrip(" \t")
    return rest.endswith("\n") or (not rest and index == 1)


def _line_ends_after(tokens: list[Token], index: int) -> bool:
    if index + 1 == len(tokens):
        return True
    after = tokens[index + 1]
    if isinstance(after, Tag):
        return False
    return after.text.lstrip(" \t").startswith(("\n", "\r\n"))
