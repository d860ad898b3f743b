"""What may people ask?

Questions are answered at once, out of the ledger. Orders are passed on to the actor that owns the
matter and said again until it answers: they are idempotent by their number, so every actor on the
way may die meanwhile. Streams go on until the client has enough.
"""

from hashlib import blake2b
from typing import Any

import msgspec

from habactors.errors import UserError
from habactors.protocol.commands import Answered, LocalHealth, ReadBoard, ServiceBoard
from habactors.protocol.errands import Roster
from habactors.protocol.events import Event
from habactors.protocol.hands import Asked, Reply
from habactors.protocol.leadership import Leadership
from habactors.protocol.letter import Letter
from habactors.protocol.lifecycle import Identity, Start, Wake
from habactors.protocol.views import Views
from habactors.roles import shapes
from habactors.roles.ask import Here, Order, Query
from habactors.roles.asks import SvcLoad, SvcLogs, read_ask
from habactors.roles.deadlines import Deadlines
from habactors.roles.ledger import EVENTS_MAX, Ledger
from habactors.roles.ring_asks import Events
from habactors.roles.role import Role
from habactors.roles.unfinished import Unfollowed

REPEAT_SECONDS = 1.0
LOGS_SECONDS = 0.25
ORDERS_MAX = 256
STREAMS_MAX = 64
EVENT = "event/"
PATIENCE_SECONDS = 1.0
"""How long questions wait, after a start, for an actor that has not said yet what it knows."""

LOGS = ("logs", 0)
PATIENCE = ("patience", 0)
CANCEL = "cancel"
FAILED_STATES = ("backoff", "parked")

Caller = tuple[bytes, Any]
"""The route of a client, and its id for what it asks."""

_kept_event = msgspec.msgpack.Decoder(tuple[int, Event])


class Passed(msgspec.Struct):
    """An order on its way; `loaded` is the service group that it loaded and now waits for."""

    caller: Caller
    command: str
    order: Order
    letter: Letter
    loaded: str = ""


