"""What may a package's templates see?

The data roots of the template language: `sys pkg cfg svc bind`, in the shapes that Habitat's
templates expect.
"""

from typing import Any

import msgspec

from habactors.protocol.files import Package
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.views import GroupView, ServiceView, json_object


class Places(msgspec.Struct, frozen=True):
    """What the role must know of its host.

    Folder of all services, facts for `sys`, and the environment that services inherit.
    """

    svc_dir: str
    organization: str = ""
    sys: dict[str, Any] = {}
    environment: dict[str, str] = {}


def context(
    places: Places,
    package: Package,
    folder: str,
    group: GroupView,
    config: dict[str, Any],
    leader: str = "",
) -> dict[str, Any]:
    """All roots for one service; `leader` is the id of the member that leads its group."""
    members = [_member(view, leader) for view in group.members if Health(view.health) in REACHABLE]
    me = next(
        (member for member in members if member["member_id"] == places.sys["member_id"]), None
    )
    return {
        "sys": places.sys,
        "pkg": _package(package, f"{places.svc_dir}/{folder}"),
        "cfg": config,
        "svc": _service(group.service_group, members, me, leader),
        "bind": {},
    }


def _package(package: Package, path: str) -> dict[str, Any]:
    return {
        "ident": package.ident,
        "origin": package.origin,
        "name": package.name,
        "version": package.version,
        "release": package.release,
        "deps": [],
        "env": {},
        "exposes": list(package.exposes),
        "exports": dict(sorted(package.exports.items())),
        "path": package.path,
        "svc_path": path,
        "svc_config_path": f"{path}/config",
        "svc_data_path": f"{path}/data",
        "svc_files_path": f"{path}/files",
        "svc_static_path": f"{path}/static",
        "svc_var_path": f"{path}/var",
        "svc_pid_file": f"{path}/PID",
        "svc_run": package.run,
        "svc_user": package.user,
        "svc_group": package.group,
    }


def _service(
    service_group: str, members: list[dict[str, Any]], me: dict[str, Any] | None, leader: str
) -> dict[str, Any]:
    service, group, org = split(service_group)
    return {
        "service": service,
        "group": group,
        "org": org,
        "election_is_running": False,
        "election_is_no_quorum": False,
        "election_is_finished": bool(leader),
        "update_election_is_running": False,
        "update_election_is_no_quorum": False,
        "update_election_is_finished": False,
        "me": me,
        "first": members[0] if members else None,
        "leader": _whom_to_follow(members, me),
        "update_leader": None,
        "members": members,
    }


def _whom_to_follow(
    members: list[dict[str, Any]], me: dict[str, Any] | None
) -> dict[str, Any] | None:
    """The leader of the others. On the leader itself `{{#with svc.leader}}` is empty text."""
    if me and me["leader"]:
        return None
    return next((member for member in members if member["leader"]), None)


def _member(view: ServiceView, leader: str) -> dict[str, Any]:
    service, group, org = split(view.service_group)
    parts = [*view.ident.split("/"), "", "", ""]
    return {
        "member_id": view.member_id,
        "package": view.ident,
        "pkg": dict(zip(("origin", "name", "version", "release"), parts, strict=False)),
        "pkg_incarnation": 0,
        "service": service,
        "group": group,
        "org": org,
        "persistent": view.permanent,
        "leader": view.member_id == leader,
        "follower": bool(leader) and view.member_id != leader,
        "update_leader": False,
        "update_follower": False,
        "election_is_running": False,
        "election_is_no_quorum": False,
        "election_is_finished": bool(leader),
        "update_election_is_running": False,
        "update_election_is_no_quorum": False,
        "update_election_is_finished": False,
        "sys": json_object(view.sys),
        "cfg": json_object(view.exports),
        "alive": view.health == Health.ALIVE,
        "suspect": view.health == Health.SUSPECT,
        "confirmed": view.health == Health.CONFIRMED,
        "departed": view.health == Health.DEPARTED,
    }


def split(service_group: str) -> tuple[str, str, str | None]:
    """service.group[@org] in its parts."""
    rest, _, org = service_group.partition("@")
    service, _, group = rest.partition(".")
    return service, group, org or None
