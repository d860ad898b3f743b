"""Where in the source are we?"""

import re
from bisect import bisect_right

from habactors.template.errors import Place, TemplateError


class Cursor:
    """A position in a source text that moves forward and can name its line and column."""

    __slots__ = ("_line_starts", "at", "name", "source")

    def __init__(self, source: str, name: str) -> None:
        self.source = source
        self.name = name
        self.at = 0
        self._line_starts = [0, *(newline.end() for newline in re.finditer("\n", source))]

    def place(self, at: int) -> Place:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._line_starts, at)
        return line, at - self._line_starts[line - 1] + 1

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Moves past the pattern if it stands here."""
        match = pattern.match(self.source, self.at)
        if match:
            self.at = match.end()
        return match

    def error(self, message: str, at: int | None = None) -> TemplateError:
        """An error at that offset, or here."""
        return TemplateError(message, self.name, self.place(self.at if at is None else at))
