"""Rows are read from the files that people have, and all that is wrong with them is told."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilde.agents.phrases import abstention
from kilde.errors import ConfigError
from kilde.tuning.data.formats import read_file, read_rows
from kilde.tuning.data.rows import METHODS, Lineage, Method, Row, to_jsonl
from kilde.types import Message

Q, A = "When do you open?", "We open at eight."
USER, SAID = {"role": "user", "content": Q}, {"role": "assistant", "content": A}
SYSTEM = {"role": "system", "content": "Be brief."}
MORE = {"role": "user", "content": "And on Sundays?"}
CLOSED = {"role": "assistant", "content": "We are closed."}
ASKED = (Message("user", Q),)
LONGER = (*ASKED, Message("assistant", A), Message("user", "And on Sundays?"))
TALK = {"conversations": [{"from": "human", "value": Q}, {"from": "gpt", "value": A}]}


def written(folder: Path, *objects: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in objects), encoding="utf-8")
    return path


def faults(path: Path, method: Method | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_rows(path, method)
    return [fault.removeprefix(path.as_posix() + ":").strip() for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("found", "method", "prompt", "answer", "rejected", "good"),
    [
        ({"messages": [USER, SAID]}, "sft", ASKED, A, "", True),
        (
            {"messages": [SYSTEM, USER, SAID, MORE, CLOSED]},
            "sft", LONGER, "We are closed.", "", True,
        ),
        (TALK, "sft", ASKED, A, "", True),
        ({"instruction": Q, "input": "", "output": A}, "sft", ASKED, A, "", True),
        ({"prompt": Q, "completion": A}, "sft", ASKED, A, "", True),
        ({"prompt": Q, "chosen": A, "rejected": "No."}, "dpo", ASKED, A, "No.", True),
        (
            {"prompt": [USER], "chosen": [SAID], "rejected": [CLOSED]},
            "dpo", ASKED, A, "We are closed.", True,
        ),
        (
            {"prompt": Q, "chosen": [USER, SAID], "rejected": [USER, CLOSED]},
            "dpo", ASKED, A, "We are closed.", True,
        ),
        (
            {"chosen": [USER, SAID], "rejected": [USER, CLOSED]},
            "dpo", ASKED, A, "We are closed.", True,
        ),
        ({"prompt": Q, "completion": A, "label": True}, "kto", ASKED, A, "", True),
        ({"prompt": [USER], "completion": [SAID], "label": False}, "kto", ASKED, A, "", False),
        (
            {"prompt": [USER, SAID, MORE], "completion": "We are closed.", "label": 1},
            "kto", LONGER, "We are closed.", "", True,
        ),
    ],
)  # fmt: skip
def test_forms(
    tmp_path: Path,
    found: dict[str, Any],
    method: Method,
    prompt: tuple[Message, ...],
    answer: str,
    rejected: str,
    good: bool,
) -> None:
    path = written(tmp_path, found)
    expected = Row(
        method, prompt, answer, rejected, good,
        language="en", lineage=Lineage(file=path.as_posix(), line=1),
    )  # fmt: skip
    assert read_rows(path) == [expected]
    assert read_rows(path, method) == [expected]


def test_alpaca_with_input_and_parts_of_text(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"instruction": "Translate.", "input": "åben", "output": "open"},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": Q}]}, SAID]},
    )
    rows = read_rows(path)
    assert rows[0].question == "Translate.\n\nåben"
    assert rows[1].question == Q


def test_what_stands_beside_a_form(tmp_path: Path) -> None:
    more = {"documents": ["a.md", "b.md"], "language": "da-DK", "declines": True}
    path = written(
        tmp_path,
        {"messages": [USER, SAID], **more},
        {"messages": [USER, SAID], "language": "und", "documents": "a.md", "declines": None},
        {"messages": [{"role": "user", "content": "Hvornår har I åbent?"}, SAID], "weight": 1},
        {"messages": [{"role": "user", "content": "1?"}, {"role": "assistant", "content": "2"}]},
    )
    rows = read_rows(path)
    assert rows[0].lineage == Lineage(("a.md", "b.md"), file=path.as_posix(), line=1)
    assert [row.language for row in rows[:2]] == ["da", "en"]
    assert rows[3].language == "und"
    assert [row.declines for row in rows] == [True, False, False, False]
    assert rows[1].lineage.documents == ("a.md",)


@pytest.mark.parametrize(
    ("given", "language"), [("nb", "no"), ("nn-NO", "no"), ("NB", "no"), ("da_DK", "da")]
)
def test_languages_are_named_as_everywhere(tmp_path: Path, given: str, language: str) -> None:
    path = written(tmp_path, {"messages": [USER, SAID], "language": given})
    assert read_rows(path)[0].language == language


def test_an_answer_that_declines_is_known_as_such(tmp_path: Path) -> None:
    no = abstention("da", ())
    danish = {"prompt": "Hvad koster en helikopter?", "completion": no, "language": "da"}
    path = written(tmp_path, danish, {**danish, "declines": False}, {**danish, "completion": A})
    assert [row.declines for row in read_rows(path)] == [True, False, False]
    thumbs = [{**danish, "label": True}, {**danish, "label": False}]
    assert [row.declines for row in read_rows(written(tmp_path, *thumbs))] == [True, False]
    pair = {"prompt": Q, "chosen": A, "rejected": no, "language": "en"}
    other = {**pair, "chosen": abstention("en", ()), "rejected": A}
    assert [row.declines for row in read_rows(written(tmp_path, pair, other))] == [False, True]


@pytest.mark.parametrize("value", ["null", "NaN"])
@pytest.mark.parametrize("name", ["label", "chosen", "rejected"])
def test_an_answer_whose_judgement_is_missing_is_not_imitated(
    tmp_path: Path, name: str, value: str
) -> None:
    path = tmp_path / "rows.jsonl"
    row = json.dumps({"prompt": Q, "completion": A})[:-1]
    path.write_text(f'{row}}}\n{row}, "{name}": {value}}}\n')
    assert faults(path) == [f"2: {name} is empty"]


def test_instructions_are_dropped_and_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"messages": [SYSTEM, USER, SAID]},
        {"messages": [{"role": "developer", "content": ""}, USER, SAID]},
        {**TALK, "system": "Be brief."},
        {"messages": [USER, SAID]},
    )
    assert read_file(path).dropped == 3
    assert {row.prompt for row in read_rows(path)} == {ASKED}


def test_a_list_and_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([TALK, {"messages": [USER, SAID]}], indent=1))
    rows = read_rows(path)
    assert [row.lineage.line for row in rows] == [2, 14]
    for text in ("[{}", "[{},]", "[{} {}]", "[{}] x", "[", "[1]", "[\xff]"):
        path.write_text(text, encoding="latin-1")
        assert faults(path)
    path.write_text("[\n" + json.dumps(TALK) + "\n,\n{]")
    assert faults(path)[0].startswith("4: it is not JSON")


def test_line_ends_empty_lines_and_byte_order_marks(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    line = json.dumps(
        {"messages": [{"role": "user", "content": "Åbent\u2028nu?"}, SAID]}, ensure_ascii=False
    )
    path.write_bytes(b"\xef\xbb\xbf" + f"\r\n{line}\r\n\r\n  \n{line}".encode())
    rows = read_rows(path)
    assert [row.lineage.line for row in rows] == [2, 5]
    assert rows[0].question == "Åbent\u2028nu?"


@pytest.mark.parametrize(
    ("good", "bad"), [(True, False), (1, 0), (1.0, 0.0), ("1", "0"), ("true", "False ")]
)
def test_labels(tmp_path: Path, good: object, bad: object) -> None:
    thumbs = [{"prompt": Q, "completion": A, "label": label} for label in (good, bad)]
    assert [row.good for row in read_rows(written(tmp_path, *thumbs))] == [True, False]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], "must be an object"),
        ({"text": "x"}, "none of these sets of keys"),
        ({"messages": []}, "the last turn must be the assistant's"),
        ({"messages": [USER]}, "the last turn must be the assistant's"),
        ({"messages": [SAID]}, "no question of the user"),
        ({"messages": [SYSTEM, SAID, USER, SAID]}, "the user first"),
        ({"messages": [USER, USER, SAID]}, "take turns"),
        ({"messages": [USER, {"role": "tool", "content": "x"}, SAID]}, "it is 'tool'"),
        ({"messages": [USER, {"role": "assistant", "content": None}]}, "messages[1].content must"),
        ({"messages": [USER, {"role": "assistant", "content": " "}]}, "[1].content is empty"),
        ({"messages": "x"}, "the last turn"),
        ({"messages": {"a": 1}}, "must be a text or a list"),
        ({"messages": [USER, "x"]}, "messages[1] must be a message"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}, SAID]}, "type text"),
        ({"conversations": [{"from": "human", "value": 3}, SAID]}, "[0].value must be a text"),
        ({"instruction": 7, "output": A}, "instruction must be a text"),
        ({"prompt": Q, "chosen": A, "rejected": ""}, "rejected is empty"),
        ({"prompt": [SAID], "chosen": A, "rejected": "x"}, "prompt: user and assistant"),
        ({"prompt": Q, "chosen": [MORE, SAID], "rejected": "x"}, "other turns than in the prompt"),
        ({"chosen": [USER, SAID], "rejected": [MORE, SAID]}, "begin with the same turns"),
        ({"prompt": Q, "completion": A, "label": "maybe"}, "label must be true or false"),
        ({"prompt": Q, "completion": A, "label": 2}, "label must be true or false"),
        ({"prompt": Q, "completion": A, "label": [1]}, "label must be true or false"),
        ({"messages": [USER, SAID], "language": "Danish, I think"}, "language must be a code"),
        ({"messages": [USER, SAID], "documents": [1]}, "documents must be a list"),
        ({"messages": [USER, SAID], "lineage": {"line": -1}}, "lineage"),
        ({"messages": [USER, {"role": "assistant", "content": "\ud800"}]}, "half a character"),
    ],
)  # fmt: skip
def test_a_faulty_row_is_named_with_its_line(tmp_path: Path, found: object, expected: str) -> None:
    path = written(tmp_path, {"messages": [USER, SAID]}, found)
    (fault,) = faults(path)
    assert fault.startswith("2: ")
    assert expected in fault


def test_all_faults_are_told_and_many_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"messages": \n\xff\xfe{}\n' + b"[" * 100_000 + b"\n" + b"{}\n" * 30)
    found = faults(path)
    assert len(found) == 21
    assert found[0].startswith("1: it is not JSON")
    assert found[1].startswith("2: it is not UTF-8 text")
    assert found[2] == "3: it is nested too deeply"
    assert found[-1] == "and 13 more faults"


def test_several_kinds_in_one_file_are_refused(tmp_path: Path) -> None:
    thumb = {"prompt": Q, "completion": A, "label": True}
    path = written(tmp_path, {"messages": [USER, SAID]}, TALK, thumb, thumb)
    (fault,) = faults(path)
    assert "sft (line 1), kto (line 3)" in fault


def test_rows_of_another_kind_than_asked_for(tmp_path: Path) -> None:
    assert "for sft, not for dpo" in faults(written(tmp_path, TALK), "dpo")[0]


def test_files_that_hold_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    for text in ("", "\n\n", "[]", " [ ] "):
        path.write_text(text)
        assert "it holds no rows" in faults(path)[0]
    assert "cannot be read" in faults(tmp_path)[0]
    assert "cannot be read" in faults(tmp_path / "none.jsonl")[0]


def test_numbers_that_no_program_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = json.dumps({"messages": [USER, SAID]})[:-1]
    path.write_text(
        f'{row}, "score": NaN, "documents": NaN, "size": {"9" * 10_000}, "x": 1e999}}\n'
        f'{row}, "lineage": {{"line": {"9" * 5000}}}}}\n'
    )
    assert faults(path) == ["2: lineage: file must be a name, and line a number"]


def test_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    long = "Vi har åbent. " * 750_000
    path = written(tmp_path, {"prompt": Q, "completion": long})
    assert read_rows(path)[0].answer == long


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
lineages = st.builds(
    Lineage,
    documents=st.lists(texts, max_size=2).map(tuple),
    answers=st.lists(texts, min_size=1, max_size=2).map(tuple),
    read=st.lists(texts, max_size=2).map(tuple),
    file=st.sampled_from(["", "mine.jsonl"]),
    line=st.integers(0, 9999),
)


def rows_of(method: Method) -> st.SearchStrategy[Row]:
    def turns(contents: Sequence[str]) -> tuple[Message, ...]:
        odd = contents[: len(contents) - (len(contents) + 1) % 2]
        return tuple(
            Message("user" if place % 2 == 0 else "assistant", content)
            for place, content in enumerate(odd)
        )

    return st.builds(
        Row,
        method=st.just(method),
        prompt=st.lists(texts, min_size=1, max_size=5).map(turns),
        answer=texts,
        rejected=texts if method == "dpo" else st.just(""),
        good=st.booleans() if method == "kto" else st.just(True),
        declines=st.booleans(),
        language=st.sampled_from(["da", "en", "sv"]),
        lineage=lineages,
    )


@given(st.sampled_from(METHODS).flatmap(lambda m: st.lists(rows_of(m), min_size=1, max_size=3)))
@settings(deadline=None, max_examples=60)
def test_what_kilde_writes_is_read_as_it_was(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text(to_jsonl(rows), encoding="utf-8", newline="\n")
        assert read_rows(path, rows[0].method) == rows
        assert to_jsonl(read_rows(path)) == path.read_text("utf-8")
