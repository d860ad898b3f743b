"""What do people see in a browser?

One page without scripts of others, pictures or fonts: it shows what the node knows and asks for
itself again every two seconds. Whatever comes from the ring is escaped.
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

from habactors import __version__
from habactors.node.log import event_line
from habactors.protocol.commands import ServiceStatus
from habactors.protocol.errands import ActorRow
from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import GroupView, MemberView
from habactors.roles.ledger import Ledger

ROWS_MAX = 500
EVENTS_MAX = 20

STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #888; --good: #2a9d5c; --odd: #d99a00;
  --bad: #d1495b; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; align-items: baseline; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1rem; margin: 1.8rem 0 .3rem; }
.quiet { color: var(--quiet); } .lost { color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--quiet); }
th, td { padding: .25rem 1rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; white-space: nowrap; }
td:last-child { white-space: normal; overflow-wrap: anywhere; width: 100%; }
td:last-child:not(:empty) { min-width: 14rem; }
.dot::before { content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .45em;
  border-radius: 50%; background: var(--quiet); }
.good::before { background: var(--good); } .odd::before { background: var(--odd); }
.bad::before { background: var(--bad); }
code { font-family: ui-monospace, monospace; font-size: .9em; }
"""

SCRIPT = """
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const lost = document.getElementById("lost");
(async () => {
  for (;;) {
    await wait(2000);
    if (document.hidden || !getSelection().isCollapsed) continue;
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(page.querySelector("main"));
      lost.hidden = true;
    } catch { lost.hidden = false; }
  }
})();
"""


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src {_digest(STYLE)}; script-src {_digest(SCRIPT)}; "
    "img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

TONES = (
    dict.fromkeys(("alive", "up", "running"), "good")
    | dict.fromkeys(("suspect", "waiting", "initializing", "stopping"), "odd")
    | dict.fromkeys(("confirmed", "backoff", "parked"), "bad")
)


def page(ledger: Ledger, me: Identity, now: float) -> str:
    """The whole page in HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(me.name)} · habactors</title>'
        f"<style>{STYLE}</style>"
        '<noscript><meta http-equiv="refresh" content="5"></noscript></head><body>'
        f"{_main(ledger, me, now)}"
        '<p id="lost" class="lost" hidden>The node does not answer; this is what it said last.</p>'
        f"<script>{SCRIPT}</script></body></html>"
    )


def _main(ledger: Ledger, me: Identity, now: float) -> str:
    board, actors = ledger.board.services, ledger.roster.actors
    groups = sorted(ledger.groups.items())
    members = sorted(ledger.members.values(), key=lambda view: (view.name, view.id))
    events = islice(reversed(ledger.events), EVENTS_MAX)
    parts = (
        _header(ledger, me, now),
        _table(
            "Members",
            ("name", "health", "address", "since", "why"),
            (_member(view, me, now) for view in members[:ROWS_MAX]),
            len(members) - ROWS_MAX,
        ),
        _table(
            "Service groups",
            ("group", "members", "configuration", "served by"),
            (_group(view, ledger) for _, view in groups[:ROWS_MAX]),
            len(groups) - ROWS_MAX,
        ),
        _table(
            f"Services on {escape(me.name)}",
            ("service", "state", "pid", "since", "restarts", "why"),
            (_service(status, now) for status in board),
        ),
        _table("Latest events", ("ago", "what"), (_event(event, now) for event in events)),
        _table(
            f"Actors of {escape(me.name)}",
            ("actor", "state", "pid", "since", "restarts", ""),
            (_actor(row, now) for row in actors),
        ),
    )
    return f"<main>{''.join(parts)}</main>"


def _header(ledger: Ledger, me: Identity, now: float) -> str:
    healths = Counter(Health(view.health) for view in ledger.members.values())
    ring = ", ".join(f"{count} {health.word}" for health, count in sorted(healths.items()))
    started = ledger.roster.started
    return (
        f"<header><h1>{escape(me.name)}</h1><span>{ring or 'no census yet'}</span>"
        f'<span class="quiet"><code>{escape(me.address)}</code></span>'
        f'<span class="quiet"><code title="member id">{escape(me.id)}</code></span>'
        f'<span class="quiet">habactors {__version__}, up {_span(now, started)}</span></header>'
    )


def _table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], left_out: int = 0
) -> str:
    """A table of cells that are HTML; one without rows is left away."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return ""
    more = f'<p class="quiet">and {left_out} more</p>' if left_out > 0 else ""
    top = "".join(f"<th>{head}</th>" for head in heads)
    return (
        f'<h2>{title}</h2><div class="wide"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def _member(view: MemberView, me: Identity, now: float) -> tuple[str, ...]:
    own = ' <span class="quiet">(this node)</span>' if view.id == me.id else ""
    return (
        f'<span title="{escape(view.id)}">{escape(view.name)}</span>{own}',
        _state(Health(view.health).word),
        f"<code>{escape(view.address)}</code>",
        _span(now, view.since),
        escape(view.why),
    )


def _group(view: GroupView, ledger: Ledger) -> tuple[str, ...]:
    names = sorted(
        known.name if (known := ledger.members.get(member.member_id)) else member.member_id[:8]
        for member in view.members
    )
    alive = sum(member.health == Health.ALIVE for member in view.members)
    version = f"version {view.config_version}" if view.config_version else "as packaged"
    more = f" and {len(names) - ROWS_MAX} more" if len(names) > ROWS_MAX else ""
    return (
        escape(view.service_group),
        f"{alive} of {len(names)} alive",
        version,
        escape(", ".join(names[:ROWS_MAX])) + more,
    )


def _service(status: ServiceStatus, now: float) -> tuple[str, ...]:
    return (
        f'<span title="{escape(status.ident)}">{escape(status.service_group)}</span>',
        _state(status.state),
        str(status.pid or ""),
        _span(now, status.since),
        str(status.restarts),
        escape(status.blocked or status.restarted_because),
    )


def _actor(row: ActorRow, now: float) -> tuple[str, ...]:
    return (
        row.name,
        _state(row.state),
        str(row.pid),
        _span(now, row.since),
        str(row.restarts),
        "",
    )


def _event(event: Event, now: float) -> tuple[str, ...]:
    return _span(now, event.time), escape(event_line(event))


def _state(word: str) -> str:
    return f'<span class="dot {TONES.get(word, "")}">{escape(word)}</span>'


def _span(now: float, since: float) -> str:
    """How long ago, in one or two units; nothing when it never was."""
    if not since:
        return ""
    seconds = max(0, int(now - since))
    for name, length, smaller, part in (("d", 86_400, "h", 3600), ("h", 3600, "m", 60)):
        if seconds >= length:
            return f"{seconds // length} {name} {seconds % length // part} {smaller}"
    return f"{seconds // 60} m {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
