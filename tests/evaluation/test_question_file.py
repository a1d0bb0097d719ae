"""Files of questions are read as they were written, and all that is wrong with one is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilde.errors import ConfigError
from kilde.evaluation.question_file import keys, read_questions, to_jsonl
from kilde.evaluation.testset import Question, to_json
from kilde.types import Message

FORM = {"type": "object", "properties": {"day": {"type": "string"}}}
WHOLE = Question(
    "Og om søndagen?",
    ("Klokken 9.", "Kl. 9"),
    ("health/tider.md",),
    True,
    FORM,
    ("tider",),
    "da",
    (Message("user", "Hvornår åbner I?"), Message("assistant", "Klokken 8.")),
)


def written(folder: Path, *lines: object) -> Path:
    path = folder / "questions.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as told:
        read_questions(path)
    return [fault.removeprefix(f"{path.as_posix()}:") for fault in told.value.faults]


def test_all_of_a_question_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(to_jsonl([WHOLE, Question("Bare det?")]), encoding="utf-8")
    assert read_questions(path) == (WHOLE, Question("Bare det?"))
    assert set(to_json(WHOLE)) == set(keys()), "every key can be written and read"


TEXTS = st.text(st.characters(exclude_categories=["Cs"])).map("?{}".format)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            Question,
            TEXTS,
            st.lists(TEXTS, max_size=3).map(tuple),
            st.lists(TEXTS, max_size=2).map(tuple),
            st.booleans(),
            st.sampled_from([None, FORM]),
            language=st.sampled_from(["da", "und"]),
        )
    )
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, questions: list[Question]
) -> None:
    path = tmp_path_factory.mktemp("file") / "questions.jsonl"
    path.write_text(to_jsonl(questions), encoding="utf-8")
    assert read_questions(path) == tuple(questions)


def test_blanks_at_the_ends_stay(tmp_path: Path) -> None:
    (found,) = read_questions(written(tmp_path, {"question": " Hvad? ", "reference": "Det.\n"}))
    assert (found.question, found.reference) == (" Hvad? ", "Det.\n")


def test_one_text_stands_for_a_list_and_a_list_for_a_file(tmp_path: Path) -> None:
    one = {"question": "A?", "reference": "a", "documents": "x.md", "tags": "t"}
    path = written(tmp_path, json.dumps([one, {"question": "B?", "reference": ["b", "c"]}]))
    first, second = read_questions(path)
    assert (first.references, first.documents, first.tags) == (("a",), ("x.md",), ("t",))
    assert second.references == ("b", "c") and second.answerable


def test_all_faults_at_once_with_their_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"question": "Fine?"},
        {"question": "A?", "answer": "a"},
        "{",
        {"reference": "no question"},
        "",
        {"question": " ", "answerable": "yes", "language": "danish"},
        ["no object"],
        {"question": "A?", "reference": 7},
        {"question": "A?", "schema": {"type": "nothing"}},
    )
    told = faults(path)
    lines = sorted({int(fault.split(":")[0]) for fault in told})
    assert lines == [2, 3, 4, 6, 7, 8, 9]
    assert "2: answer is not a key of a question; there is: question, reference" in told[0]
    assert any(fault == "4: question is missing" for fault in told)
    assert any(fault == "6: question: it is empty" for fault in told)
    assert any(fault.startswith("6: answerable: ") for fault in told)
    assert any("6: language must be a code" in fault for fault in told)
    assert any("9: schema: it is no JSON schema" in fault for fault in told)


@pytest.mark.parametrize(
    ("history", "fault"),
    [
        ([{"role": "assistant", "content": "Hi"}], "user first"),
        ([{"role": "user", "content": "Hi"}], "must be the assistant's"),
        ([{"role": "system", "content": "Hi"}], "history.0.role"),
        ([{"role": "user", "content": ""}], "history.0.content: it is empty"),
        ([{"role": "user", "content": "Hi", "name": "Bo"}], "history.0.name is not a key"),
    ],
)
def test_turns_before_the_question_are_in_order(
    tmp_path: Path, history: list[object], fault: str
) -> None:
    (told,) = faults(written(tmp_path, {"question": "A?", "history": history}))
    assert told.startswith("1: ") and fault in told


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_questions(tmp_path / "missing.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"question": "Åben?"}'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.jsonl:1: it is not UTF-8"):
        read_questions(tmp_path / "latin.jsonl")
    (tmp_path / "half.jsonl").write_text('{"question": "\\ud83d"}')
    with pytest.raises(ConfigError, match=r"half\.jsonl:1: question"):
        read_questions(tmp_path / "half.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    assert read_questions(tmp_path / "empty.jsonl") == ()
