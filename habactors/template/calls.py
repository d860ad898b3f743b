"""What is a helper given?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from habactors.template.errors import RefusalError


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of one call; missing values are None.

    `helper` is the name it was called by, `root` the whole context. `spend` charges work to the
    limit of steps and `allow` checks the length of a text before it is made; both raise
    RefusalError. `log` takes a level and a text.
    """

    helper: str
    values: tuple[object, ...]
    named: dict[str, object]
    root: object
    spend: Callable[[int], None]
    allow: Callable[[int], None]
    log: Callable[[str, str], None]

    def text(self, index: int) -> str:
        """The argument at that index, which must be text."""
        value = self.values[index]
        if isinstance(value, str):
            return value
        raise RefusalError(f"{self.helper} wants text as argument {index + 1}")


class Section(Protocol):
    """The two branches of a block."""

    def show(
        self,
        value: object,
        variables: dict[str, object] | None = None,
        parameters: tuple[object, ...] = (),
    ) -> None:
        """Renders the body looking at `value`; `parameters` are what `as |x y|` will name."""

    def show_here(self) -> None:
        """Renders the body where the block itself stands."""

    def show_otherwise(self) -> None:
        """Renders the else branch."""
