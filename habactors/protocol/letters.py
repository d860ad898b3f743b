"""How does a letter get from one actor's process into another's?

msgpack, tagged with the name of the class. Both ends are ours and the sockets are private, so
bytes that do not decode are our own bug.
"""

import msgspec

from habactors.protocol.commands import (
    Answered,
    ApplyConfig,
    DepartMember,
    ExplainMember,
    LoadService,
    LocalHealth,
    ReadBoard,
    ReadHealth,
    RestartService,
    ServiceBoard,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.errands import (
    CallRoll,
    Ended,
    Expelled,
    Halt,
    RestartActor,
    Roster,
    Running,
    ServicesStopped,
    Spawn,
    StopNode,
    StopServices,
)
from habactors.protocol.events import Event
from habactors.protocol.leadership import (
    AskLeadership,
    AskStandings,
    Demoted,
    Elected,
    Leadership,
    Stand,
    StepDown,
    Withdrawn,
)
from habactors.protocol.news import (
    Accusation,
    CatchUp,
    Doubted,
    Leave,
    Left,
    News,
    Offer,
    Overheard,
    Snapshot,
    Withdraw,
)
from habactors.protocol.transport import (
    Balloted,
    Gossiped,
    LinkLost,
    Probed,
    RingIs,
    RingMet,
    Send,
    Watch,
    WireStarted,
)
from habactors.protocol.views import Recount, Views

AnyLetter = (
    Accusation
    | Answered
    | ApplyConfig
    | AskLeadership
    | AskStandings
    | Balloted
    | CallRoll
    | CatchUp
    | Demoted
    | DepartMember
    | Doubted
    | Elected
    | Ended
    | Event
    | Expelled
    | ExplainMember
    | Gossiped
    | Halt
    | Leadership
    | Leave
    | Left
    | LinkLost
    | LoadService
    | LocalHealth
    | News
    | Offer
    | Overheard
    | Probed
    | ReadBoard
    | ReadHealth
    | Recount
    | RestartActor
    | RestartService
    | RingIs
    | RingMet
    | Roster
    | Running
    | Send
    | ServiceBoard
    | ServicesStopped
    | Snapshot
    | Spawn
    | Stand
    | StartService
    | StepDown
    | StopNode
    | StopService
    | StopServices
    | UnloadService
    | Views
    | Watch
    | WireStarted
    | Withdraw
    | Withdrawn
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnyLetter] = msgspec.msgpack.Decoder(AnyLetter)


def write(letter: AnyLetter) -> bytes:
    """The letter's bytes."""
    return _encoder.encode(letter)


def read(written: bytes | memoryview) -> AnyLetter:
    """The letter behind the bytes."""
    return _decoder.decode(written)
