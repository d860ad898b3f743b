"""What do actors ask of root, and what does root tell them?

A job is one process that root runs: `redis.prod/run`, or a hook of the same service such as
`redis.prod/reconfigure`. `Spawn` and `Halt` are idempotent: root answers with what runs, also
after a restart of itself, of the asker, or of both.
"""

from habactors.protocol.letter import Letter


class Spawn(Letter, frozen=True):
    """See to it that this job runs.

    Paths are absolute; `fifo` receives stdout and stderr; `pid_file` proves the process to a later
    root, unless it `dies_with_root`.
    """

    job: str
    argv: tuple[str, ...]
    cwd: str
    environment: dict[str, str]
    fifo: str
    pid_file: str
    user: str = ""
    group: str = ""
    dies_with_root: bool = False


class Halt(Letter, frozen=True):
    """See to it that this job does not run.

    Signal its process group, and kill the whole tree after the time-out.
    """

    job: str
    pid_file: str
    signal: str
    timeout_seconds: float


class Running(Letter, frozen=True):
    """The job runs under this pid since `started` (epoch seconds).

    `adopted` when an earlier root started it.
    """

    job: str
    pid: int
    started: float
    adopted: bool


class Ended(Letter, frozen=True):
    """The job does not run.

    `code` is its exit code, negative for a signal, None when unknown; `error` tells why it could
    not start.
    """

    job: str
    pid: int
    code: int | None
    error: str = ""


class RestartActor(Letter, frozen=True):
    """An operator wants this actor ended and started anew."""

    request: int
    actor: str


class StopNode(Letter, frozen=True):
    """An operator wants the whole node to stop."""

    request: int


class Expelled(Letter, frozen=True):
    """This node was told to depart from its ring: it ends, and may not start again."""

    why: str


class StopServices(Letter, frozen=True):
    """The node stops: end every service, in order, and say `ServicesStopped`."""


class ServicesStopped(Letter, frozen=True):
    """No service runs any more."""


class ActorRow(Letter, frozen=True):
    """One actor: `state` is running, backoff or stopping.

    `since` is epoch seconds of its last start.
    """

    name: str
    pid: int
    state: str
    since: float
    restarts: int


class Roster(Letter, frozen=True):
    """All actors of the node, in start order; `started` is when the node started."""

    started: float
    actors: tuple[ActorRow, ...]


class CallRoll(Letter, frozen=True):
    """Tell me the roster again."""
