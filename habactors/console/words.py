"""How do people read numbers?"""

from datetime import datetime

UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
HEALTH_STYLES = {
    "alive": "green",
    "suspect": "yellow",
    "confirmed": "red",
    "departed": "bright_black",
}
STATE_STYLES = {
    "up": "green",
    "running": "green",
    "down": "bright_black",
    "stopped": "bright_black",
    "backoff": "red",
    "parked": "red",
}
"""Every other state is on its way to one of these."""

ON_THE_WAY = "yellow"
ID_SHOWN = 8


def age(seconds: float | None) -> str:
    """A span in its largest unit, such as "3 m"."""
    if seconds is None:
        return "-"
    for length, unit in UNITS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "now"


def size(count: float) -> str:
    """Bytes, such as "3.2 MB"."""
    if not count:
        return "-"
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.1f} {unit}" if unit == "MB" else f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def clock(time: float) -> str:
    """The time of day here."""
    return datetime.fromtimestamp(time).astimezone().strftime("%H:%M:%S")


def short(member_id: str) -> str:
    """Enough of a member's id to tell it from the others."""
    return member_id[:ID_SHOWN]


def health_style(health: str) -> str:
    """The colour of a member."""
    return HEALTH_STYLES.get(health, "")


def state_style(state: str) -> str:
    """The colour of a service or an actor."""
    return STATE_STYLES.get(state, ON_THE_WAY)


def event_line(event: dict[str, str]) -> str:
    """What happened, as a sentence without the time."""
    change = f"{event['from']} → {event['to']}" if event["from"] else event["to"]
    why = f" ({event['why']})" if event["why"] else ""
    return f"{event['kind']} {event['name'] or event['subject']}: {change}{why}"