class Control(Role):
    """The desk of a node for its operators; `organization` completes the names of groups."""

    NAME = "control"

    def __init__(self, me: Identity, organization: str) -> None:
        super().__init__(me)
        self.organization = organization
        self.ledger = Ledger(self)
        self._unheard: dict[type, None] = dict.fromkeys((Views, ServiceBoard, Roster))
        self._early: list[tuple[Caller, Query]] = []
        self._orders: dict[int, Passed] = {}
        self._event_streams: dict[Caller, None] = {}
        self._log_streams: dict[Caller, str] = {}
        self._events_count = 0
        self._numbers_count = 0
        self._deadlines: Deadlines[tuple[str, int]] = Deadlines()

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Asked(route, id, command) if command == CANCEL:
                self._cancel((route, id))
            case Asked():
                self._take_up(message, now)
            case Answered():
                self._answer(message, now)
            case Event():
                self._note(message)
            case LocalHealth() | Leadership():
                self.ledger.take(message)
            case Views() | ServiceBoard() | Roster():
                self._learn(message, now)
            case Start(kept):
                self._restore(kept)
                self._deadlines.set(PATIENCE, now + PATIENCE_SECONDS)
                self.ledger.open()
            case Wake():
                self._keep_time(now)
        self.wake_at(self._deadlines.next)

    def _take_up(self, asked: Asked, now: float) -> None:
        caller = (asked.route, asked.id)
        try:
            ask = read_ask(asked.command, asked.args)
            if isinstance(ask, Order):
                self._pass_on(caller, asked.command, ask, now)
            elif self._unheard:
                self._early.append((caller, ask))
            else:
                self._look_up(caller, ask, now)
        except UserError as error:
            self._refuse(caller, error)

    def _learn(self, message: Views | ServiceBoard | Roster, now: float) -> None:
        self.ledger.take(message)
        if isinstance(message, ServiceBoard):
            self._look_for_loaded()
        self._unheard.pop(type(message), None)
        if not self._unheard:
            self._answer_early(now)

    def _answer_early(self, now: float) -> None:
        """Answer what was asked while the ledger was still empty."""
        self._deadlines.clear(PATIENCE)
        self._unheard.clear()
        early, self._early = self._early, []
        for caller, query in early:
            try:
                self._look_up(caller, query, now)
            except UserError as error:
                self._refuse(caller, error)

    def _look_up(self, caller: Caller, query: Query, now: float) -> None:
        result = query.answer(self._here(now))
        match query:
            case Events(follow=True):
                self._open_stream()
                self._event_streams[caller] = None
                for event in result:
                    self._reply(caller, event, more=True)
            case SvcLogs(follow=True):
                self._open_stream()
                self._log_streams[caller] = result.folder
                if LOGS not in self._deadlines:
                    self._deadlines.set(LOGS, now + LOGS_SECONDS)
                self._reply(caller, result, more=True)
            case _:
                self._reply(caller, result)

    def _here(self, now: float) -> Here:
        return Here(self.me, self.organization, self.ledger, now)

    def _open_stream(self) -> None:
        if len(self._event_streams) + len(self._log_streams) >= STREAMS_MAX:
            raise UserError(
                "busy", f"{STREAMS_MAX} streams are open already", "end one, then ask again"
            )

    def _pass_on(self, caller: Caller, command: str, order: Order, now: float) -> None:
        if len(self._orders) >= ORDERS_MAX:
            raise UserError(
                "busy", f"{ORDERS_MAX} orders are on their way already", "ask again later"
            )
        number = self._number(now)
        letter = order.letter(number, self._here(now))
        if isinstance(letter, Answered):
            self._reply(caller, order.result(letter, self._here(now)))
            return
        self._orders[number] = Passed(caller, command, order, letter)
        self._deadlines.set(("repeat", number), now + REPEAT_SECONDS)
        self._deadlines.set(("limit", number), now + order.timeout)
        self.say(letter)

    def _number(self, now: float) -> int:
        """48 bits that no other order of this node bears, also not in another life of control."""
        self._numbers_count += 1
        seed = f"{self.me.id} {now!r} {self._numbers_count}".encode()
        return int.from_bytes(blake2b(seed, digest_size=6).digest(), "big") or 1

    def _answer(self, answer: Answered, now: float) -> None:
        passed = self._orders.get(answer.request)
        if passed is None or passed.loaded:
            return
        self._deadlines.clear(("repeat", answer.request))
        if answer.code:
            self._close(answer.request)
            self._refuse(passed.caller, UserError(answer.code, answer.message, answer.hint))
        elif isinstance(passed.order, SvcLoad) and passed.order.wait:
            passed.loaded = answer.message.partition(" ")[0]
            self.say(ReadBoard())
        else:
            self._close(answer.request)
            self._reply(passed.caller, passed.order.result(answer, self._here(now)))

    def _look_for_loaded(self) -> None:
        """Answer whoever waits for a service that has come up, or will not."""
        rows = {row.service_group: row for row in self.ledger.board.services}
        for number, passed in list(self._orders.items()):
            if not passed.loaded:
                continue
            row = rows.get(passed.loaded)
            if row and row.state == "up":
                self._close(number)
                message = f"{passed.loaded} is up, pid {row.pid}"
                self._reply(passed.caller, {"message": message})
            elif row is None or row.state in FAILED_STATES:
                why = (row.restarted_because or row.blocked) if row else "it was unloaded"
                self._close(number)
                hint = f"look at habactors svc logs {passed.loaded}"
                message = f"{passed.loaded} did not come up ({why})"
                self._refuse(passed.caller, UserError("failed", message, hint))

    def _keep_time(self, now: float) -> None:
        for what, number in self._deadlines.due(now):
            match what:
                case "repeat" if number in self._orders:
                    self._deadlines.set(("repeat", number), now + REPEAT_SECONDS)
                    self.say(self._orders[number].letter)
                case "limit":
                    self._give_up(number)
                case "patience":
                    self._answer_early(now)
                case "logs" if self._log_streams:
                    self._deadlines.set(LOGS, now + LOGS_SECONDS)
                    for caller, folder in self._log_streams.items():
                        self._reply(caller, Unfollowed(folder), more=True)

    def _give_up(self, number: int) -> None:
        passed = self._orders[number]
        self._close(number)
        seconds = f"{passed.order.timeout:g} s"
        message = f"{passed.command} was not answered within {seconds}"
        hint = "it may still be carried out, so look at habactors status, or give it more time"
        if passed.loaded:
            rows = {row.service_group: row for row in self.ledger.board.services}
            row = rows.get(passed.loaded)
            state = f"{row.state}, {row.blocked}".strip(", ") if row else "not loaded"
            message = f"{passed.loaded} is not up after {seconds} ({state})"
            # What is not running has written nothing, so its log would say nothing.
            blocked = row is not None and row.blocked
            command = "svc status" if blocked else "svc logs"
            hint = f"look at habactors {command} {passed.loaded}"
        self._refuse(passed.caller, UserError("timed-out", message, hint))

    def _close(self, number: int) -> None:
        del self._orders[number]
        self._deadlines.clear(("repeat", number))
        self._deadlines.clear(("limit", number))

    def _cancel(self, caller: Caller) -> None:
        """The client has enough of what it asked under this id: a stream, or an answer."""
        for number, passed in list(self._orders.items()):
            if passed.caller == caller:
                self._close(number)
        self._early = [asked for asked in self._early if asked[0] != caller]
        self._event_streams.pop(caller, None)
        self._log_streams.pop(caller, None)
        if not self._log_streams:
            self._deadlines.clear(LOGS)
        self._reply(caller, None)

    def _note(self, event: Event) -> None:
        """Remember the latest events in as many numbered slots, and tell those who follow."""
        self.ledger.take(event)
        self._keep_event(event)
        for caller in self._event_streams:
            self._reply(caller, shapes.event(event), more=True)

    def _keep_event(self, event: Event) -> None:
        slot = self._events_count % EVENTS_MAX
        self.keep(f"{EVENT}{slot}", msgspec.msgpack.encode((self._events_count, event)))
        self._events_count += 1

    def _restore(self, kept: dict[str, bytes]) -> None:
        """Take over the events of the life before; a damaged one is passed over."""
        events: dict[int, Event] = {}
        for key, value in kept.items():
            if key.startswith(EVENT):
                try:
                    number, event = _kept_event.decode(value)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
                events[number] = event
        for number in sorted(events):
            self.ledger.take(events[number])
            self._events_count = number + 1

    def _reply(self, caller: Caller, result: Any, *, more: bool = False) -> None:
        self.say(Reply(*caller, ok=True, body=result, more=more))

    def _refuse(self, caller: Caller, error: UserError) -> None:
        self.say(Reply(*caller, ok=False, body=error.as_dict()))
