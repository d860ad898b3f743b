"""What must survive?

The kept records of one role, in SQLite (WAL). Every record survives `kill -9` once written;
durable ones are on the disk before anything is said. A damaged file costs a warning: it is set
aside, what is whole in it goes into a new one, and the role learns that it lost something.

A damaged WAL looks to SQLite like one that ends earlier. So each write is numbered, and the number
of the latest is in a small file beside: who finds fewer writes in the database has lost some.
"""

import logging
import os
import sqlite3
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from habactors.roles.role import Keep

CHECK_BYTES = 4
FORMAT = 1
COUNT = ""
"""The key of the number of the latest write."""

COUNT_BYTES = 8

TRANSIENT = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
)
"""Errors that say nothing against the file."""

log = logging.getLogger(__name__)


class Store:
    """Records by key, in the file of one actor; only that actor opens it."""

    def __init__(self, path: Path, *, expected: bool = False) -> None:
        """`expected`: this node has run before, so a missing file counts as damage.

        Raises:
            sqlite3.OperationalError: the disk is full, or there are no descriptors left.
            OSError: the folder cannot be written.
        """
        self.path = path
        self.damaged = expected and not path.exists()
        self._records: dict[str, bytes] = {}
        for file in (path, path.with_suffix(".count")):
            if file.exists() and not file.is_file():
                self._set_aside(file, "it is no file")
        self._counter = _Counter(path.with_suffix(".count"))
        flaw = self._open()
        if flaw:
            self._start_afresh(flaw)
        self._count = int.from_bytes(self._records.pop(COUNT, b""), "big")
        if self._counter.damaged or self._count < self._counter.count:
            self.damaged = True
        if self.damaged:
            log.warning("%s lost some of its state and recovers it from the ring", path.stem)
            self.write([])

    def load(self) -> dict[str, bytes]:
        """All whole records, as they were when the store was opened."""
        return self._records

    def write(self, records: Iterable[Keep]) -> None:
        """Write all records, or none.

        Raises:
            sqlite3.OperationalError: a durable record did not reach the disk. Others may be lost
                with a warning: the disk may be full, and the node goes on.
        """
        records = list(records)
        durable = any(record.durable for record in records)
        try:
            self._write(records, durable=durable)
        except sqlite3.OperationalError as error:
            if durable:
                raise
            log.warning("%d records are not kept in %s (%s)", len(records), self.path, error)

    def close(self) -> None:
        self._base.close()
        self._counter.close()

    def _write(self, records: list[Keep], *, durable: bool) -> None:
        count = self._count + 1
        numbered = Keep(COUNT, count.to_bytes(COUNT_BYTES, "big"), durable)
        self._base.execute(f"pragma synchronous = {'full' if durable else 'normal'}")
        with self._base:
            self._base.execute("begin")
            for key, value, _ in (*records, numbered):
                if value is None:
                    self._base.execute("delete from record where key = ?", (key,))
                else:
                    self._base.execute(
                        "insert or replace into record values (?, ?)",
                        (key, _check(key.encode(), value) + value),
                    )
        self._count = count
        self._counter.write(count)

    def _open(self) -> str:
        """Open the file and take in its whole records; in words what is wrong with it."""
        emptied = self.path.exists() and self.path.stat().st_size == 0
        self.path.touch(0o600)
        self.path.chmod(0o600)
        self._base = sqlite3.connect(self.path, isolation_level=None)
        self._base.text_factory = bytes
        self._records = {}
        try:
            self._base.execute("pragma journal_mode = wal")
            verdict = self._base.execute("pragma quick_check(1)").fetchone()[0]
            if self._base.execute("pragma user_version").fetchone()[0] != FORMAT:
                self.damaged = self.damaged or emptied
                self._make_table()
            self._base.execute("delete from record where false")  # is it read-only by damage?
            is_whole = [self._take(*row) for row in self._base.execute("select * from record")]
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in TRANSIENT:  # the rest is detail
                raise
            return str(error)
        if verdict != b"ok":
            return str(verdict, errors="replace")
        return "" if all(is_whole) else "a record does not match its check"

    def _make_table(self) -> None:
        self._base.execute(
            "create table if not exists record (key text primary key, value blob) without rowid"
        )
        self._base.execute(f"pragma user_version = {FORMAT}")

    def _take(self, key: Any, value: Any) -> bool:
        """Take in a row if it is as it was written; damage may even have changed its types."""
        is_whole = (
            isinstance(key, bytes)
            and isinstance(value, bytes)
            and value[:CHECK_BYTES] == _check(key, value[CHECK_BYTES:])
        )
        if is_whole:
            self._records[key.decode()] = value[CHECK_BYTES:]
        return is_whole

    def _start_afresh(self, flaw: str) -> None:
        """With what was still whole."""
        self._base.close()
        self._set_aside(self.path, flaw)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        whole = self._records
        self._open()
        self._count = 0
        self.write(Keep(key, value, durable=True) for key, value in whole.items() if key)
        self._records = whole

    def _set_aside(self, path: Path, reason: str) -> None:
        """The latest damaged file is kept for those who want to look into it."""
        aside = path.with_name(path.name + ".damaged")
        log.warning("%s is damaged (%s) and was set aside as %s", path, reason, aside.name)
        path.replace(aside)
        self.damaged = True


class _Counter:
    """The number of the latest write, where damage to the database does not reach it."""

    def __init__(self, path: Path) -> None:
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if is_new:
            self.write(0)
        written = os.pread(self._file, COUNT_BYTES + CHECK_BYTES, 0)
        self.count = int.from_bytes(written[:COUNT_BYTES], "big")
        self.damaged = written[COUNT_BYTES:] != _check(b"", written[:COUNT_BYTES])

    def write(self, count: int) -> None:
        self.count = count
        written = count.to_bytes(COUNT_BYTES, "big")
        os.pwrite(self._file, written + _check(b"", written), 0)

    def close(self) -> None:
        os.close(self._file)


def _check(key: bytes, value: bytes) -> bytes:
    return zlib.crc32(value, zlib.crc32(key)).to_bytes(CHECK_BYTES, "big")
