"""What can go wrong in a template, and where."""

Place = tuple[int, int]
"""A line and a column of the source, both counted from 1."""

_LONGEST_MESSAGE = 300
"""A name in a template, which a message may quote, can be as long as the template."""


class TemplateError(Exception):
    """A template that cannot be read or rendered.

    `str()` is one line, "redis.conf:3:7: what is wrong: what to do". `template` is the name given
    to `compile`; `line` and `column` count from 1 and point at the tag or the word at fault.
    """

    def __init__(self, message: str, template: str, place: Place) -> None:
        super().__init__(message, template, place)
        short = len(message) <= _LONGEST_MESSAGE
        self.message = message if short else f"{message[:_LONGEST_MESSAGE]}…"
        self.template = template
        self.line, self.column = place

    def __str__(self) -> str:
        return f"{self.template}:{self.line}:{self.column}: {self.message}"


class RefusalError(Exception):
    """What a helper or a limit objects to; the renderer adds the name and the place.

    It never leaves this package.
    """

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
