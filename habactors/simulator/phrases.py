"""Which sentences does a scenario understand?

A book of phrases such as `pause {name} {seconds}`, each with what it means. The words in braces
say what may stand there.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0}


class Kind(NamedTuple):
    """What may stand in a place of a phrase, and how it is read."""

    pattern: str
    read: Callable[[str], Any]


def _seconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]
    return float(number) * UNITS[unit]


DURATION = r"\d+(?:\.\d+)?(?:ms|s|min)"

KINDS = {
    "name": Kind(r"m\d+", str),
    "names": Kind(r"m\d+(?: m\d+)*", str.split),
    "sides": Kind(r"m\d+(?: m\d+)*(?: \| m\d+(?: m\d+)*)+", lambda text: text.split(" | ")),
    "actor": Kind(r"[a-z]+", str),
    "seconds": Kind(DURATION, _seconds),
    "more_seconds": Kind(DURATION, _seconds),
    "share": Kind(r"\d+(?:\.\d+)?%", lambda text: float(text[:-1]) / 100),
    "count": Kind(r"\d+", int),
    "version": Kind(r"\d+", int),
    "group": Kind(r"[\w-]+\.[\w-]+(?:@[\w-]+)?", str),
    "standing": Kind(r"(?:alive|suspect|confirmed|departed)(?:@\d+)?|unknown", str),
    "body": Kind(r".+", str),
}


class Phrasebook:
    """Phrases and their meanings, functions of something and of what stands in the braces."""

    def __init__(self) -> None:
        self._phrases: dict[str, tuple[re.Pattern[str], Callable[..., Any]]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._phrases)

    def phrase(self, phrase: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Enter the decorated function under a phrase; it may have several."""

        def enter(meaning: Callable[..., Any]) -> Callable[..., Any]:
            pattern = re.sub(r"\\{(\w+)\\}", _place, re.escape(phrase))
            self._phrases[phrase] = re.compile(pattern), meaning
            return meaning

        return enter

    def fits(self, phrase: str, line: str) -> bool:
        """Whether a line says this phrase."""
        return bool(self._phrases[phrase][0].fullmatch(line))

    def places(self, phrase: str, line: str) -> dict[str, Any]:
        """What stands in the braces of this phrase; nothing when the line says another."""
        found = self._phrases[phrase][0].fullmatch(line)
        return _read(found) if found else {}

    def find(self, line: str) -> Callable[..., Any] | None:
        """What a line means, given already what stands in its braces; None when no phrase fits."""
        for pattern, meaning in self._phrases.values():
            if found := pattern.fullmatch(line):
                return partial(meaning, **_read(found))
        return None


def _place(match: re.Match[str]) -> str:
    name = match.group(1)
    return f"(?P<{name}>{KINDS[name].pattern})"


def _read(found: re.Match[str]) -> dict[str, Any]:
    return {name: KINDS[name].read(text) for name, text in found.groupdict().items()}
