"""A node whose actors are stand-ins: what root and the nursery do is real, what they start is not.

Run as a program: `python -m tests.node.stand_in FOLDER`. FOLDER/behaviour says in JSON how each
actor behaves; each writes what it sees of itself to FOLDER/NAME.json.
"""

import json
import os
import select
import signal
import socket
import sys
from pathlib import Path

from habactors.config import Config, LogConfig, NodeConfig, RootConfig, SidecarConfig
from habactors.node import nursery as nursing
from habactors.node.body import Outcome
from habactors.node.clock import Clock
from habactors.node.nursery import Nursery, settle
from habactors.node.root import RootBody
from habactors.protocol.errands import CallRoll, ServicesStopped, Spawn, StopServices
from habactors.protocol.events import Event
from habactors.protocol.lifecycle import Identity
from habactors.roles.root import Root

ACTORS = ("wire", "disseminator", "services", "control")
ME = Identity("id-ada", "ada", "127.0.0.1:9638")


def live(berth):
    """The life of a stand-in."""
    folder = berth.config.node.data_dir
    behaviour = json.loads((folder / "behaviour").read_text()).get(berth.actor, "good")
    note_self(folder / f"{berth.actor}.json")
    outcome = Outcome()
    if behaviour == "failing":
        outcome.failed = True
    elif behaviour == "raising":
        raise ValueError("unlucky")
    else:
        listen(berth, behaviour)
    outcome.ended.set()
    return outcome


def note_self(path):
    descriptors = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            descriptors[entry.name] = str(entry.readlink())
        except FileNotFoundError:  # the folder's own, which is closed again
            continue
    seen = {
        "pid": os.getpid(),
        "descriptors": descriptors,
        "title": Path("/proc/self/cmdline").read_bytes().replace(b"\0", b" ").decode().strip(),
        "blocked": next(
            line.split()[1]
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith("SigBlk")
        ),
    }
    path.with_suffix(".new").write_text(json.dumps(seen))
    path.with_suffix(".new").replace(path)


def listen(berth, behaviour):
    """Until root hangs up; the busy and the deaf do not notice."""
    if behaviour == "spawning":
        folder = berth.config.node.data_dir
        berth.channel.send(
            Spawn(
                "redis.prod/run",
                ("/bin/sleep", "1000"),
                str(folder),
                {"PATH": os.environ["PATH"]},
                str(folder / "fifo"),
                str(folder / "PID"),
            )
        )
    if behaviour == "asking":
        berth.channel.send(CallRoll())
    while behaviour == "busy":
        pass
    while True:
        select.select([berth.channel], [], [])
        for letter in berth.channel.receive():
            if letter is None and behaviour != "deaf":
                return
            if letter is None:
                select.select([], [], [])
            if isinstance(letter, StopServices):
                berth.channel.send(ServicesStopped())
            if isinstance(letter, Event):
                continue


def main():
    folder = Path(sys.argv[1])
    nursing.embody = live
    config = Config(
        node=NodeConfig(name="ada", data_dir=folder, run_dir=folder),
        root=RootConfig(**json.loads((folder / "settings").read_text())),
        sidecar=SidecarConfig(listen=None),
        log=LogConfig(format="json"),
    )
    nursing.configure(config.log, "root", "ada")
    clock = Clock()

    def forget():
        body.forget()

    listener = socket.create_server(("127.0.0.1", 0))
    nursery = Nursery(config, ME, clock, listener, False, forget)
    if "--no-forks" in sys.argv:
        refuse_forks()
    if "--signalled-newborns" in sys.argv:
        os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
    body = RootBody(Root(ME, config.root, ACTORS, os.getpid()), nursery, clock, nursery.counters)
    if "--slow" in sys.argv:
        slow_down(body, folder)
    settle()
    finish = body.run()
    print(json.dumps({"code": finish.code, "message": finish.message}), flush=True)
    sys.exit(finish.code)


def slow_down(body, folder):
    """Let root be busy for a while whenever an actor speaks; FOLDER/busy is there meanwhile."""
    take_letters = body._take_letters

    def take_letters_slowly(actor, channel):
        take_letters(actor, channel)
        (folder / "busy").touch()
        select.select([], [], [], 0.3)
        (folder / "busy").unlink()

    body._take_letters = take_letters_slowly


def refuse_forks():
    """As a host does that has run out of processes; the third time there are some again."""
    fork = os.fork
    refusals = iter([True, True])

    def fork_later():
        if next(refusals, False):
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return fork()

    os.fork = fork_later


if __name__ == "__main__":
    main()
