"""Which owner had a text first, for millions of texts: memory stays flat, because the table is on disk."""

import sqlite3

from stepsmith.core.errors import StoreError


class FirstSeen:
    """Texts, each with the owner that claimed it first. They are gone after ``close``.

    SQLite keeps a temporary database in memory while it is small, and in a file without a name when it grows.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.executescript(
            "PRAGMA journal_mode = OFF; CREATE TABLE seen (text TEXT PRIMARY KEY, owner) WITHOUT ROWID"
        )

    def claim(self, text: str, owner: str) -> str:
        """Return the owner of ``text``: ``owner``, if nobody claimed it before.

        Raises ``StoreError`` when the disk with temporary files is full.
        """
        try:
            if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (text, owner)).rowcount:
                return owner
            return str(self._db.execute("SELECT owner FROM seen WHERE text = ?", (text,)).fetchone()[0])
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"a temporary file cannot be written ({error}); free some space in the folder of temporary files, or "
                "set SQLITE_TMPDIR to another folder, and run again"
            ) from None

    def close(self) -> None:
        """Forget everything."""
        self._db.close()
