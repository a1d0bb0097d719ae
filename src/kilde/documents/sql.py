"""A table or a query of any database that SQLAlchemy knows; rows are streamed, nothing is written.

Reading only is kept to in three ways: a query must be one SELECT, SQLite files are opened
read-only, and servers are asked for a read-only session where they have one.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy import table as named_table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from kilde.documents.content import Table
from kilde.documents.sources import Source, is_secret, redacted
from kilde.documents.tables import column_names, scalar
from kilde.errors import LoadError, NotFound

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine, Executable

_BATCH = 1000
_READ_ONLY = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
# The package to install where it is not called like the module.
_PACKAGES = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_CODE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*(?!!).*?\*/", re.DOTALL
)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|into|drop|alter|create|truncate|grant|revoke|attach|pragma|"
    r"call|exec|execute|copy)\b(?!\s*\()",
    re.IGNORECASE,
)


@contextmanager
def open_table(source: Source, root: Path, name: str) -> Iterator[Table]:
    """The table or query result of a source; its rows can be read once, inside the ``with``.

    ``name`` stands for the source in messages. Raises :class:`LoadError` for a wrong URL, a
    password in it, a missing driver, file or table, a query that is not one SELECT, and for
    everything the database refuses.
    """
    if source.query:
        _check_query(source.query, name)
    url = _url(source.location, name)
    engine = _engine(url, root, name)
    try:
        with engine.connect() as connection:
            _ask_read_only(connection)
            statement = _statement(connection, source, name)
            stream = connection.execution_options(stream_results=True, yield_per=_BATCH)
            result = stream.execute(statement)
            columns = column_names(result.keys())
            yield Table(columns, ([scalar(cell) for cell in row] for row in result))
    except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
        raise LoadError(
            name,
            f"the database refused ({_reason(error, url)})",
            hint="Check the address, the name of the table and what this user may read.",
        ) from error
    finally:
        engine.dispose()


def check(source: Source) -> None:
    """Raise :class:`LoadError` for a source that must not be kept or can never be read: a URL with
    a password in it, no URL at all, a query that is not one SELECT. Connects to nothing."""
    if source.query:
        _check_query(source.query, redacted(source.location))
    if source.location.startswith("env:"):
        _variable(source.location)
    else:
        _url(source.location, "database")


def _variable(location: str) -> str:
    """The name of the environment variable in ``env:NAME``; what else stands there may be secret,
    and is not repeated."""
    variable = location.removeprefix("env:")
    if not _VARIABLE.fullmatch(variable):
        raise LoadError(
            "env:…",
            "this is no name of an environment variable",
            hint="It looks like env:DATABASE_URL; the URL itself is the variable's value.",
        )
    return variable


def _url(location: str, name: str) -> URL:
    stored = location.startswith("env:")
    if stored:
        variable = _variable(location)
        location = os.environ.get(variable, "")
        if not location:
            raise LoadError(
                name,
                f"the environment variable {variable} is not set",
                hint=f"Set it first: export {variable}=postgresql://user:password@host/database",
            )
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        raise LoadError(
            name if stored else "database",
            "this is no database URL",
            hint="It looks like sqlite:///data.db or postgresql://user@host/database.",
        ) from error
    if not stored and (_secrets(url) or redacted(location) != location):
        raise LoadError(
            f"{url.drivername} database",
            "a URL with a password in it is not kept",
            hint="Put the URL into an environment variable, say DATABASE_URL, and name that: "
            "env:DATABASE_URL",
        )
    return url


def _engine(url: URL, root: Path, name: str) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url, root, name)
        return create_engine(url, poolclass=NullPool)
    except NoSuchModuleError as error:
        raise LoadError(
            name,
            f"no driver for {url.get_backend_name()!r} databases is installed",
            hint=f"Install its SQLAlchemy dialect: pip install sqlalchemy-{url.get_backend_name()}",
        ) from error
    except ModuleNotFoundError as error:
        module = error.name or url.get_driver_name()
        raise LoadError(
            name,
            f"the driver {module!r} is not installed",
            hint=f'Install it: pip install "{_PACKAGES.get(module, module)}"',
        ) from error


def _sqlite(url: URL, root: Path, name: str) -> Engine:
    """A read-only engine; a relative path is taken from the workspace."""
    path = root / (url.database or "")
    if not path.is_file():
        raise LoadError(
            name, f"there is no database file {path}", hint="Check the path; sqlite:///name.db"
        )
    address = f"file:{quote(path.resolve().as_posix())}?mode=ro"
    return create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, check_same_thread=False),
        poolclass=NullPool,
    )


def _ask_read_only(connection: Connection) -> None:
    statement = _READ_ONLY.get(connection.dialect.name)
    if statement:
        connection.execute(text(statement))
        connection.commit()  # it holds from the next transaction on


def _statement(connection: Connection, source: Source, name: str) -> Executable:
    if source.query:
        # A colon in a query is the query's own, not the mark of a parameter.
        return text(source.query.strip().rstrip(";").replace(":", r"\:"))
    schema, _, table = source.table.rpartition(".")
    inspector = inspect(connection)
    known = [
        *inspector.get_table_names(schema=schema or None),
        *inspector.get_view_names(schema=schema or None),
    ]
    if table not in known:
        raise LoadError(
            name,
            f"there is no table {source.table!r} in this database",
            hint=NotFound("table", table, known).hint,
        )
    return select(text("*")).select_from(named_table(table, schema=schema or None))


def _check_query(query: str, name: str) -> None:
    code = _NOT_CODE.sub(" ", query).strip().rstrip(";")
    first = code.split(None, 1)[0].lower() if code else ""
    if first not in ("select", "with") or ";" in code or _WRITES.search(code):
        raise LoadError(
            name,
            "the query must be a single SELECT (or WITH … SELECT) that only reads",
            hint="Make a view of it in the database and name that as the table.",
        )


def _reason(error: Exception, url: URL) -> str:
    detail = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = detail[0][:200] if detail else type(error).__name__
    for secret in _secrets(url):
        reason = reason.replace(secret, "***")
    return reason


def _secrets(url: URL) -> list[str]:
    values = [
        value
        for key, several in url.query.items()
        for value in ([several] if isinstance(several, str) else several)
        if value and is_secret(key, value)
    ]
    return [url.password, *values] if url.password else values
