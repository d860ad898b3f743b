"""Errors for people: what is wrong, what to do about it, and how the command ends."""

EXIT_CODES = {"usage": 2, "bad-config": 2, "no-node": 3, "timed-out": 4, "departed": 5}
"""How a command ends after an error with that code; every other code is a refusal: 1."""

REFUSED = 1


class UserError(Exception):
    """Something that the person at the keyboard can put right.

    `code` is a short kebab word for scripts, such as "not-found"; `message` says what is wrong
    and `hint` what to do, both without a full stop. `str()` is the one line for stderr. The exit
    code follows from the code unless it is given, so it survives a trip over the control socket.
    """

    def __init__(
        self, code: str, message: str, hint: str = "", exit_code: int | None = None
    ) -> None:
        super().__init__(code, message, hint, exit_code)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = EXIT_CODES.get(code, REFUSED) if exit_code is None else exit_code

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message

    def as_dict(self) -> dict[str, str]:
        """The error as scripts see it, on stderr and over the control socket."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class ConfigError(UserError):
    """A file or an option says something that no node can be started with."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__("bad-config", message, hint)

    def inside(self, place: str) -> "ConfigError":
        """The same error, saying where it was found: "node.toml: [wire]" or "--peer"."""
        return ConfigError(f"{place} {self.message}", self.hint)
