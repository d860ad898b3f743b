"""What is a service's configuration, when several have set it?

Layers from low to high: the package's default.toml, then the ring's. Tables are merged key by key,
everything else is replaced.
"""

import tomllib
from datetime import date, datetime, time
from math import isfinite
from typing import Any

DEPTH_MAX = 30


class Unreadable(Exception):
    """A layer that is no TOML document; the text says what is wrong and where."""


def parse(body: bytes) -> dict[str, Any]:
    """A TOML document as plain values.

    Raises:
        Unreadable: it is not UTF-8, not TOML, or nested too deeply.
    """
    try:
        document = tomllib.loads(body.decode())
    except UnicodeDecodeError as error:
        raise Unreadable(f"byte {error.start} is not UTF-8") from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except ValueError as error:  # also numbers of more digits than Python converts
        raise Unreadable(str(error)) from error
    return {key: plain(value) for key, value in document.items()}


def plain(value: Any, depth: int = 1) -> Any:
    """The value in what JSON can say; dates and times become text."""
    if depth > DEPTH_MAX:
        raise Unreadable(f"nested more than {DEPTH_MAX} deep")
    if isinstance(value, dict):
        return {key: plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Unreadable("a whole number is out of the range of 64 bits")
    if isinstance(value, float) and not isfinite(value):
        raise Unreadable(f"{value} is no number")
    return value


def merge(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """Both layers as one."""
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def pick(config: dict[str, Any], path: str) -> Any:
    """The value at a dotted path, or None."""
    value: Any = config
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
