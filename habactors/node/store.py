"""What must survive?

The kept records of one role, in SQLite (WAL). Every record survives `kill -9` once written;
durable ones are on the disk before anything is said. A damaged file costs a warning: it is set
aside, and the role learns that it lost something.
"""

import logging
import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path

from habactors.roles.role import Keep

CHECK_BYTES = 4
FORMAT = 1

log = logging.getLogger(__name__)


class Store:
    """Records by key, in the file of one actor; only that actor opens it."""

    def __init__(self, path: Path, *, expected: bool = False) -> None:
        """`expected`: this node has run before, so a missing file counts as damage."""
        self.path = path
        self.damaged = expected and not path.exists()
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._set_aside(str(error))
            self._open()
        if self.damaged:
            log.warning("state of %s was lost, recovering from the ring", path.stem)

    def load(self) -> dict[str, bytes]:
        """All whole records; broken ones are dropped and counted as damage."""
        try:
            rows = list(self._base.execute("select key, value from record"))
        except sqlite3.DatabaseError as error:
            self._set_aside(str(error))
            self._open()
            return {}
        kept = {}
        for key, value in rows:
            if _check(key, value[CHECK_BYTES:]) == value[:CHECK_BYTES]:
                kept[key] = value[CHECK_BYTES:]
            else:
                self.damaged = True
                log.warning("record %s in %s is damaged and was dropped", key, self.path)
        return kept

    def write(self, records: Iterable[Keep]) -> None:
        """Write all records, or none."""
        records = list(records)
        durable = any(record.durable for record in records)
        self._base.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
        with self._base:
            self._base.execute("begin")
            for key, value, _ in records:
                if value is None:
                    self._base.execute("delete from record where key = ?", (key,))
                else:
                    self._base.execute(
                        "insert or replace into record values (?, ?)",
                        (key, _check(key, value) + value),
                    )

    def close(self) -> None:
        self._base.close()

    def _open(self) -> None:
        emptied = self.path.exists() and self.path.stat().st_size == 0
        self._base = sqlite3.connect(self.path, isolation_level=None)
        self.path.chmod(0o600)
        self._base.execute("pragma journal_mode = wal")
        verdict = self._base.execute("pragma quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        if self._base.execute("pragma user_version").fetchone()[0] != FORMAT:
            self.damaged = self.damaged or emptied
            self._base.execute(
                "create table if not exists record"
                " (key text primary key, value blob) without rowid"
            )
            self._base.execute(f"pragma user_version = {FORMAT}")

    def _set_aside(self, reason: str) -> None:
        aside = self.path.with_suffix(".damaged")
        log.warning("%s is damaged (%s) and was set aside as %s", self.path, reason, aside.name)
        self._base.close()
        self.path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.damaged = True


def _check(key: str, value: bytes) -> bytes:
    return zlib.crc32(value, zlib.crc32(key.encode())).to_bytes(CHECK_BYTES, "big")
