"""How are numbers written down for Prometheus?

Its text format 0.0.4, which every scraper reads:
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Sequence

ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
ESCAPES_IN_LABELS = ESCAPES | str.maketrans({'"': r"\""})


class Family:
    """A metric: what it is, and a number for each combination of the values of its labels."""

    KIND = ""

    def __init__(self, name: str, explanation: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self._explanation = explanation
        self._labels = labels
        self._samples: list[tuple[Sequence[str], float]] = []

    def add(self, values: Sequence[str], number: float) -> None:
        """The number at these values, one for each label."""
        self._samples.append((values, number))

    def __str__(self) -> str:
        lines = [
            f"# HELP {self.name} {self._explanation.translate(ESCAPES)}",
            f"# TYPE {self.name} {self.KIND}",
            *(
                f"{self.name}{self._at(values)} {float(number)}"
                for values, number in self._samples
            ),
        ]
        return "\n".join(lines) + "\n"

    def _at(self, values: Sequence[str]) -> str:
        named = zip(self._labels, values, strict=True)
        pairs = [f'{name}="{value.translate(ESCAPES_IN_LABELS)}"' for name, value in named]
        return f"{{{','.join(pairs)}}}" if pairs else ""


class Counted(Family):
    """What only grows; by convention its name ends with `_total`."""

    KIND = "counter"

    def __init__(self, name: str, explanation: str, labels: Sequence[str] = ()) -> None:
        super().__init__(f"{name}_total", explanation, labels)


class Gauge(Family):
    """What goes up and down."""

    KIND = "gauge"


def exposed(families: Iterable[Family]) -> bytes:
    """All of them as Prometheus reads them."""
    return "".join(map(str, families)).encode()
