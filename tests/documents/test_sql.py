"""Tables of a real database: typed rows in, nothing out, no password shown."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kilde.documents.load import load
from kilde.documents.sources import Found, Source, expand, redacted
from kilde.errors import LoadError
from kilde.types import Document

URL = "sqlite:///data/shop.db"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data/shop.db")) as database, database:
        database.execute('create table prices (item text, price real, "På lager" int)')
        database.executemany(
            "insert into prices values (?, ?, ?)", [("Æbler", 1.5, 3), ("Pærer", 2.0, None)]
        )
        database.execute("create table empty (item text)")
        database.execute("create view cheap as select item from prices where price < 2")
    return tmp_path


def read(root: Path, location: str = URL, table: str = "", query: str = "") -> Document:
    (found,) = expand(Source("sql", location, "shop", table=table, query=query), root)
    assert isinstance(found, Found)
    (document,) = load(found)
    return document


def test_table(root: Path) -> None:
    document = read(root, table="prices")
    assert document.id == "sqlite:///data/shop.db#prices"
    assert document.title == "prices"
    assert document.collection == "shop"
    assert [dict(row.values) for row in document.rows] == [
        {"item": "Æbler", "price": 1.5, "På lager": 3},
        {"item": "Pærer", "price": 2, "På lager": None},
    ]
    assert document.text == "item: Æbler\nprice: 1.5\nPå lager: 3\n\nitem: Pærer\nprice: 2\n\n"


def test_view_and_query(root: Path) -> None:
    assert read(root, table="cheap").text == "item: Æbler\n\n"
    query = "-- a comment; with a semicolon\nSELECT item, ':x' AS mark FROM prices LIMIT 1;"
    assert read(root, query=query).text == "item: Æbler\nmark: :x\n\n"
    assert read(root, query="with t as (select 1 as n) select n from t").text == "n: 1\n\n"


def test_url_from_the_environment_shows_only_its_name(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB", URL)
    document = read(root, "env:SHOP_DB", table="prices")
    assert document.id == document.source == "env:SHOP_DB#prices"


@pytest.mark.parametrize(
    "query",
    [
        "delete from prices",
        "select 1; drop table prices",
        "with t as (delete from prices returning *) select * from t",
        "select * into copy from prices",
        "select 1 /*! into outfile '/tmp/x' */",
        "pragma writable_schema=1",
        "",
        "   ;",
    ],
)
def test_only_a_single_select_is_run(root: Path, query: str) -> None:
    with pytest.raises(LoadError):
        read(root, query=query)
    assert len(read(root, table="prices").rows) == 2


def test_the_database_file_is_opened_read_only(root: Path) -> None:
    from kilde.documents.sql import open_table

    with open_table(Source("sql", URL, table="prices"), root, "x") as table:
        assert len(list(table.rows)) == 2
    before = (root / "data/shop.db").stat().st_mtime_ns
    read(root, table="prices")
    assert (root / "data/shop.db").stat().st_mtime_ns == before
    assert sorted(path.name for path in (root / "data").iterdir()) == ["shop.db"]


@pytest.mark.parametrize(
    ("location", "table", "reason"),
    [
        (URL, "price", "prices"),
        (URL, "empty", "no rows"),
        ("sqlite:///data/none.db", "prices", "no database file"),
        ("env:KILDE_NO_SUCH_URL", "prices", "is not set"),
        ("nonsense", "prices", "no database URL"),
        ("nosuch://host/db", "prices", "pip install"),
        ("oracle+oracledb://host/db", "prices", 'pip install "oracledb"'),
    ],
)
def test_errors_say_what_to_do(root: Path, location: str, table: str, reason: str) -> None:
    with pytest.raises(LoadError) as caught:
        read(root, location, table=table)
    assert reason in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:hemmelig@host/db",
        "postgresql://anna:x@hemmelig@host/db",
        "postgresql://anna:x/hemmelig?@host/db",
        "mysql://anna@host/db?password=hemmelig",
        "mysql://anna@host/db?charset=utf8&PWD=hemmelig",
        "mssql+pyodbc:///?odbc_connect=SERVER%3Dx%3BPWD%3Dhemmelig",
    ],
)
def test_a_password_is_refused_and_never_repeated(root: Path, url: str) -> None:
    with pytest.raises(LoadError, match="env:DATABASE_URL") as caught:
        read(root, url, table="prices")
    assert "hemmelig" not in str(caught.value)


def test_a_file_that_is_no_database(root: Path) -> None:
    (root / "data/shop.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(LoadError, match="refused"):
        read(root, table="prices")


@pytest.mark.parametrize(
    "url",
    ["postgresql://anna@host/db?sslmode=require", "sqlite:////data/a@b:c.db", "env:DB", "x:y@z"],
)
def test_a_url_without_a_secret_is_its_own_name(url: str) -> None:
    assert redacted(url) == url
