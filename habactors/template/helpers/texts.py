"""Text made of values: strConcat strJoin strReplace toUppercase toLowercase toJson and kin."""

from collections.abc import Callable, Sequence

from habactors.template.calls import Given
from habactors.template.emit_json import json_text
from habactors.template.errors import RefusalError
from habactors.template.values import printed

_LEVELS = ("trace", "debug", "info", "warn", "error")


def str_concat(given: Given) -> str:
    """All arguments but maps, one after the other."""
    return _joined(given, given.values, "")


def str_join(given: Given) -> str:
    """The items of a list, maps left out, with a separator between."""
    items, separator = given.values[0], given.text(1)
    if not isinstance(items, list | tuple):
        raise RefusalError("strJoin wants a list as argument 1")
    return _joined(given, items, separator)


def str_replace(given: Given) -> str:
    """A text with every occurrence of another text replaced."""
    text, old, new = given.text(0), given.text(1), given.text(2)
    given.allow(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def to_uppercase(given: Given) -> str:
    """A text in capitals."""
    return given.text(0).upper()


def to_lowercase(given: Given) -> str:
    """A text in small letters."""
    return given.text(0).lower()


def written(emit: Callable[[object], str]) -> Callable[[Given], str]:
    """A helper that writes its argument in some notation."""

    def write(given: Given) -> str:
        text = emit(given.values[0])
        given.spend(len(text) // 16)
        return text

    return write


def log(given: Given) -> str:
    """Hands its arguments to the log at `level`, and prints nothing."""
    level = given.named.get("level", "info")
    if not isinstance(level, str) or level not in _LEVELS:
        raise RefusalError(f"unknown level of log: use one of {', '.join(_LEVELS)}")
    given.log(level, " ".join(map(printed, given.values)))
    return ""


def _joined(given: Given, items: Sequence[object], separator: str) -> str:
    """Items as compact JSON without any double quote, as upstream does: escapes remain."""
    given.spend(len(items))
    pieces, size = list[str](), 0
    for item in items:
        if isinstance(item, dict):
            continue
        pieces.append(json_text(item).replace('"', ""))
        size += len(pieces[-1]) + len(separator)
        given.allow(size)
    given.spend(size // 16)
    return separator.join(pieces)
