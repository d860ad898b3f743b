"""A value as JSON, spelled like serde_json spells it."""

import json

from habactors.template.values import is_finite, number_text, unknown_type

_quote = json.encoder.encode_basestring  # what lies beyond ASCII stays as it is


def json_text(value: object, indent: str = "") -> str:
    """Compact JSON, or one entry a line when `indent` (such as two blanks) is given.

    Raises RefusalError for a value that JSON does not know.
    """
    return _emit(value, indent, "\n" if indent else "")


def _emit(value: object, indent: str, newline: str) -> str:
    if isinstance(value, str):
        return _quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value) if is_finite(value) else "null"
    if isinstance(value, dict):
        colon = ": " if indent else ":"
        entries = [
            f"{_quote(str(key))}{colon}{_emit(child, indent, newline + indent)}"
            for key, child in value.items()
        ]
        return _enclose("{", entries, "}", indent, newline)
    if isinstance(value, list | tuple):
        entries = [_emit(child, indent, newline + indent) for child in value]
        return _enclose("[", entries, "]", indent, newline)
    raise unknown_type(value)


def _enclose(opening: str, entries: list[str], closing: str, indent: str, newline: str) -> str:
    if not entries:
        return opening + closing
    inner = newline + indent
    return f"{opening}{inner}{f',{inner}'.join(entries)}{newline}{closing}"
