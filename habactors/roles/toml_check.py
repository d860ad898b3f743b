"""Can this text be the configuration of a service group?"""

import re

from habactors.errors import UserError
from habactors.protocol.limits import CONFIG_BYTES_MAX
from habactors.roles.layers import Unreadable, parse

PLACED = re.compile(r"(.*) \(at (line \d+, column \d+)\)", re.DOTALL)
UNPLACED = " (at end of document)"


def check_body(text: str) -> bytes:
    """The text as the ring carries it.

    Raises:
        UserError: it is too long, or no TOML; the message says where.
    """
    body = text.encode()
    if len(body) > CONFIG_BYTES_MAX:
        raise UserError(
            "too-large",
            f"the configuration has {len(body):,} bytes, and {CONFIG_BYTES_MAX:,} are the most",
            "shorten it",
        )
    try:
        parse(body)
    except Unreadable as error:
        raise UserError(
            "invalid", f"the configuration is no TOML: {_placed(str(error), text)}", "correct it"
        ) from None
    return body


def _placed(complaint: str, text: str) -> str:
    """The complaint with its line and column in front, where it has a place at all."""
    if match := PLACED.fullmatch(complaint):
        what, where = match.groups()
    elif complaint.endswith(UNPLACED):
        lines = text.splitlines() or [""]
        what = complaint.removesuffix(UNPLACED)
        where = f"line {len(lines)}, column {len(lines[-1]) + 1}"
    else:
        return complaint
    return f"{where}: {what[:1].lower()}{what[1:]}"
