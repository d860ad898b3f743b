"""A value as TOML: a document for a map, one inline value for anything else."""

import json
import re

from habactors.template.errors import RefusalError
from habactors.template.values import number_text, unknown_type

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LITERAL = re.compile(r"[^'\x00-\x08\x0a-\x1f\x7f]*")


def toml_text(value: object) -> str:
    """Scalars of a map first, then its `[tables]` and `[[lists of tables]]`, a blank line between.

    Raises RefusalError for null, which TOML cannot say.
    """
    if not isinstance(value, dict):
        return _inline(value)
    lines = list[str]()
    _table(value, (), lines)
    return "".join(f"{line}\n" for line in lines)


def _table(table: dict[str, object], path: tuple[str, ...], lines: list[str]) -> None:
    """The entries of a table whose header has been written."""
    for key, value in table.items():
        if not _is_table(value) and not _is_table_list(value):
            lines.append(f"{_key(key)} = {_inline(value)}")
    for key, value in table.items():
        inner = (*path, _key(key))
        if isinstance(value, dict):
            if not _only_tables(value):
                _header(f"[{'.'.join(inner)}]", lines)
            _table(value, inner, lines)
        elif isinstance(value, list | tuple) and _is_table_list(value):
            for item in value:
                _header(f"[[{'.'.join(inner)}]]", lines)
                _table(item, inner, lines)


def _header(text: str, lines: list[str]) -> None:
    if lines:
        lines.append("")
    lines.append(text)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _is_table_list(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_table, value))


def _only_tables(table: dict[str, object]) -> bool:
    """True for a table that the headers of its children make by themselves."""
    return bool(table) and all(_is_table(one) or _is_table_list(one) for one in table.values())


def _inline(value: object) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)  # TOML knows inf and nan
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, dict):
        entries = ", ".join(f"{_key(key)} = {_inline(child)}" for key, child in value.items())
        return f"{{ {entries} }}" if entries else "{}"
    if value is None:
        raise RefusalError("toToml cannot write null: TOML has no word for it")
    raise unknown_type(value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    """Text with quotes or backslashes is easier to read between '...' when that is possible."""
    if ('"' in text or "\\" in text) and _LITERAL.fullmatch(text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
