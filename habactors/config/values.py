"""Is this TOML value what the setting wants? The types of the structs, read strictly.

msgspec could convert too, but its errors speak of types to programmers; these speak of settings.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from habactors.config.address import Address
from habactors.errors import ConfigError

SHOWN_MAX = 60

WANTED: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    Path: "a path in quotes",
    Address: '"host:port" in quotes',
}
GIVEN: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number with a fraction",
    str: "a string",
    list: "a list",
    dict: "a table",
}


class Reader:
    """Converts the values of one section; paths are relative to `base`."""

    def __init__(self, base: Path, default_port: int) -> None:
        self.base = base
        self.default_port = default_port

    def struct(self, kind: Any, table: Mapping[str, object]) -> Any:
        """The table as a struct of that kind; raises ConfigError without a place."""
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        for name in table:
            if name not in fields:
                raise _unknown(name, fields)
        for name, field in fields.items():
            if field.required and name not in table:
                raise ConfigError(f"{name} is missing", f'write {name} = "..."')
        given = [field for name, field in fields.items() if name in table]
        return kind(**{field.name: self._setting(field, table[field.name]) for field in given})

    def _setting(self, field: FieldInfo, raw: object) -> object:
        try:
            return self.value(field.type, raw)
        except ConfigError as error:
            hint = error.hint or _example(field)
            raise ConfigError(error.message, hint).inside(field.name) from None

    def value(self, kind: Any, raw: object) -> object:
        """The value as that kind of thing: a type, or a Literal, union, tuple or Annotated."""
        arguments = get_args(kind)
        match get_origin(kind):
            case None if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                return self._structured(kind, raw)
            case None:
                return self._plain(kind, raw)
            case origin if origin is Annotated:
                return _within(self.value(arguments[0], raw), arguments[1])
            case origin if origin is UnionType:
                return None if raw == "" else self.value(arguments[0], raw)
            case origin if origin is Literal:
                return _one_of(arguments, raw)
            case _:
                return self._list(arguments[0], raw)

    def _plain(self, kind: type, raw: object) -> object:
        expected = str if kind in (Path, Address) else kind
        if kind is float and type(raw) is int:
            raw = float(raw)
        if type(raw) is not expected:
            raise _mistyped(WANTED[kind], raw)
        if isinstance(raw, str) and not raw.isprintable():
            raise ConfigError("has a character that cannot be printed", "remove it")
        if kind is Path:
            return self._path(str(raw))
        return Address.parse(str(raw), self.default_port) if kind is Address else raw

    def _structured(self, kind: type, raw: object) -> object:
        if kind is Address:
            return self._plain(kind, raw)
        if not isinstance(raw, dict):
            raise _mistyped("a table", raw)
        return self.struct(kind, raw)

    def _list(self, kind: Any, raw: object) -> tuple[object, ...]:
        """A list; a lone string is a list of one, and the empty string an empty list."""
        if isinstance(raw, str):
            raw = [raw] if raw else []
        if not isinstance(raw, list):
            raise _mistyped("a list", raw)
        items = []
        for number, item in enumerate(raw, 1):
            try:
                items.append(self.value(kind, item))
            except ConfigError as error:
                raise error.inside(f"number {number}:") from None
        return tuple(items)

    def _path(self, text: str) -> Path:
        if not text:
            raise ConfigError("is empty", "write a path")
        try:
            return self.base / Path(text).expanduser()
        except RuntimeError:
            raise ConfigError(
                f"{_shown(text)} needs a home directory", "write it in full"
            ) from None


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that was probably meant."""
    return next(iter(difflib.get_close_matches(word, list(words), n=1)), None)


def _unknown(name: str, fields: Mapping[str, FieldInfo]) -> ConfigError:
    close = nearest(name, fields)
    if close:
        hint = f"did you mean {close}?"
    else:
        hint = f"there are {', '.join(fields)}" if fields else "remove it"
    return ConfigError(f"{name} is not a setting", hint)


def _mistyped(wanted: str, raw: object) -> ConfigError:
    return ConfigError(f"must be {wanted}, not {GIVEN.get(type(raw), 'a date or time')}")


def _one_of(choices: tuple[str, ...], raw: object) -> object:
    if raw in choices:
        return raw
    listed = ", ".join(map(_shown, choices[:-1])) + f" or {_shown(choices[-1])}"
    raise ConfigError(f"is {_shown(raw)}", f"choose {listed}")


def _within(value: Any, limits: msgspec.Meta) -> object:
    if limits.pattern is not None and not re.fullmatch(limits.pattern, value):
        raise ConfigError(f"{_shown(value)} is not allowed", f"use {limits.description}")
    if limits.gt is not None and not value > limits.gt:
        raise ConfigError(f"must be above {limits.gt}, not {value}")
    if limits.ge is not None and not value >= limits.ge:
        raise ConfigError(f"must be at least {limits.ge}, not {value}")
    if limits.le is not None and not value <= limits.le:
        raise ConfigError(f"must be at most {limits.le}, not {value}")
    return value


def _shown(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


def _example(field: FieldInfo) -> str:
    """How the default is written, which JSON and TOML agree on for all that can be set."""
    if field.required or field.default is None:
        return f'write {field.name} = "..."'
    return f"write {field.name} = {json.dumps(field.default, default=str)}"
