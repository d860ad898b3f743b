"""What does the census look like to programs that know Habitat's HTTP gateway?

The document of `GET /census`, key for key, so that Habitat's own schema accepts it. Updates and
service files look as they do in Habitat when there are none.
"""

from typing import Any

from habactors.protocol.health import Health
from habactors.protocol.leadership import Leadership
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import GroupView, ServiceView, json_object
from habactors.roles.context import split
from habactors.roles.layers import Unreadable, parse
from habactors.roles.leaders import Members, told
from habactors.roles.ledger import Ledger

SYS: dict[str, Any] = {
    "ip": "",
    "hostname": "",
    "gossip_ip": "",
    "gossip_port": 0,
    "http_gateway_ip": "",
    "http_gateway_port": 0,
    "ctl_gateway_ip": "",
    "ctl_gateway_port": 0,
}
"""The facts about a node that Habitat promises, as they stand when the node does not tell them."""

COUNTERS = (
    *("service", "election", "election_update"),
    *("membership", "service_config", "service_file"),
)


ELECTION_STATUSES = {
    "none": "None",
    "in-progress": "ElectionInProgress",
    "no-quorum": "ElectionNoQuorum",
    "finished": "ElectionFinished",
}


def census_document(ledger: Ledger, me: Identity) -> dict[str, Any]:
    """The whole census as this node sees it; groups in the order of their names."""
    return {
        "changed": False,
        "census_groups": {
            name: _group(ledger.groups[name], ledger.members, me) for name in sorted(ledger.groups)
        },
        "local_member_id": me.id,
        **{f"last_{name}_counter": 0 for name in COUNTERS},
    }


def _group(view: GroupView, members: Members, me: Identity) -> dict[str, Any]:
    standing = told(view, members)
    return {
        "service_group": view.service_group,
        "election_status": ELECTION_STATUSES[standing.status],
        "update_election_status": "None",
        "pkg_incarnation": 0,
        "leader_id": standing.leader or None,
        "update_leader_id": None,
        "service_config": _service_config(view),
        "service_files": {},
        "changed_service_files": [],
        "local_member_id": me.id,
        "population": {member.member_id: _member(member, standing) for member in view.members},
    }


def _service_config(view: GroupView) -> dict[str, Any] | None:
    """The ring's layer; None when there is none, an empty one when it cannot be read."""
    if not view.config_version:
        return None
    try:
        value = parse(view.config_body)
    except Unreadable:
        value = {}
    return {"incarnation": view.config_version, "value": value}


def _member(view: ServiceView, standing: Leadership) -> dict[str, Any]:
    service, group, org = split(view.service_group)
    leads, status = view.member_id == standing.leader, standing.status
    elections = {
        "election_is_running": status == "in-progress",
        "election_is_no_quorum": status == "no-quorum",
        "election_is_finished": status == "finished",
    }
    return {
        "member_id": view.member_id,
        "pkg": package_identifier(view.ident),
        "pkg_incarnation": 0,
        "package": view.ident,
        "service": service,
        "group": group,
        "org": org,
        "persistent": view.permanent,
        "leader": leads,
        "follower": bool(standing.leader) and not leads,
        **elections,
        **dict.fromkeys(("update_leader", "update_follower"), False),
        **dict.fromkeys((f"update_{name}" for name in elections), False),
        "sys": SYS | json_object(view.sys),
        "alive": view.health == Health.ALIVE,
        "suspect": view.health == Health.SUSPECT,
        "confirmed": view.health == Health.CONFIRMED,
        "departed": view.health == Health.DEPARTED,
        "cfg": {
            name: without_fraction(value)
            for name, value in json_object(view.exports).items()
            if value is not None
        },
    }


def without_fraction(value: Any) -> Any:
    """The value as Habitat's schemas let it stand on the first level of a configuration."""
    if not isinstance(value, float):
        return value
    return int(value) if value.is_integer() else str(value)


def package_identifier(ident: str) -> dict[str, str | None]:
    """origin/name/version/release in its parts; a single word is the name."""
    parts = ident.split("/") if "/" in ident else ["", ident]
    origin, name, version, release = (*parts, None, None)[:4]
    return {"origin": origin, "name": name, "version": version, "release": release}
