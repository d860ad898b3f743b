"""How much may a template ask for before it is refused?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that turn a hang, a full memory or a deep recursion into a TemplateError.

    The defaults are far above what a service's configuration needs.
    """

    source_characters: int = 1_000_000
    """Length of the template."""
    depth: int = 64
    """Blocks inside blocks (each `else if` counts) and sub-expressions inside sub-expressions."""
    output_characters: int = 16_000_000
    """Length of what is rendered, and of each text that a helper makes on the way."""
    steps: int = 1_000_000
    """Nodes rendered, plus a charge for helpers that work on long values."""


DEFAULT_LIMITS = Limits()
