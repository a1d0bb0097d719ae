"""Answers come back as they were given, and so does what people thought of them."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests import disks

from kilde.errors import NotFound, StoreError
from kilde.records import Records
from kilde.records.answer_json import dump_answer, read_answer
from kilde.types import (
    Answer,
    Citation,
    Claim,
    DocumentRef,
    Feedback,
    Hit,
    Message,
    Passage,
    Trace,
    Usage,
)

_REF = DocumentRef("d", "Tider 😀", "docs/a.md", "health", "da", "abc")
_PASSAGE = Passage(
    "p", "d", 0, "row", "pris: 465", 3, 12, page=2, heading_path="A > B", language="da",
    metadata={"pris": 465, "fra": date(2026, 5, 1), "åben": True, "note": None, "vægt": 0.5},
)  # fmt: skip
_CITATION = Citation(_REF, "p", 3, 12, "pris: 465", 2, "A > B", 0.75, recognized=True)
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

UP = Feedback("f1", "a1", "health", "up", "", datetime(2026, 5, 2, tzinfo=UTC))
DOWN = Feedback("f2", "a1", "health", "down", "Prisen er 465 kr.", UP.at + timedelta(hours=1))


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records.db")


def test_an_answer_that_was_kept_before_ocr_is_read() -> None:
    kept = json.loads(dump_answer(ANSWER))
    for citation in [*kept["citations"], *kept["claims"][0]["citations"]]:
        del citation["recognized"]
    for hit in kept["trace"]["hits"]:
        del hit["passage"]["recognized"]
    (citation,) = read_answer(json.dumps(kept)).citations
    assert citation == replace(_CITATION, recognized=False)


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


def test_all_answers_to_a_question(records: Records) -> None:
    for name, more in {
        "a1": {},
        "a2": {"at": ANSWER.at + timedelta(days=1)},
        "a3": {"agent": "site"},
        "a4": {"question": "Hvad?"},
    }.items():
        records.save(replace(ANSWER, id=name, **more))
    found = records.given("health", f" {ANSWER.question}\n")
    assert [answer.id for answer in found] == ["a2", "a1"]
    assert records.given("health", "Hvor?") == []


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
        lambda: Records(broken).add_feedback(UP),
        lambda: Records(broken).feedback(),
        lambda: Records(broken).judged(),
        lambda: Records(broken).given("health", "?"),
        lambda: Records(broken / "x.db").save(ANSWER),
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


def test_an_answer_is_found_by_the_beginning_of_its_id(records: Records) -> None:
    with pytest.raises(NotFound):
        records.find("last")
    names = ["1a2b3c4d" + "0" * 24, "1a2b3c9d" + "0" * 24]
    for number, name in enumerate(names):
        records.save(replace(ANSWER, id=name, at=ANSWER.at + timedelta(days=number)))
    assert records.find("1a2b3c4d").id == names[0]
    assert records.find("1A2B3C4").id == names[0]
    assert records.find(names[1]).id == names[1]
    assert records.find("last").id == names[1]
    with pytest.raises(NotFound, match="more digits") as several:
        records.find("1a2b3c")
    assert names[0] in several.value.hint and names[1] in several.value.hint
    for unknown in ("1a2b3", "ffffffff", "%", "1a2b3c%", ""):
        with pytest.raises(NotFound, match="1a2b3c9d0"):
            records.find(unknown)


def test_feedback_comes_back_newest_first_and_by_agent(records: Records) -> None:
    records.save(ANSWER)
    records.save(replace(ANSWER, id="a2", agent="site"))
    other = replace(UP, id="f3", answer_id="a2", agent="site")
    for feedback in (DOWN, UP, other):
        records.add_feedback(feedback)
    assert records.feedback() == [DOWN, other, UP]  # what came last within one moment is newer
    assert records.feedback(agent="health") == [DOWN, UP]
    assert records.feedback(agent="nobody") == []


def test_a_later_rating_of_an_answer_takes_the_place_of_the_earlier(records: Records) -> None:
    records.save(ANSWER)
    records.save(replace(ANSWER, id="a2"))
    records.add_feedback(UP)
    assert records.judged() == [(UP, ANSWER)]
    records.add_feedback(DOWN)
    assert records.judged() == [(DOWN, ANSWER)]
    again = replace(UP, id="f3", at=DOWN.at)
    records.add_feedback(again)
    assert records.judged() == [(again, ANSWER)]
    assert len(records.feedback()) == 3
    assert records.judged(agent="site") == []


def test_feedback_on_an_answer_that_is_not_kept(records: Records) -> None:
    with pytest.raises(NotFound):
        records.add_feedback(UP)
    assert records.feedback() == []


def test_feedback_is_forgotten_with_its_answer(records: Records) -> None:
    records.save(ANSWER)
    records.save(replace(ANSWER, id="a2", at=ANSWER.at + timedelta(days=1)))
    kept = replace(UP, id="f2", answer_id="a2")
    records.add_feedback(UP)
    records.add_feedback(kept)
    assert records.forget(before=ANSWER.at + timedelta(hours=1)) == 1
    assert records.feedback() == [kept]


def test_a_database_of_before_gains_the_table(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    records = Records(path)
    records.save(ANSWER)
    records.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE feedback")
    connection.close()
    newer = Records(path)
    newer.add_feedback(UP)
    assert newer.judged() == [(UP, ANSWER)]
    newer.close()


def killed_writer(path: Path) -> None:
    """Rate an answer, and die with the rating still in the log beside the database."""
    records = Records(path)
    records.save(ANSWER)
    records.add_feedback(UP)
    os._exit(1)


def written(path: Path, *, killed: bool) -> None:
    if killed:
        process = multiprocessing.get_context("spawn").Process(target=killed_writer, args=(path,))
        process.start()
        process.join()
        assert path.with_name("records.db-wal").stat().st_size
    else:
        records = Records(path)
        records.save(ANSWER)
        records.add_feedback(UP)
        records.close()


@pytest.mark.parametrize("killed", [False, True])
def test_reading_on_a_read_only_disk(tmp_path: Path, killed: bool) -> None:
    with disks.mounted(tmp_path / "disk") as disk:
        path = disk.folder / "records.db"
        written(path, killed=killed)
        records = Records(path)
        with disk.read_only():
            assert records.judged() == [(UP, ANSWER)]
            assert records.find("last") == ANSWER
            with pytest.raises(StoreError) as caught:
                records.add_feedback(DOWN)
            assert "writable" in caught.value.hint
        records.add_feedback(DOWN)
        assert records.feedback() == [DOWN, UP]
        records.close()


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("free", [0, 4_096, 16_384, 36_864])
def test_reading_on_a_full_disk(tmp_path: Path, free: int, killed: bool) -> None:
    long = replace(DOWN, correction="x" * 50_000)
    with disks.mounted(tmp_path / "disk") as disk:
        path = disk.folder / "records.db"
        written(path, killed=killed)
        records = Records(path)
        with disk.full(free):
            assert records.feedback() == [UP]
            with pytest.raises(StoreError) as caught:
                records.add_feedback(long)
            assert "Make room" in caught.value.hint
        records.add_feedback(long)
        assert records.feedback() == [long, UP]
        records.close()


def test_nothing_is_there_on_a_read_only_disk(tmp_path: Path) -> None:
    with disks.mounted(tmp_path / "disk") as disk, disk.read_only():
        records = Records(disk.folder / ".kilde" / "records.db")
        assert (records.feedback(), records.latest(), records.judged()) == ([], [], [])
        with pytest.raises(StoreError) as caught:
            records.save(ANSWER)
        assert "writable" in caught.value.hint


@pytest.mark.parametrize("body", ["{", "[]", '{"id": "a1"}'])
def test_a_damaged_answer_is_a_damaged_file(tmp_path: Path, body: str) -> None:
    path = tmp_path / "records.db"
    written(path, killed=False)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE answers SET body = ?", [body])
    connection.close()
    records = Records(path)
    for action in (lambda: records.get("a1"), records.latest, records.judged):
        with pytest.raises(StoreError, match="cannot be read") as caught:
            action()
        assert "damaged" in caught.value.hint
    records.close()


def test_a_damaged_page_names_the_damage_and_a_new_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    written(path, killed=False)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Records(path).feedback()
    assert "Move it away" in caught.value.hint
    path.rename(tmp_path / "away.db")
    records = Records(path)
    assert records.feedback() == []
    records.save(ANSWER)
    assert records.latest() == [ANSWER]
    records.close()


def test_half_characters_lose_no_answer_and_no_feedback(records: Records) -> None:
    question = "Hvad er\ud800 pri\x00sen?"
    records.save(replace(ANSWER, question=question, agent="health\udcff"))
    assert [answer.id for answer in records.given("health", question)] == ["a1"]
    assert [answer.id for answer in records.latest(agent="health\udcff")] == ["a1"]
    records.add_feedback(replace(DOWN, correction="465\ud83d kr.\x00"))
    assert records.feedback()[0].correction == "465 kr."
    with pytest.raises(NotFound):
        records.get("a\ud800b")
