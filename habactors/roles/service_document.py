"""What does a service look like to programs that know Habitat's HTTP gateway?

One item of `GET /services`, key for key, and the body of `/health`: closed objects, so what is
richer than Habitat (the initializer topology, why a service waits) has its place elsewhere.
"""

from typing import Any

from habactors.config import ServicesConfig
from habactors.protocol.commands import ServiceStatus
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import json_object
from habactors.roles.backoff import STEADY_SECONDS
from habactors.roles.census_document import SYS, package_identifier, without_fraction
from habactors.roles.context import Places

HEALTH_CHECK_SECONDS = 30.0

HEALTH_CODES = {"OK": 200, "WARNING": 200, "CRITICAL": 503, "UNKNOWN": 500}
"""What a load balancer is told."""

TERMINATION_REASONS = {
    "its configuration changed": "app_config_updated",
    "its run hook changed": "run_hook_updated",
}


def health_document(status: ServiceStatus) -> dict[str, str]:
    """The health of a service that has no health hook: that of its process."""
    return {"status": "OK" if _is_up(status) else "CRITICAL", "stdout": "", "stderr": ""}


def service_document(
    status: ServiceStatus, me: Identity, settings: ServicesConfig, places: Places
) -> dict[str, Any]:
    """The item of a loaded service, running or not."""
    identifier = package_identifier(status.ident)
    data_dir, _, _ = places.svc_dir.rpartition("/")
    return {
        "all_pkg_binds": [],
        "binding_mode": "strict",
        "binds": [],
        "bldr_url": "",
        "channel": "",
        "cfg": _configuration(status),
        "config_from": None,
        "desired_state": status.desired.capitalize(),
        "health_check": health_document(status)["status"].capitalize(),
        "health_check_interval": _duration(HEALTH_CHECK_SECONDS),
        "hooks": {},
        "initialized": _is_up(status),
        "last_election_status": "None",
        "last_process_state": _last_process(status),
        "manager_fs_cfg": _folders(data_dir),
        "next_restart_at": int(status.next_restart) or None,
        "pkg": _package(status, identifier),
        "process": {
            "pid": status.pid or None,
            "state": "up" if _is_up(status) else "down",
            "state_entered": int(status.since),
        },
        "restart_config": _restart_config(settings),
        "restart_count": status.restarts,
        "service_group": status.service_group,
        "spec_file": f"{data_dir}/state/services.sqlite",
        "spec_ident": identifier,
        "spec_identifier": status.ident,
        "svc_encrypted_password": None,
        "sys": _sys(me, places),
        "topology": "leader" if status.topology == "initializer" else status.topology,
        "update_strategy": "none",
        "user_config_updated": False,
    }


def _is_up(status: ServiceStatus) -> bool:
    """Whether its process runs, be it on its way out."""
    return bool(status.pid)


def _configuration(status: ServiceStatus) -> dict[str, Any]:
    """The configuration; fractions are text, as Habitat's schema has none on the first level."""
    return {name: without_fraction(value) for name, value in json_object(status.config).items()}


def _last_process(status: ServiceStatus) -> dict[str, Any] | None:
    """The process before; when it ended is known only until the next one begins."""
    if status.state != "backoff":
        return None
    reason = TERMINATION_REASONS.get(status.restarted_because, "run_hook_failed")
    return {"pid": None, "terminated_at": int(status.since), "termination_reason": reason}


def _folders(data_dir: str) -> dict[str, str]:
    return {
        "sup_root": data_dir,
        "data_path": f"{data_dir}/state",
        "specs_path": f"{data_dir}/state",
        "member_id_file": f"{data_dir}/MEMBER_ID",
        "proc_lock_file": "",
    }


def _package(status: ServiceStatus, identifier: dict[str, str | None]) -> dict[str, Any]:
    path = status.path
    return {
        "ident": status.ident,
        **{part: text or "" for part, text in identifier.items()},
        "deps": [],
        "dependencies": [],
        "env": {},
        "exposes": [],
        "exports": {},
        "path": "",
        "svc_path": path,
        "svc_config_path": f"{path}/config",
        "svc_data_path": f"{path}/data",
        "svc_files_path": f"{path}/files",
        "svc_static_path": f"{path}/static",
        "svc_var_path": f"{path}/var",
        "svc_pid_file": f"{path}/PID",
        "svc_run": f"{path}/hooks/run",
        "svc_user": "",
        "svc_group": "",
    }


def _restart_config(settings: ServicesConfig) -> dict[str, dict[str, int]]:
    return {
        "min_backoff_period": _duration(settings.backoff_min_seconds),
        "max_backoff_period": _duration(settings.backoff_max_seconds),
        "cooldown_period": _duration(STEADY_SECONDS),
    }


def _sys(me: Identity, places: Places) -> dict[str, Any]:
    own = {"member_id": me.id, "permanent": me.permanent, "version": ""}
    return SYS | own | places.sys


def _duration(seconds: float) -> dict[str, int]:
    nanoseconds = round(seconds * 1_000_000_000)
    return {"secs": nanoseconds // 1_000_000_000, "nanos": nanoseconds % 1_000_000_000}
