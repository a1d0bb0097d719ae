"""Answers come back as they were given."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kilde.errors import NotFound, StoreError
from kilde.records import Records
from kilde.types import Answer, Citation, Claim, DocumentRef, Hit, Message, Passage, Trace, Usage

_REF = DocumentRef("d", "Tider 😀", "docs/a.md", "health", "da", "abc")
_PASSAGE = Passage(
    "p", "d", 0, "row", "pris: 465", 3, 12, page=2, heading_path="A > B", language="da",
    metadata={"pris": 465, "fra": date(2026, 5, 1), "åben": True, "note": None, "vægt": 0.5},
)  # fmt: skip
_CITATION = Citation(_REF, "p", 3, 12, "pris: 465", 2, "A > B", 0.75)
_HIT = Hit(_PASSAGE, _REF, 0.9, lexical=3.5, dense=None)
_TRACE = Trace(
    hits=(_HIT,),
    summaries=(),
    arm="rag",
    model="quotes",
    adapter=None,
    store_version=7,
    search_text="pris",
    language="da",
    messages=(Message("system", "x"), Message("user", "y")),
    prompt_hash="h",
    raw_text="pris: 465",
    usage=Usage(3, 4),
    timings={"search": 0.01},
    notes=("n",),
)
ANSWER = Answer(
    id="a1",
    agent="health",
    question="Hvad er prisen?",
    text="pris: 465",
    claims=(Claim("pris: 465", 0, 9, True, (_CITATION,)), Claim("x", 9, 10, False, (), "nothing")),
    citations=(_CITATION,),
    abstained=False,
    nearest=(_REF,),
    trace=_TRACE,
    at=datetime(2026, 5, 1, 12, 30, 15, 123456, tzinfo=UTC),
)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records.db")


def test_an_answer_comes_back_whole(records: Records) -> None:
    records.save(ANSWER)
    assert records.get("a1") == ANSWER
    records.close()
    assert records.get("a1") == ANSWER


def test_the_newest_come_first_and_by_agent(records: Records) -> None:
    for number in range(5):
        records.save(
            replace(
                ANSWER,
                id=f"a{number}",
                agent="even" if number % 2 == 0 else "odd",
                at=ANSWER.at + timedelta(minutes=number),
            )
        )
    assert [answer.id for answer in records.latest(2)] == ["a4", "a3"]
    assert [answer.id for answer in records.latest(agent="odd")] == ["a3", "a1"]


def test_forgetting(records: Records) -> None:
    records.save(ANSWER)
    records.save(replace(ANSWER, id="a2", at=ANSWER.at + timedelta(days=1)))
    assert records.forget(before=ANSWER.at + timedelta(hours=1)) == 1
    assert [answer.id for answer in records.latest()] == ["a2"]
    with pytest.raises(NotFound):
        records.get("a1")


def test_forgetting_in_another_time_zone(records: Records) -> None:
    from datetime import timezone

    records.save(ANSWER)  # 12:30 in UTC
    east = timezone(timedelta(hours=5))
    assert records.forget(before=datetime(2026, 5, 1, 15, 0, tzinfo=east)) == 0  # 10:00 in UTC
    assert records.forget(before=datetime(2026, 5, 1, 18, 0, tzinfo=east)) == 1  # 13:00 in UTC


def test_a_database_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database, but long enough to be read as one" * 20)
    for action in (
        lambda: Records(broken).save(ANSWER),
        lambda: Records(broken).get("a1"),
        lambda: Records(broken).latest(),
        lambda: Records(broken).forget(before=ANSWER.at),
        lambda: Records(tmp_path / "none" / "x.db").save(ANSWER),
    ):
        with pytest.raises(StoreError) as caught:
            action()
        assert caught.value.hint


def test_several_threads_write_at_once(records: Records) -> None:
    def write(name: str) -> None:
        for number in range(10):
            records.save(replace(ANSWER, id=f"{name}{number}"))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(records.latest(100)) == 40


def test_closing_twice(records: Records) -> None:
    records.close()
    records.save(ANSWER)
    records.close()
    records.close()
