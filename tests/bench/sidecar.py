"""What does HTTP cost? Memory and idle CPU of the sidecar, requests a second by path.

With a number as argument, idle over as many seconds.
"""

import socket
import sys
import time

import psutil

from tests.hosts import SIDECAR_PORT, Hosts, until

IDLE_SECONDS = 60.0
BUSY_SECONDS = 3.0
PATHS = (
    *("/healthz", "/readyz", "/census", "/services", "/services/hello/default"),
    *("/services/hello/default/health", "/metrics", "/"),
)


def main(idle_seconds: float) -> None:
    hosts = Hosts()
    try:
        ada, *_ = hosts.ring(
            "http-ada", "http-bob", services={"load": [{"package": "core/hello"}]}
        )
        until(lambda: ada.service_pid("hello.default"), 30)
        sidecar = psutil.Process(ada.pid_of("sidecar"))
        time.sleep(3.0)  # the gossip of the start dies down
        show_memory("idle, never asked", sidecar)
        show_idle(sidecar, idle_seconds)
        for path in PATHS:
            show_load(path, ada.address, sidecar)
        show_memory("after the load", sidecar)
    finally:
        hosts.end()


def show_memory(when: str, sidecar: psutil.Process) -> None:
    print(f"{when:<34} {sidecar.memory_full_info().pss / 1e6:10.1f} MB PSS")


def show_idle(sidecar: psutil.Process, seconds: float) -> None:
    ran, switches = run_seconds(sidecar), sidecar.num_ctx_switches()
    time.sleep(seconds)
    share = 100 * (run_seconds(sidecar) - ran) / seconds
    woken = (sidecar.num_ctx_switches().voluntary - switches.voluntary) / seconds
    print(
        f"{f'idle over {seconds:.0f} s':<34} {share:10.4f} % of a core, woken {woken:.2f} a second"
    )


def run_seconds(process: psutil.Process) -> float:
    """Processor time of all threads, in nanoseconds where psutil has hundredths (proc(5))."""
    spent = 0
    for thread in process.threads():
        with open(f"/proc/{process.pid}/task/{thread.id}/schedstat") as stat:  # noqa: PTH123
            spent += int(stat.read().split()[0])
    return spent / 1e9


def show_load(path: str, host: str, sidecar: psutil.Process) -> None:
    """One client on one connection; its own processor time is not the server's."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    with socket.create_connection((host, SIDECAR_PORT), timeout=5) as client:
        size = len(answer(client, request))
        ran, began = run_seconds(sidecar), time.monotonic()
        asked = 0
        while time.monotonic() < began + BUSY_SECONDS:
            answer(client, request)
            asked += 1
        lasted, spent = time.monotonic() - began, run_seconds(sidecar) - ran
    print(f"{path:<34} {asked / lasted:10.0f} requests a second, {size} bytes, "
          f"{1e6 * spent / asked:.0f} us of the server each")  # fmt: skip


def answer(client: socket.socket, request: bytes) -> bytes:
    """The whole answer, head and body."""
    client.sendall(request)
    came = client.recv(65_536)
    head, _, _ = came.partition(b"\r\n\r\n")
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(came) < len(head) + 4 + length:
        came += client.recv(65_536)
    return came


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else IDLE_SECONDS)
