"""A value as YAML, in the block style of serde_yaml.

Dashes are not indented below their key; text is plain where that is unambiguous, `|` when it has
several lines, else quoted. Like serde_yaml it reads YAML 1.2: `on`, `yes`, dates and times stay
unquoted, `true`, `1e3` and `~` are quoted.
"""

import re

from habactors.template.emit_json import json_text
from habactors.template.errors import RefusalError
from habactors.template.values import is_finite, number_text, unknown_type

_LONGEST_KEY = 1000
"""YAML readers accept a plain `key:` up to 1024 characters."""

_NOT_TEXT = re.compile(
    r"""
    | ~ | null | Null | NULL | true | True | TRUE | false | False | FALSE
    | [-+]? [0-9]+                                              # 017 is a number to many readers
    | [-+]? ( [0-9]+ \.? [0-9]* | \.[0-9]+ ) ( [eE] [-+]? [0-9]+ )?
    | [-+]? ( 0x[0-9a-fA-F]+ | 0o[0-7]+ | 0b[01]+ )
    | [-+]? \. ( inf | Inf | INF ) | \. ( nan | NaN | NAN )
    | << | = """,
    re.VERBOSE,
)
_AMBIGUOUS = re.compile(
    r"""
      ^ [ ] | [ ] $ | ^ (--- | \.\.\.)                # blanks at an end, document marks
    | ^ [#,\[\]{}&*!|>'"%@`]                           # what would begin something else
    | ^ [-?:] ( [ ] | $ )
    | : ( [ ] | $ ) | [ ] \#                           # a key, a comment
    """,
    re.VERBOSE,
)
_SPECIAL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What only a double-quoted text can hold, the newline apart."""


def yaml_text(value: object) -> str:
    """A YAML document without `---`, ending in a newline.

    Raises RefusalError for a value that JSON does not know.
    """
    first, *rest = _block(value)
    if isinstance(value, str):
        rest = list(map(_indented, rest))
    return "".join(f"{line}\n" for line in (first, *rest))


def _block(value: object) -> list[str]:
    """The lines of a value; all but the first want the indentation of where it stands."""
    if isinstance(value, dict) and value:
        return [line for key, child in value.items() for line in _entry(key, child)]
    if isinstance(value, list | tuple) and value:
        return [line for item in value for line in _item(item)]
    if isinstance(value, str) and "\n" in value:
        return _several_lines(value)
    return [_scalar(value)]


def _entry(key: str, value: object) -> list[str]:
    if len(key) > _LONGEST_KEY:
        raise RefusalError(f"toYaml cannot write a key of more than {_LONGEST_KEY} characters")
    head = f"{_one_line(key)}:"
    first, *rest = lines = _block(value)
    if isinstance(value, dict) and value:
        return [head, *map(_indented, lines)]
    if isinstance(value, list | tuple) and value:
        return [head, *lines]
    return [f"{head} {first}", *map(_indented, rest)]


def _item(value: object) -> list[str]:
    first, *rest = _block(value)
    return [f"- {first}", *map(_indented, rest)]


def _indented(line: str) -> str:
    return f"  {line}" if line else ""


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return _one_line(value)
    if isinstance(value, bool) or value is None:
        return json_text(value)
    if isinstance(value, int | float):
        if is_finite(value):
            return number_text(value)
        return ".nan" if value != value else (".inf" if value > 0 else "-.inf")  # noqa: PLR0124
    if isinstance(value, dict | list | tuple):
        return "{}" if isinstance(value, dict) else "[]"
    raise unknown_type(value)


def _one_line(text: str) -> str:
    if "\n" in text or _SPECIAL.search(text):
        return _double_quoted(text)
    if _NOT_TEXT.fullmatch(text) or _AMBIGUOUS.search(text):
        return "'" + text.replace("'", "''") + "'"
    return text


def _double_quoted(text: str) -> str:
    """JSON text is YAML text; what JSON leaves bare and YAML does not is escaped as well."""
    return _SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text(text))


def _several_lines(text: str) -> list[str]:
    """`|`, with a digit when it begins with a blank, and `-` or `+` for how it ends."""
    if _SPECIAL.search(text) or " \n" in text or text.endswith(" "):
        return [_double_quoted(text)]
    body = text.rstrip("\n")
    ending = len(text) - len(body)
    hint = "2" if text[0] in " \n" else ""
    chomp = "-" if not ending else ("" if ending == 1 and body else "+")
    lines = text.split("\n")
    return [f"|{hint}{chomp}", *(lines[:-1] if ending else lines)]
