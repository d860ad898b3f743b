"""What does it look like? A ring on this machine, with services, that leaves nothing behind."""

import contextlib
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from habactors.client import Control
from habactors.config import (
    Address,
    Config,
    NodeConfig,
    ServicesConfig,
    SidecarConfig,
    WireConfig,
)
from habactors.console import tables
from habactors.console.options import common, example
from habactors.console.show import print_rich
from habactors.errors import UserError

NAMES = ("ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ivy", "joe")
PACKAGES = Path(__file__).parent.parent.parent / "conf" / "packages"
PLAIN_SECONDS = 10.0
RING_SECONDS = 15.0
LOOK_SECONDS = 0.05


class Plan(NamedTuple):
    """What the demo runs: `ports` by package, and for each node the (package, group) it serves."""

    configs: list[Config]
    ports: dict[str, int]
    services: list[list[tuple[str, str]]]


@click.command(epilog=example("habactors demo", "habactors demo --nodes 5 --seconds 20"))
@click.option(
    "--nodes",
    type=click.IntRange(1, len(NAMES)),
    default=3,
    show_default=True,
    help="How many nodes.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    help="No dashboard: tell what happens in plain lines, and end after so long.",
)
@common
def demo(nodes: int, seconds: float | None) -> None:
    """Run a ring on this machine with example services, and show its dashboard.

    Nothing is left behind, however it ends.
    """
    from habactors.console.keeper import Keeper
    from habactors.console.launch import signals_as_exit

    if not PACKAGES.is_dir():
        hint = "run the demo from a checkout of habactors"
        raise UserError("not-found", f"there are no example packages in {PACKAGES}", hint)
    folder = Path(tempfile.mkdtemp(prefix="habactors-demo-", dir="/tmp"))
    plan = make_plan(folder, nodes)
    with signals_as_exit(), contextlib.closing(Keeper(folder, plan.configs)) as keeper:
        began = time.monotonic()
        click.echo(f"{nodes} nodes are starting in {folder}")
        for name in keeper.readiness():
            click.echo(f"{name} is ready after {time.monotonic() - began:.1f} s")
        _bring_up(plan, began)
        if seconds is None and sys.stdout.isatty():
            from habactors.console.watch import watch_node

            watch_node(plan.configs[0].node.run_dir, lambda: True)
        else:
            _tell_events(plan, PLAIN_SECONDS if seconds is None else seconds)
        click.echo("ending all nodes and services")
    click.echo(f"nothing is left of {folder}")


def make_plan(folder: Path, nodes: int) -> Plan:
    """Settings of the nodes: each on a loopback address of its own, ports that are free on all."""
    hosts = [f"127.0.0.{number}" for number in range(1, nodes + 1)]
    packages = ["hello", *(["redis"] if shutil.which("redis-server") else [])]
    wire, sidecar, *others = _free_ports(hosts, 2 + len(packages))
    first = Address(hosts[0], wire)
    configs = [
        Config(
            node=NodeConfig(name, folder / name / "data", folder / name / "run"),
            wire=WireConfig(Address(host, wire), Address(host, wire), (first,)),
            services=ServicesConfig((PACKAGES,)),
            sidecar=SidecarConfig(Address(host, sidecar)),
        )
        for name, host in zip(NAMES, hosts, strict=False)
    ]
    ports = dict(zip(packages, others, strict=True))
    return Plan(configs, ports, [_services(number, packages) for number in range(nodes)])


def _services(number: int, packages: list[str]) -> list[tuple[str, str]]:
    """Of three nodes two serve hello.prod, the third hello.test, and the last two redis.cache."""
    third = number % 3
    served = [("hello", "test" if third == 2 else "prod")]
    return served + ([("redis", "cache")] if third and "redis" in packages else [])


def _free_ports(hosts: list[str], count: int) -> list[int]:
    """Ports that are free on every one of the hosts."""
    found: list[int] = []
    while len(found) < count:
        with socket.create_server((hosts[0], 0)) as probe:
            port = probe.getsockname()[1]
        if port not in found and all(_is_free(host, port) for host in hosts):
            found.append(port)
    return found


def _is_free(host: str, port: int) -> bool:
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True


def _bring_up(plan: Plan, began: float) -> None:
    """The services with their ports, once all nodes have found each other."""
    for config in plan.configs:
        with Control(config.node.run_dir) as node:
            _await_ring(node, len(plan.configs))
    click.echo(f"all of them know each other after {time.monotonic() - began:.1f} s")
    groups = dict.fromkeys(served for services in plan.services for served in services)
    with Control(plan.configs[0].node.run_dir) as node:
        for package, group in groups:
            node.config_apply(f"{package}.{group}", "auto", f"port = {plan.ports[package]}")
    for config, services in zip(plan.configs, plan.services, strict=True):
        with Control(config.node.run_dir) as node:
            for package, group in services:
                node.svc_load(f"core/{package}", group=group, wait="up")
                scheme = "http" if package == "hello" else package
                where = f"{scheme}://{config.wire.listen.host}:{plan.ports[package]}"
                click.echo(f"{package}.{group} is up on {config.node.name}: {where}")


def _await_ring(node: Control, count: int) -> None:
    deadline = time.monotonic() + RING_SECONDS
    while [row["health"] for row in node.members()] != ["alive"] * count:
        if time.monotonic() > deadline:
            raise UserError("timed-out", "the nodes do not find each other", "start it again")
        time.sleep(LOOK_SECONDS)


def _tell_events(plan: Plan, seconds: float) -> None:
    run_dir = plan.configs[0].node.run_dir
    with Control(run_dir) as node:
        print_rich(tables.members(node.members(), time.time()))
        print_rich(tables.census(node.census()))
        click.echo(f"look for {seconds:g} s: habactors watch --run-dir {run_dir}")
        for event in _events(node, seconds):
            print_rich(tables.event(event))


def _events(node: Control, seconds: float) -> Iterator[tables.Row]:
    deadline = time.monotonic() + seconds
    for event in node.stream("events", pause_seconds=LOOK_SECONDS):
        if time.monotonic() > deadline:
            return
        if event:
            yield event
