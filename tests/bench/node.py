"""What does an idle node cost? PSS and CPU of its actors over a minute, in a ring of three.

With a number as argument, over as many seconds.
"""

import sys
import time

import psutil

from tests.hosts import Hosts

SECONDS = 60.0


def main(seconds: float) -> None:
    hosts = Hosts()
    try:
        ring = hosts.ring("ada", "bob", "cyd")
        time.sleep(5.0)  # the gossip of the start dies down
        host = ring[1]
        processes = [psutil.Process(host.pid), *psutil.Process(host.pid).children()]
        before = {process.pid: spent(process) for process in processes}
        time.sleep(seconds)
        pss, share = 0.0, 0.0
        print(f"{'actor':<36} {'PSS MB':>8} {'CPU %':>8}")
        for process in processes:
            megabytes = process.memory_full_info().pss / 1e6
            percent = 100 * (spent(process) - before[process.pid]) / seconds
            pss, share = pss + megabytes, share + percent
            print(f"{' '.join(process.cmdline())[:36]:<36} {megabytes:8.1f} {percent:8.3f}")
        print(f"{f'{len(processes)} processes over {seconds:.0f} s':<36} {pss:8.1f} {share:8.3f}")
    finally:
        hosts.end()


def spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
