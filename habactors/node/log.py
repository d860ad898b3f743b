"""What does the node write to its standard output?

Text for people, or one JSON object a line; events in their contract shape are among them, written
when they happen.
"""

import json
import logging
import os
import select
import sys
from typing import Any, TextIO

from habactors.config import LogConfig
from habactors.protocol.events import Event
from habactors.roles.wiring import CAST

EVENTS = logging.getLogger("habactors.events")

PIPE_BYTES_SURE = 4096
"""What Linux takes without blocking, and in one piece, when it says that a pipe is writable."""


def configure(settings: LogConfig, actor: str, node: str) -> None:
    """Set up logging for this process; in each child again, so that its lines bear its name."""
    handler = _Output(sys.stdout)
    handler.setFormatter(_Json(actor, node) if settings.format == "json" else _Text(actor, node))
    top = logging.getLogger()
    top.handlers[:] = [handler]
    top.setLevel(settings.level.upper())
    for noisy in ("pykka",):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, top.level))


def show_event(event: Event) -> None:
    """Write an event where it happens."""
    EVENTS.info(event_line(event), extra={"event": event})


def event_line(event: Event) -> str:
    """The event as a person reads it."""
    change = f"{event.before} → {event.after}" if event.before else event.after
    reason = f" ({event.why})" if event.why else ""
    return f"{event.kind} {event.name or event.subject}: {change}{reason}"


def event_shape(event: Event) -> dict[str, Any]:
    """The event as the contract gives it to scripts."""
    return {
        "time": event.time,
        "node": event.node,
        "actor": event.actor,
        "kind": event.kind,
        "subject": event.subject,
        "name": event.name,
        "from": event.before,
        "to": event.after,
        "why": event.why,
    }


class _Output(logging.StreamHandler[TextIO]):
    """Lines that nobody takes are dropped, and told when there is room again.

    A reader that stands still may not make the node stand still.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._descriptor = _descriptor(stream)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._lost and self._write(f"... {self._lost} lines were not taken\n"):
                self._lost = 0
            if not self._write(self.format(record) + self.terminator):
                self._lost += 1
        except OSError:
            self._lost += 1
        except Exception:  # noqa: BLE001
            self.handleError(record)

    def _write(self, text: str) -> bool:
        """Whether all of it went out."""
        if self._descriptor is None:
            self.stream.write(text)
            return True
        written = text.encode(errors="replace")
        for start in range(0, len(written), PIPE_BYTES_SURE):
            if not _has_room(self._descriptor):
                return False
            os.write(self._descriptor, written[start : start + PIPE_BYTES_SURE])
        return True


class _Text(logging.Formatter):
    def __init__(self, actor: str, node: str) -> None:
        super().__init__(f"%(asctime)s {node} %(actor)-12s %(level)s%(message)s", "%H:%M:%S")
        self._actor = actor

    def format(self, record: logging.LogRecord) -> str:
        event = getattr(record, "event", None)
        record.actor = event.actor if event else _speaker(record, self._actor)
        record.level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return super().format(record)


class _Json(logging.Formatter):
    def __init__(self, actor: str, node: str) -> None:
        super().__init__()
        self._actor = actor
        self._node = node

    def format(self, record: logging.LogRecord) -> str:
        event = getattr(record, "event", None)
        if event:
            return json.dumps(event_shape(event), ensure_ascii=False)
        shape = {
            "time": record.created,
            "node": self._node,
            "actor": _speaker(record, self._actor),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            shape["error"] = self.formatException(record.exc_info)
        return json.dumps(shape, ensure_ascii=False)


def _speaker(record: logging.LogRecord, actor: str) -> str:
    """Where actors are threads, the thread tells which one it was."""
    return record.threadName if record.threadName in CAST else actor


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None


def _has_room(descriptor: int) -> bool:
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    return bool(room.poll(0))
