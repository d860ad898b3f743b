"""Who says what to whom?

The picture of the flow as data. Roles never name each other: the drivers (real node and simulator)
look up the hearers here, and a role that says something that is not in the table is a bug.
`NAME.hands` is the body of the actor itself: its sockets, files or processes.
"""

from typing import NamedTuple, get_args

from habactors.protocol import (
    ballots,
    commands,
    errands,
    events,
    files,
    hands,
    leadership,
    news,
    transport,
    views,
)
from habactors.protocol import gossip as ring_gossip
from habactors.protocol import probes as ring_probes

CAST = (
    "root",
    "wire",
    "disseminator",
    "detector",
    "census",
    "election",
    "services",
    "sidecar",
    "control",
)
"""All actors; root starts the others in this order and stops them in reverse."""

QUESTIONS = {
    "root": "Which actors should be running?",
    "wire": "What crosses the network?",
    "disseminator": "What should everyone know?",
    "detector": "Who is alive?",
    "census": "Who serves what?",
    "election": "Who leads each group?",
    "services": "What should run here?",
    "sidecar": "What may programs see?",
    "control": "What may people ask?",
}


class Line(NamedTuple):
    """A speaker, what it says, and the actors of its node that hear it."""

    speaker: str
    message: type
    hearers: tuple[str, ...]


WIRING = (
    Line("wire", transport.Probed, ("detector",)),
    Line("wire", transport.Gossiped, ("disseminator",)),
    Line("wire", transport.Balloted, ("election",)),
    Line("wire", transport.LinkLost, ("detector",)),
    Line("wire", transport.WireStarted, ("detector", "disseminator")),
    Line("wire", transport.RingMet, ("disseminator",)),
    Line("wire", hands.Transmit, ("wire.hands",)),
    Line("wire", hands.Heed, ("wire.hands",)),
    Line("wire", hands.Drop, ("wire.hands",)),
    Line("detector", news.CatchUp, ("disseminator",)),
    Line("detector", news.Overheard, ("disseminator",)),
    Line("detector", news.Accusation, ("disseminator",)),
    Line("detector", transport.Watch, ("wire",)),
    Line("detector", commands.LocalHealth, ("sidecar", "control")),
    Line("detector", commands.Answered, ("control",)),
    Line("disseminator", news.Snapshot, ("detector", "census")),
    Line("disseminator", news.News, ("detector", "census")),
    Line("disseminator", news.Doubted, ("detector",)),
    Line("disseminator", news.Left, ("root",)),
    Line("disseminator", errands.Expelled, ("root",)),
    Line("disseminator", transport.RingIs, ("wire",)),
    Line("disseminator", hands.FindPeers, ("disseminator.hands",)),
    Line("disseminator", commands.Answered, ("control",)),
    Line("census", news.CatchUp, ("disseminator",)),
    Line("census", views.Views, ("election", "services", "sidecar", "control")),
    Line("election", views.Recount, ("census",)),
    Line("election", leadership.AskStandings, ("services",)),
    Line("election", leadership.Elected, ("disseminator",)),
    Line("election", leadership.Leadership, ("services", "sidecar", "control")),
    Line("election", commands.Answered, ("control",)),
    Line("services", views.Recount, ("census",)),
    Line("services", news.Offer, ("disseminator",)),
    Line("services", news.Withdraw, ("disseminator",)),
    Line("services", leadership.Stand, ("election",)),
    Line("services", leadership.Withdrawn, ("election",)),
    Line("services", leadership.Demoted, ("election",)),
    Line("services", leadership.AskLeadership, ("election",)),
    Line("services", errands.Spawn, ("root",)),
    Line("services", errands.Halt, ("root",)),
    Line("services", errands.ServicesStopped, ("root",)),
    Line("services", commands.ServiceBoard, ("sidecar", "control")),
    Line("services", commands.Answered, ("control",)),
    Line("services", files.Fetch, ("services.hands",)),
    Line("services", files.Render, ("services.hands",)),
    Line("services", files.Collect, ("services.hands",)),
    Line("services", files.Proclaim, ("services.hands",)),
    Line("services", files.Listen, ("services.hands",)),
    Line("services", files.Unlisten, ("services.hands",)),
    Line("sidecar", views.Recount, ("census",)),
    Line("sidecar", leadership.AskLeadership, ("election",)),
    Line("sidecar", commands.ReadBoard, ("services",)),
    Line("sidecar", commands.ReadHealth, ("detector",)),
    Line("sidecar", errands.CallRoll, ("root",)),
    Line("control", views.Recount, ("census",)),
    Line("control", leadership.AskLeadership, ("election",)),
    Line("control", leadership.StepDown, ("election",)),
    Line("control", commands.ReadBoard, ("services",)),
    Line("control", commands.ReadHealth, ("detector",)),
    Line("control", errands.CallRoll, ("root",)),
    Line("control", commands.ApplyConfig, ("disseminator",)),
    Line("control", commands.DepartMember, ("disseminator",)),
    Line("control", commands.ExplainMember, ("detector",)),
    Line("control", commands.LoadService, ("services",)),
    Line("control", commands.UnloadService, ("services",)),
    Line("control", commands.StartService, ("services",)),
    Line("control", commands.StopService, ("services",)),
    Line("control", commands.RestartService, ("services",)),
    Line("control", errands.RestartActor, ("root",)),
    Line("control", errands.StopNode, ("root",)),
    Line("control", hands.Reply, ("control.hands",)),
    Line("root", errands.Running, ("services",)),
    Line("root", errands.Ended, ("services",)),
    Line("root", errands.Roster, ("sidecar", "control")),
    Line("root", errands.StopServices, ("services",)),
    Line("root", news.Leave, ("disseminator",)),
    Line("root", commands.Answered, ("control",)),
    Line("root", hands.Fork, ("root.hands",)),
    Line("root", hands.EndActor, ("root.hands",)),
    Line("root", hands.Launch, ("root.hands",)),
    Line("root", hands.SignalJob, ("root.hands",)),
    Line("root", hands.Finish, ("root.hands",)),
    *(Line(actor, events.Event, ("sidecar", "control")) for actor in CAST),
)

HEARERS = {(line.speaker, line.message): line.hearers for line in WIRING}

SENT = {
    ring_probes.Ping: ("detector", transport.Probed),
    ring_probes.Ack: ("detector", transport.Probed),
    ring_probes.PingRequest: ("detector", transport.Probed),
    ring_probes.Nack: ("detector", transport.Probed),
    ring_gossip.Hello: ("disseminator", transport.Gossiped),
    ring_gossip.Rumors: ("disseminator", transport.Gossiped),
    ring_gossip.Digest: ("disseminator", transport.Gossiped),
    ring_gossip.Outline: ("disseminator", transport.Gossiped),
    ring_gossip.Want: ("disseminator", transport.Gossiped),
    **dict.fromkeys(get_args(ballots.AnyBallot), ("election", transport.Balloted)),
    ring_gossip.Noted: ("disseminator", transport.Gossiped),
}
"""What members say to each other.

The actor that sends and hears it, and how it is wrapped when it arrives.
"""
