"""How does a value print, when is it true, and when are two the same?

Values are what JSON knows: dict, list or tuple, str, int, float, bool, None. Nothing else is
ever looked into, so no template reaches a Python object. As in JSON, a float that is no number
or infinite counts as null.
"""

import math
import re
from collections.abc import Callable

from habactors.template.errors import RefusalError


class Missing:
    """What a path yields when nothing is there; prints as nothing and is false."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


MISSING = Missing()

_SMALL_EXPONENT = re.compile(r"e-0?([0-9]+)$")
_NUMBER_TEXT = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def is_true(value: object) -> bool:
    """False for null, false, 0, "", [], {} and what is missing."""
    if isinstance(value, float):
        return value != 0 and math.isfinite(value)
    return bool(value)


def is_finite(number: float) -> bool:
    """False for infinities and for what is no number; integers are finite however long."""
    return isinstance(number, int) or math.isfinite(number)


def step(value: object, name: str) -> object:
    """The child of that name or index, MISSING if there is none."""
    if isinstance(value, dict):
        return value.get(name, MISSING)
    if isinstance(value, list | tuple) and name.isdecimal() and name.isascii() and len(name) < 10:
        index = int(name)
        return value[index] if index < len(value) else MISSING
    return MISSING


def printed(value: object) -> str:
    """The value as `{{value}}` prints it: `[a, b]` for a list, `[object]` for a map."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value) if is_finite(value) else ""
    if isinstance(value, dict):
        return "[object]"
    if isinstance(value, list | tuple):
        return f"[{', '.join(printed(item) for item in value)}]"
    raise unknown_type(value)


def number_text(number: float) -> str:
    """Integers exactly; floats with at least one decimal, as Rust's shortest form prints them.

    `number` is finite.
    """
    if isinstance(number, int):
        try:
            return str(number)
        except ValueError:
            raise RefusalError("this number has too many digits to print") from None
    text = repr(number)
    small = _SMALL_EXPONENT.search(text)
    if not small:
        return text
    if small[1] == "5":
        sign, digits = ("-", text[1:]) if number < 0 else ("", text)
        return f"{sign}0.0000{digits[: digits.index('e')].replace('.', '')}"
    return f"{text[: small.start()]}e-{small[1]}"


def same(left: object, right: object, spend: Callable[[int], None]) -> bool:
    """JSON equality: 1 is not 1.0, true is not 1; `spend` is told how much work it was."""
    if left is right:
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        spend(len(left))
        return left.keys() == right.keys() and all(
            same(value, right[key], spend) for key, value in left.items()
        )
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        spend(len(left))
        return len(left) == len(right) and all(
            same(one, other, spend) for one, other in zip(left, right, strict=True)
        )
    return type(left) is type(right) and left == right


def compare(left: object, right: object) -> int | None:
    """-1, 0 or 1; None when the two have no order, as null, lists and maps have none.

    Text that looks like a number is one when the other side is a number.
    """
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, bool) and isinstance(right, bool):
        return left - right
    if isinstance(left, bool) or isinstance(right, bool):
        return None
    one, other = _number(left), _number(right)
    if one is None or other is None:
        return None
    return (one > other) - (one < other)


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) < 100 and (match := _NUMBER_TEXT.fullmatch(value)):
        return float(value) if match[1] or match[2] else int(value)
    if isinstance(value, int | float) and is_finite(value):
        return value
    return None


def unknown_type(value: object) -> RefusalError:
    """What to raise when a context holds something that JSON does not know."""
    return RefusalError(f"a value of type {type(value).__name__} cannot stand in a template")
