"""How do a package's templates become the files of a service?

First everything is rendered in memory, so a template that fails changes nothing. Then only what
differs is written, each file in one step; a list of what was written tells the next version which
files to remove.
"""

import hashlib
import os
import pwd
from collections.abc import Iterable, Mapping
from grp import getgrnam
from pathlib import Path
from typing import Any, NamedTuple

from habactors.node.packages import Kit
from habactors.protocol.files import Package, Rendered
from habactors.template import TemplateError

OWN_FOLDERS = ("config", "hooks", "logs")
SERVICE_FOLDERS = ("files", "data", "var", "static")
FOLDER_MODE = 0o750
CONFIG_MODE = 0o640
HOOK_MODE = 0o750
FIFO = "logs/output.fifo"
LIST = ".rendered"

AT_START = ("hooks/init", "hooks/run", "hooks/post-run")
"""A service whose files of these names changed is not what it was started as."""


class Owner(NamedTuple):
    """User and group of a service by number, -1 for this process's own."""

    user: int = -1
    group: int = -1


def render(service: str, kit: Kit, context: dict[str, Any]) -> Rendered:
    """Render and write all files of a service below `context["pkg"]["svc_path"]`."""
    folder = Path(context["pkg"]["svc_path"])
    try:
        files = _texts(kit, context)
        changed = _write_all(folder, files, owner(kit.package))
    except (TemplateError, LookupError) as error:
        return Rendered(service, "", "", error=str(error))
    except OSError as error:
        return Rendered(service, "", "", error=f"cannot write into {folder} ({error})")
    config = {name: body for name, body in files.items() if name.startswith("config/")}
    start = {name: body for name, body in files.items() if name in AT_START}
    return Rendered(service, _print(config), _print(start), tuple(changed))


def owner(package: Package) -> Owner:
    """Whom the service's files belong to; raises LookupError when there is no such user."""
    try:
        user = pwd.getpwnam(package.user).pw_uid if package.user else -1
        group = getgrnam(package.group).gr_gid if package.group else -1
    except KeyError:
        message = f"user {package.user} or group {package.group} is not known on this host"
        raise LookupError(message) from None
    return Owner(user, group)


def make_folders(folder: Path, owner: Owner) -> None:
    """Make or repair a service's folders.

    Templates are rendered by this process, perhaps as root, so the service may read but not
    replace its config, hooks and logs; the other folders are its own.
    """
    folder.parent.mkdir(0o700, exist_ok=True)
    if owner.user != -1:
        _let_through(folder.parent)
    for name in ("", *OWN_FOLDERS):
        _make_folder(folder / name, Owner(group=owner.group))
    for name in SERVICE_FOLDERS:
        if not (folder / name).is_dir():
            _make_folder(folder / name, owner)


def make_fifo(path: Path, owner: Owner) -> None:
    """Make the pipe that a service writes its output to. It may open it anew, as /dev/stdout."""
    if not path.is_fifo():
        os.mkfifo(path, 0o600)
    _give(path, owner, 0o600)


def _let_through(services: Path) -> None:
    """A service under a user of its own has to reach its folder; it need not list those above."""
    for above in (services, services.parent):
        mode = above.stat().st_mode
        if not mode & 0o001:
            above.chmod((mode & 0o7777) | 0o111)


def _make_folder(path: Path, owner: Owner) -> None:
    path.mkdir(FOLDER_MODE, exist_ok=True)
    _give(path, owner, FOLDER_MODE)


def _texts(kit: Kit, context: dict[str, Any]) -> dict[str, bytes]:
    """The content of every file by its path in the service's folder; raises TemplateError."""
    texts = {f"config/{name}": template.render(context) for name, template in kit.config.items()}
    texts |= {f"hooks/{name}": template.render(context) for name, template in kit.hooks.items()}
    if kit.command:
        texts["hooks/run"] = f"#!/bin/sh\nexec {kit.command.render(context)}\n"
    return {name: text.encode() for name, text in sorted(texts.items())}


def _write_all(folder: Path, files: Mapping[str, bytes], owner: Owner) -> list[str]:
    """The names of the files that changed."""
    make_folders(folder, owner)
    make_fifo(folder / FIFO, owner)
    readers = Owner(group=owner.group)
    changed = _remove(folder, [name for name in _listed(folder) if name not in files])
    names = "".join(f"{name}\n" for name in files).encode()
    _write(folder / LIST, names, Owner(), 0o600)
    for name, body in files.items():
        path = folder / name
        for above in reversed(path.relative_to(folder).parents[:-2]):
            _make_folder(folder / above, readers)
        mode = HOOK_MODE if name.startswith("hooks/") else CONFIG_MODE
        if _write(path, body, readers, mode):
            changed.append(name)
    return changed


def _listed(folder: Path) -> list[str]:
    """What was rendered into the folder before."""
    try:
        names = (folder / LIST).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [name for name in names if name.startswith(("config/", "hooks/")) and ".." not in name]


def _remove(folder: Path, names: Iterable[str]) -> list[str]:
    removed = []
    for name in names:
        path = folder / name
        if path.is_file():
            path.unlink()
            removed.append(name)
        for above in path.relative_to(folder).parents[:-2]:
            if (folder / above).is_dir() and not any((folder / above).iterdir()):
                (folder / above).rmdir()
    return removed


def _write(path: Path, body: bytes, owner: Owner, mode: int) -> bool:
    """Put the content there in one step, unless it is there already."""
    try:
        same = path.read_bytes() == body
    except FileNotFoundError:
        same = False
    if same:
        _give(path, owner, mode)
        return False
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
    _give(fresh, owner, mode)
    fresh.replace(path)
    return True


def _give(path: Path, owner: Owner, mode: int) -> None:
    """Set owner and mode where they differ."""
    found = path.stat()
    user, group = owner
    if (user not in (-1, found.st_uid)) or (group not in (-1, found.st_gid)):
        os.chown(path, user, group)
    if found.st_mode & 0o7777 != mode:
        path.chmod(mode)


def _print(files: Mapping[str, bytes]) -> str:
    """A fingerprint of names and contents."""
    digest = hashlib.sha256()
    for name, body in files.items():
        digest.update(f"{len(name)} {len(body)} {name}".encode() + body)
    return digest.hexdigest()
