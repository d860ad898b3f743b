"""A ring of hosts that find each other, watch each other, elect leaders and run services."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from habactors.client import Control

__version__ = "0.1.0"
__all__ = ["Control", "__version__"]


def __getattr__(name: str) -> Any:
    """Import what a program asks for when it asks: an actor needs none of it."""
    if name == "Control":
        from habactors.client import Control

        return Control
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
