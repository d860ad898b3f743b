"""What do the actors cost, and where do they listen?"""

from typing import Any

import psutil

from habactors.config import Config

SOCKET = "control.sock"


def measured(status: dict[str, Any], config: Config) -> dict[str, Any]:
    """The status of the node with what its role cannot see.

    Actors that share one process each show the whole of it.
    """
    costs = {pid: _cost(pid) for pid in {row["pid"] for row in status["actors"]}}
    sidecar = config.sidecar.listen
    listen = {
        "wire": str(config.wire.listen),
        "sidecar": str(sidecar) if sidecar else "",
        "control": f"ipc://{config.node.run_dir / SOCKET}",
    }
    actors = [row | costs[row["pid"]] for row in status["actors"]]
    return status | {"listen": listen, "actors": actors}


def _cost(pid: int) -> dict[str, float]:
    """Proportional set size (proc_pid_smaps(5)) and processor time; nothing for who is gone."""
    try:
        process = psutil.Process(pid) if pid else None
        memory = process.memory_full_info().pss if process else 0
        times = process.cpu_times() if process else None
    except psutil.Error:
        return {"pss_bytes": 0, "cpu_seconds": 0.0}
    return {
        "pss_bytes": memory,
        "cpu_seconds": round(times.user + times.system, 3) if times else 0.0,
    }
