"""The translations store: what was translated once is never translated again.

One SQLite file. Each chunk is one transaction, so that a killed run loses at most the chunk that it
was at, and other processes may read meanwhile.
"""

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from ccnlp.errors import TranslationError

SCHEMA_VERSION = 1
SECONDS_TO_WAIT_FOR_A_LOCK = 60.0
SECONDS_BETWEEN_TRIES = 0.01
VARIABLES_PER_QUERY = 500

SCHEMA = """
CREATE TABLE directions (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL, target TEXT NOT NULL,
    engine TEXT NOT NULL, revision TEXT NOT NULL, decoding TEXT NOT NULL,
    UNIQUE (source, target, engine, revision, decoding)
);
CREATE TABLE translations (
    direction INTEGER NOT NULL REFERENCES directions (id),
    text_hash BLOB NOT NULL,
    translation TEXT NOT NULL,
    PRIMARY KEY (direction, text_hash)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Direction:
    """Everything beside the text that a translation depends on."""

    source: str
    target: str
    engine: str
    revision: str
    decoding: str


class TranslationStore:
    """Translations by text and direction. Safe to use from several threads and processes.

    Args:
        path: of the SQLite file; made by the first access.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def look_up(self, texts: Iterable[str], direction: Direction) -> dict[str, str]:
        """The stored translations by text; texts that have none are left out.

        Raises:
            TranslationError: the file can't be read.
        """
        by_hash = {_hash(text): text for text in texts}
        translations: dict[str, str] = {}
        with self._connection() as connection:
            for hashes in _batches(list(by_hash)):
                placeholders = ",".join("?" * len(hashes))
                rows = connection.execute(
                    "SELECT text_hash, translation FROM translations WHERE direction = ("
                    "SELECT id FROM directions WHERE (source, target, engine, revision, decoding)"
                    f" = (?, ?, ?, ?, ?)) AND text_hash IN ({placeholders})",
                    (*astuple(direction), *hashes),
                )
                translations |= {by_hash[text_hash]: translation for text_hash, translation in rows}
        return translations

    def add(self, translations: Mapping[str, str], direction: Direction) -> None:
        """Stores translations by text, all or none of them.

        Raises:
            TranslationError: the file can't be written.
        """
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR IGNORE INTO directions (source, target, engine, revision, decoding) "
                "VALUES (?, ?, ?, ?, ?)",
                astuple(direction),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO translations SELECT id, ?, ? FROM directions WHERE "
                "(source, target, engine, revision, decoding) = (?, ?, ?, ?, ?)",
                (
                    (_hash(text), translation, *astuple(direction))
                    for text, translation in translations.items()
                ),
            )
            connection.execute("COMMIT")

    def __len__(self) -> int:
        with self._connection() as connection:
            (count,) = connection.execute("SELECT count(*) FROM translations").fetchone()
        return int(count)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one access: it outlives no thread and no fork."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=SECONDS_TO_WAIT_FOR_A_LOCK, isolation_level=None
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._prepare(connection)
            yield connection
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        finally:
            connection.close()  # rolls back what was not committed

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            _write_ahead(connection)
            connection.execute("BEGIN EXCLUSIVE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                version = SCHEMA_VERSION
            connection.execute("COMMIT")
        if version != SCHEMA_VERSION:
            raise TranslationError(
                f"{self.path} has schema {version}, and this version of ccnlp reads schema "
                f"{SCHEMA_VERSION}; move the file away to translate again"
            )
        connection.execute("PRAGMA synchronous = NORMAL")

    def _unusable(self, error: Exception) -> TranslationError:
        return TranslationError(
            f"the translations store {self.path} can't be used ({error}); mend the permission or "
            "free space, or move the file away to translate again"
        )


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Keeps a log of what is written, beside which others may read.

    SQLite refuses at once to begin one while another process writes, where it waits elsewhere.
    """
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_A_LOCK
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(SECONDS_BETWEEN_TRIES)
        else:
            return


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _batches(hashes: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(hashes), VARIABLES_PER_QUERY):
        yield hashes[start : start + VARIABLES_PER_QUERY]
