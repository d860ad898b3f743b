"""Where is a package that this one depends on?"""

import re

from habactors.template.calls import Given
from habactors.template.errors import RefusalError
from habactors.template.values import step

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_IDENT = re.compile(rf"{_PART}/{_PART}(/{_PART}){{0,2}}")
_PACKAGES = "/hab/pkgs"


def pkg_path_for(given: Given) -> str:
    """The folder of the first dependency that matches origin/name[/version[/release]].

    Dependencies are `pkg.deps` of the whole context, wherever the tag stands: idents as text, or
    maps with `origin`, `name`, `version`, `release` and, when it is elsewhere than below
    /hab/pkgs, a `path`. No match is an empty text.
    """
    wanted = given.text(0)
    if not _IDENT.fullmatch(wanted):
        raise RefusalError("pkgPathFor wants origin/name, origin/name/version or a full ident")
    deps = step(step(given.root, "pkg"), "deps")
    if not isinstance(deps, list | tuple):
        return ""
    given.spend(len(deps))
    for dep in deps:
        ident = _ident(dep)
        if ident == wanted or ident.startswith(f"{wanted}/"):
            path = step(dep, "path")
            return path if isinstance(path, str) else f"{_PACKAGES}/{ident}"
    return ""


def _ident(dep: object) -> str:
    if isinstance(dep, str):
        return dep
    parts = [step(dep, part) for part in ("origin", "name", "version", "release")]
    return "/".join(part for part in parts if isinstance(part, str))
