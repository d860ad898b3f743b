"""Questions about values: eq ne gt gte lt lte and or not len, and lookup."""

from collections.abc import Callable

from habactors.template.calls import Given
from habactors.template.values import MISSING, compare, is_true, same


def eq(given: Given) -> bool:
    """True if both are the same JSON; 1 and 1.0 are not."""
    return same(given.values[0], given.values[1], given.spend)


def ne(given: Given) -> bool:
    """True unless both are the same JSON."""
    return not eq(given)


def ordered(holds: Callable[[int], bool]) -> Callable[[Given], bool]:
    """A helper that asks about the order of two values; false if they have none."""

    def ask(given: Given) -> bool:
        order = compare(given.values[0], given.values[1])
        return order is not None and holds(order)

    return ask


def and_(given: Given) -> bool:
    """True if all are true, also when there are none."""
    return all(map(is_true, given.values))


def or_(given: Given) -> bool:
    """True if one is true."""
    return any(map(is_true, given.values))


def not_(given: Given) -> bool:
    """True if the value is false."""
    return not is_true(given.values[0])


def length(given: Given) -> int:
    """Items of a list, fields of a map, bytes (not characters) of a text; 0 for all else."""
    value = given.values[0]
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
    return len(value) if isinstance(value, dict | list | tuple) else 0


def lookup(given: Given) -> object:
    """The field of a map by its name, or the item of a list by its number."""
    value, key = given.values[0], given.values[1]
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, MISSING)
    if isinstance(value, list | tuple) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if 0 <= key < len(value) else MISSING
    return MISSING
