"""How does the node show itself to scripts?

The JSON shapes that the control protocol, the command line and `/v1` of the sidecar share. Times
are epoch seconds; None stands for what there is not.
"""

from typing import Any

from habactors import __version__
from habactors.protocol.commands import ServiceStatus
from habactors.protocol.errands import ActorRow
from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import GroupView, MemberView
from habactors.roles.isolation import is_isolated
from habactors.roles.ledger import Ledger


def members(ledger: Ledger, me: Identity) -> list[dict[str, Any]]:
    """The ring, in the order of names."""
    views = sorted(ledger.members.values(), key=lambda view: (view.name, view.id))
    return [member(view, me) for view in views]


def member(view: MemberView, me: Identity) -> dict[str, Any]:
    """One member of the ring."""
    return {
        "id": view.id,
        "name": view.name,
        "address": view.address,
        "incarnation": view.incarnation,
        "health": Health(view.health).word,
        "permanent": view.permanent,
        "self": view.id == me.id,
        "since": view.since,
        "why": view.why,
    }


def status(ledger: Ledger, me: Identity, now: float) -> dict[str, Any]:
    """The node and its actors.

    Without what only a body can see: `listen`, and each actor's `pss_bytes` and `cpu_seconds`.
    """
    standings = [view.health for view in ledger.members.values()]
    return {
        "id": me.id,
        "name": me.name,
        "version": __version__,
        "started": ledger.roster.started,
        "ring": {health.word: standings.count(health) for health in Health},
        "isolated": is_isolated(ledger.members.values()),
        "health_score": ledger.health_score,
        "actors": [_actor(row, now) for row in ledger.roster.actors],
    }


def _actor(row: ActorRow, now: float) -> dict[str, Any]:
    return {
        "name": row.name,
        "pid": row.pid,
        "state": row.state,
        "uptime_seconds": _seconds(now - row.since) if row.pid else 0.0,
        "restarts": row.restarts,
    }


def service(row: ServiceStatus, now: float) -> dict[str, Any]:
    """One loaded service."""
    again = _seconds(row.next_restart - now) if row.next_restart else None
    return {
        "ident": row.ident,
        "service": row.service,
        "group": row.group,
        "service_group": row.service_group,
        "topology": row.topology,
        "desired": row.desired,
        "state": row.state,
        "pid": row.pid or None,
        "elapsed_seconds": _seconds(now - row.since) if row.since else None,
        "health": "unknown",
        "role": row.role or None,
        "restarts": row.restarts,
        "next_restart_seconds": again,
        "blocked": row.blocked or None,
        "restarted_because": row.restarted_because or None,
    }


def config(view: GroupView) -> dict[str, Any]:
    """The ring's layer of a group's configuration; version 0 when nobody gave it one."""
    return {
        "service_group": view.service_group,
        "version": view.config_version,
        "source": view.config_source or None,
        "body": view.config_body.decode(errors="replace"),
    }


def event(happened: Event) -> dict[str, Any]:
    """Something that happened."""
    return {
        "time": happened.time,
        "node": happened.node,
        "actor": happened.actor,
        "kind": happened.kind,
        "subject": happened.subject,
        "name": happened.name,
        "from": happened.before,
        "to": happened.after,
        "why": happened.why,
    }


def _seconds(seconds: float) -> float:
    """A span to the millisecond, never below zero."""
    return round(max(0.0, seconds), 3)
