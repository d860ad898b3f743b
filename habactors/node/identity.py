"""Who is this node, for ever?

The member id lives in two small files, each with a check, so that one damaged file does not make a
stranger of the node.
"""

import logging
import os
import re
import uuid
import zlib
from pathlib import Path

from habactors.errors import UserError

FILES = ("MEMBER_ID", "MEMBER_ID.copy")

log = logging.getLogger(__name__)


def member_id(data_dir: Path) -> tuple[str, bool]:
    """The id of the node whose state is in this folder, made when there is none.

    And whether the node has run before.

    Raises:
        UserError: the folder cannot be written.
    """
    paths = [data_dir / name for name in FILES]
    has_run = any(path.exists() for path in paths)
    found = next((read for read in map(_read, paths) if read), None)
    if has_run and found is None:
        log.warning("%s is damaged beyond repair: this node gets a new member id", paths[0])
    member = found or uuid.uuid4().hex
    for path in paths:
        if _read(path) != member:
            if found:
                log.warning("%s was damaged and is restored from its copy", path)
            _write(path, member)
    return member, has_run


def _read(path: Path) -> str | None:
    try:
        match = re.fullmatch(r"([0-9a-f]{32}) ([0-9a-f]{8})\n", path.read_text())
    except (OSError, UnicodeDecodeError):
        return None
    return match[1] if match and match[2] == _check(match[1]) else None


def _write(path: Path, member: str) -> None:
    """All or nothing, even if the power fails."""
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("w") as file:
            file.write(f"{member} {_check(member)}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o600)
        fresh.replace(path)
    except OSError as error:
        raise UserError(
            "bad-config",
            f"the member id cannot be written to {path} ({error.strerror})",
            "see that [node] data_dir is a folder that this user may write, with space left",
        ) from None


def _check(member: str) -> str:
    return f"{zlib.crc32(member.encode()):08x}"
