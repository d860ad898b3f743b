"""Which role, with which hands, is each actor?"""

import os
import socket
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from habactors import __version__
from habactors.config import Config
from habactors.node.body import Berth, Body, Outcome
from habactors.node.door import Door
from habactors.node.hands import Hands
from habactors.node.http.server import HttpServer
from habactors.node.links import Links
from habactors.node.peers import Peers
from habactors.node.workshop import Workshop
from habactors.protocol.lifecycle import Identity
from habactors.roles.census import Census
from habactors.roles.context import Places
from habactors.roles.control import Control
from habactors.roles.detector import Detector
from habactors.roles.disseminator import Disseminator
from habactors.roles.election import Election
from habactors.roles.role import Role
from habactors.roles.services import Services
from habactors.roles.sidecar import Sidecar
from habactors.roles.wire import Wire


class Part(NamedTuple):
    """How to make an actor's role and hands, and whether its role keeps records."""

    role: Callable[[Berth, Random], Role]
    hands: Callable[[Berth, Role], Hands]
    keeps: bool = False


def _no_hands(_berth: Berth, _role: Role) -> Hands:
    return Hands()


PARTS = {
    "wire": Part(
        lambda berth, _: Wire(berth.me),
        lambda berth, _: Links(berth.me, berth.config.wire, berth.listener),
    ),
    "disseminator": Part(
        lambda berth, rng: Disseminator(
            berth.me, berth.config.disseminator, tuple(map(str, berth.config.wire.peers)), rng
        ),
        lambda berth, _: Peers(berth.config.wire),
        keeps=True,
    ),
    "detector": Part(lambda berth, rng: Detector(berth.me, berth.config.detector, rng), _no_hands),
    "census": Part(lambda berth, rng: Census(berth.me, rng), _no_hands),
    "election": Part(
        lambda berth, rng: Election(berth.me, berth.config.election, berth.life, rng),
        _no_hands,
        keeps=True,
    ),
    "services": Part(
        lambda berth, rng: Services(
            berth.me, berth.config.services, places(berth.config, berth.me), rng
        ),
        lambda berth, _: Workshop(berth.config),
        keeps=True,
    ),
    "sidecar": Part(
        lambda berth, _: Sidecar(berth.me, berth.config.services, places(berth.config, berth.me)),
        HttpServer,
    ),
    "control": Part(
        lambda berth, _: Control(berth.me, berth.config.node.organization),
        Door,
        keeps=True,
    ),
}


def embody(berth: Berth) -> Outcome:
    """Start an actor in a thread of this process."""
    part = PARTS[berth.actor]
    role = part.role(berth, Random(int.from_bytes(os.urandom(8), "big")))
    outcome = Outcome()
    Body.start(berth, role, part.hands(berth, role), outcome, keeps=part.keeps)
    return outcome


def places(config: Config, me: Identity) -> Places:
    """What templates may know of this node."""
    sidecar, control = config.sidecar.listen, config.control.listen
    host = config.wire.advertise.host
    return Places(
        svc_dir=str(config.node.data_dir / "svc"),
        organization=config.node.organization,
        sys={
            "version": __version__,
            "member_id": me.id,
            "ip": host,
            "hostname": socket.gethostname(),
            "gossip_ip": host,
            "gossip_port": config.wire.advertise.port,
            "http_gateway_ip": sidecar.host if sidecar else "",
            "http_gateway_port": sidecar.port if sidecar else 0,
            "ctl_gateway_ip": control.host if control else "",
            "ctl_gateway_port": control.port if control else 0,
            "permanent": me.permanent,
        },
        environment={
            name: os.environ[name] for name in ("PATH", "LANG", "TZ", "HOME") if name in os.environ
        },
    )
