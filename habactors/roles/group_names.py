"""Which service group does somebody mean?"""

import re

from habactors.errors import UserError
from habactors.roles.ask import Here

WORD = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
GROUP = re.compile(rf"{WORD}\.{WORD}(@{WORD})?")
GROUP_WORD = re.compile(WORD)
LISTED_MAX = 20


def full_group(name: str, organization: str) -> str:
    """The service group of that name, with this node's organization unless it names one.

    Raises:
        UserError: it is not service.group or service.group@organization.
    """
    if not GROUP.fullmatch(name):
        raise UserError(
            "usage",
            f"{name[:64]!r} is no service group",
            "write service.group or service.group@organization, such as redis.default",
        )
    return name if "@" in name or not organization else f"{name}@{organization}"


def known_group(here: Here, name: str) -> str:
    """The full name of a service group of the ring.

    Raises:
        UserError: there is none of that name.
    """
    group = full_group(name, here.organization)
    if group not in here.ledger.groups:
        names = ", ".join(sorted(here.ledger.groups)[:LISTED_MAX])
        hint = f"there are {names}" if names else "the ring has no service groups yet"
        raise UserError("not-found", f"there is no service group {group} in the ring", hint)
    return group
