"""What does an imagined host still know after a crash?"""

from habactors.roles.role import Keep


class Store:
    """The kept records of one actor.

    A durable record takes all earlier ones to the disk with it, like the log of a database.
    """

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        self._before: dict[str, bytes | None] = {}

    def keep(self, record: Keep) -> None:
        """Write or delete a record."""
        if record.durable:
            self._before.clear()
        else:
            self._before.setdefault(record.key, self.records.get(record.key))
        self._write(record.key, record.value)

    def lose_power(self) -> None:
        """Lose what has not reached the disk."""
        for key, value in self._before.items():
            self._write(key, value)
        self._before.clear()

    def _write(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.records.pop(key, None)
        else:
            self.records[key] = value
