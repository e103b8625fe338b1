"""The SQLite file of one cloud's mail: one connection, one lock, transactions that nest."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Row = sqlite3.Row
_CACHE_KIBIBYTES = 32_768


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL that is true or false of a row, with the values of its parameters."""

    sql: str = "1"
    values: tuple[Any, ...] = ()

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.sql}) AND ({other.sql})", self.values + other.values)


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a listing are wanted, and in which order (SQL, never text from outside)."""

    order: str
    skip: int = 0
    top: int = 10

    def with_one_more(self) -> "Page":
        """Return this page with one row more, which tells whether another page follows."""
        return Page(self.order, self.skip, self.top + 1)


class Watcher(Protocol):
    """What is told how each transaction goes: three times inside the lock, and once when others may go on."""

    def before_commit(self) -> None: ...
    def after_commit(self) -> None: ...
    def after_rollback(self) -> None: ...
    def after_release(self) -> None: ...


class Database:
    """Run SQL from any thread; whoever holds a transaction keeps the others waiting."""

    def __init__(self, path: Path, schema: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._watchers: list[Watcher] = []
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        self._schema = schema
        self._bring_up_to_date()

    def add_function(self, name: str, arguments: int, function: Callable[..., Any]) -> None:
        """Make a Python function callable from SQL."""
        self._connection.create_function(name, arguments, function, deterministic=True)

    def watch(self, watcher: Watcher) -> None:
        """Tell this watcher how each transaction goes from now on."""
        self._watchers.append(watcher)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside happen together or not at all."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if outermost:
                    self._commit()
            except BaseException:
                if outermost:
                    self._roll_back()
                raise
            finally:
                self._depth -= 1
        if outermost:
            for watcher in self._watchers:
                watcher.after_release()

    def _commit(self) -> None:
        for watcher in self._watchers:
            watcher.before_commit()
        self._connection.execute("COMMIT")
        for watcher in self._watchers:
            watcher.after_commit()

    def _roll_back(self) -> None:
        self._connection.execute("ROLLBACK")
        for watcher in self._watchers:
            watcher.after_rollback()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return every row of a query."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def find_row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row of a query, or None."""
        with self._lock:
            row: Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def number(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Return the one number that a query gives."""
        row = self.find_row(sql, values)
        return int(row[0]) if row else 0

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run one statement."""
        with self._lock:
            self._connection.execute(sql, values)

    def insert(self, table: str, columns: Mapping[str, Any]) -> int:
        """Add a row and return its key."""
        names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
        with self._lock:
            cursor = self._connection.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names are ours
                tuple(columns.values()),
            )
            return int(cursor.lastrowid or 0)

    def update(self, table: str, key: int, columns: Mapping[str, Any]) -> None:
        """Change columns of the row with this key."""
        changes = ", ".join(f'"{name}" = ?' for name in columns)
        self.execute(f"UPDATE {table} SET {changes} WHERE key = ?", (*columns.values(), key))  # noqa: S608 - as above

    def empty(self, tables: Iterable[str]) -> None:
        """Delete every row of these tables, past their triggers, with which SQLite would go row by row."""
        with self.transaction():
            triggers = self.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            for trigger in triggers:
                self.execute(f"DROP TRIGGER {trigger['name']}")
            for table in tables:
                self.execute(f"DELETE FROM {table}")  # noqa: S608 - names are ours
            for trigger in triggers:
                self.execute(trigger["sql"])

    @property
    def change_count(self) -> int:
        """How many rows were inserted, changed and deleted since the file was opened."""
        with self._lock:
            return self._connection.total_changes

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others waiting, without a transaction."""
        with self._lock:
            yield

    def copy_to(self, path: Path) -> None:
        """Write everything into another file, which must not be there yet."""
        with self._lock, closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    def copy_from(self, path: Path) -> None:
        """Put what another file holds in the place of everything; not inside a transaction."""
        with self._lock, closing(sqlite3.connect(path)) as copy:
            copy.backup(self._connection)
            self._bring_up_to_date()

    def close(self) -> None:
        """Close the file; nothing can be asked any more."""
        with self._lock:
            self._connection.close()

    def _bring_up_to_date(self) -> None:
        """Add what a file written by an earlier version lacks: columns with their defaults, tables, triggers."""
        with closing(sqlite3.connect(":memory:")) as model:
            model.executescript(self._schema)
            for table in _list_tables(self._connection) & _list_tables(model):
                there = {name for name, *_ in _list_columns(self._connection, table)}
                for name, kind, is_required, default in _list_columns(model, table):
                    if name not in there:
                        self._connection.execute(
                            f"ALTER TABLE {table} ADD COLUMN {name} {kind}"
                            + (" NOT NULL" if is_required else "")
                            + (f" DEFAULT {default}" if default is not None else "")
                        )
        self._connection.executescript(self._schema)


def _list_tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _list_columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str, int, str | None]]:
    columns = 'SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?)'
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(columns, (table,))]
