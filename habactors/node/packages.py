"""Which packages are there, and what is in them?"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from habactors.config.values import nearest
from habactors.errors import ConfigError, UserError
from habactors.node.manifest import MANIFEST, Manifest, describe, read_bytes, read_manifest
from habactors.protocol.files import Package
from habactors.template import Template, TemplateError
from habactors.template import compile as compile_template

SOURCE_BYTES_MAX = 4_000_000
TEMPLATES_MAX = 1_000
LISTED_MAX = 5

HOOKS = (
    *("init", "run", "post-run", "health-check", "reload", "reconfigure", "suitability"),
    *("file-updated", "post-stop", "demote", "ready"),
)
OTHERS_HOOKS = ("install", "uninstall")
"""Hooks that Habitat's packages may have and that nobody runs here."""

Rank = tuple[tuple[int, int, str], ...]


class Kit(NamedTuple):
    """A package and its templates: config files by their path below config/, hooks by name.

    `command` is the template of the command line that runs the service when there is no run hook.
    """

    package: Package
    config: dict[str, Template]
    hooks: dict[str, Template]
    command: Template | None


class Packages:
    """Packages by folder, or by ident below some folders that hold them, directly or by origin."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def fetch(self, package: str) -> Kit:
        """Find and read a package, and compile its templates.

        `package` is the absolute path of a folder, or an ident [origin/]name[/version[/release]].
        Raises UserError with the codes not-found, bad-package and bad-template.
        """
        try:
            return read_package(self._find(package))
        except ConfigError as error:
            raise UserError("bad-package", error.message, error.hint) from None
        except OSError as error:
            raise UserError("bad-package", f"{package} cannot be read ({error})") from None

    def _find(self, package: str) -> Path:
        if package.startswith("/"):
            return _check_folder(Path(package))
        if package.startswith((".", "~")):
            hint = "name the folder by its full path"
            raise UserError("not-found", f"{package} is relative to nothing", hint)
        found: list[tuple[tuple[Rank, Rank], Path]] = []
        for folder, manifest in self._all(wanted=package.split("/")):
            if _is_named(package.split("/"), manifest):
                found.append(((rank(manifest.version), rank(manifest.release)), folder))
        if not found:
            raise self._unknown(package)
        return max(found, key=lambda one: one[0])[1]

    def _all(self, wanted: Sequence[str]) -> Iterator[tuple[Path, Manifest]]:
        """Every package that can be read; a broken one only matters if its folder is wanted."""
        for folder in self._candidates():
            try:
                yield folder, read_manifest(folder)
            except ConfigError:
                if folder.name in wanted:
                    raise

    def _candidates(self) -> Iterator[Path]:
        for shelf in self._folders:
            for folder in _folders_in(shelf):
                if (folder / MANIFEST).exists():
                    yield folder
                else:
                    yield from (one for one in _folders_in(folder) if (one / MANIFEST).exists())

    def _unknown(self, package: str) -> UserError:
        names = {f"{one.origin}/{one.name}": None for _, one in self._all(wanted=())}
        shorts = {name.partition("/")[2]: name for name in names}
        close = nearest(package, names) or shorts.get(nearest(package, shorts) or "")
        if close:
            hint = f"did you mean {close}?"
        elif names:
            hint = f"there are {', '.join(list(names)[:LISTED_MAX])}"
        else:
            hint = "put packages there, or name the folder of one by its full path"
        searched = ", ".join(map(str, self._folders)) or "[services] packages, which is empty"
        return UserError("not-found", f"no package {package} is in {searched}", hint)


def read_package(folder: Path) -> Kit:
    """The package in a folder.

    Raises:
        ConfigError: one of its files is not as it should be.
        UserError: a template cannot be compiled (code bad-template).
    """
    manifest = read_manifest(folder)
    config = {
        str(path.relative_to(folder / "config")): _compile(path)
        for path in _files_in(folder / "config")
    }
    hooks = {
        name: _compile(path)
        for path in _files_in(folder / "hooks")
        if (name := _hook(path, folder / "hooks"))
    }
    command = None
    if "run" not in hooks:
        if not manifest.run:
            hint = f'write hooks/run, or run = "COMMAND" in {MANIFEST}'
            raise ConfigError(f"{folder} does not say how to run", hint)
        command = _compile_source(manifest.run, f"{folder / MANIFEST}: run")
    package = describe(manifest, folder, tuple(sorted({*hooks, "run"})))
    return Kit(package, config, hooks, command)


def rank(version: str) -> Rank:
    """What versions are compared by: numbers as such, and 1.0 after 1.0-rc1 but before 1.0.1."""
    parts = re.findall(r"\d+|[a-z]+", version.lower())
    end = (1, 0, "")
    return (*((2, int(part), "") if part.isdigit() else (0, 0, part) for part in parts), end)


def _is_named(parts: Sequence[str], manifest: Manifest) -> bool:
    """Whether an ident, with or without its origin, means the package."""
    full = [manifest.origin, manifest.name, manifest.version, manifest.release]
    return list(parts) in (full[: len(parts)], full[1 : 1 + len(parts)]) and len(parts) != 0


def _check_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise UserError("not-found", f"there is no folder {folder}", "check the path")
    if not (folder / MANIFEST).exists():
        hint = f"name a folder that has a {MANIFEST}"
        if (folder / "plan.sh").exists():
            hint = "habactors package import makes a package of a Habitat plan"
        raise UserError("bad-package", f"{folder} has no {MANIFEST}", hint)
    return folder


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir())
    except OSError:
        return []


def _files_in(folder: Path) -> list[Path]:
    """All plain files below a folder, none when there is no such folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        if not str(path).isprintable():
            raise ConfigError(f"{path!r} cannot be printed", "rename the file")
    if len(files) > TEMPLATES_MAX:
        raise ConfigError(f"{folder} holds more than {TEMPLATES_MAX} files", "keep templates only")
    return files


def _hook(path: Path, folder: Path) -> str:
    """The name of the hook in a file; "" for a file that is none, such as a README."""
    name = path.name.replace("_", "-")
    if path.parent != folder or name in OTHERS_HOOKS:
        return ""
    if name in HOOKS:
        return name
    if close := nearest(name, HOOKS):
        raise ConfigError(f"{path} is no hook", f"did you mean {close}?")
    return ""


def _compile(path: Path) -> Template:
    try:
        source = read_bytes(path, SOURCE_BYTES_MAX).decode()
    except UnicodeDecodeError as error:
        problem = f"{path}: byte {error.start} is not UTF-8, so it is no template"
        raise UserError(
            "bad-template", problem, "keep such files elsewhere in the package"
        ) from None
    return _compile_source(source, str(path))


def _compile_source(source: str, name: str) -> Template:
    try:
        return compile_template(source, name)
    except TemplateError as error:
        raise UserError("bad-template", str(error)) from None
