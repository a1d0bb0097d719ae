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
        (TALK, "sft", ASKED, A, "", True),
        ({"instruction": Q, "input": "", "output": A}, "sft", ASKED, A, "", True),
        ({"Instruction": Q, "Output": A}, "sft", ASKED, A, "", True),
        ({"instruction": Q, "response": A}, "sft", ASKED, A, "", True),
        ({"input": Q, "output": A}, "sft", ASKED, A, "", True),
        ({"question": Q, "answer": A}, "sft", ASKED, A, "", True),
        ({"prompt": Q, "completion": A}, "sft", ASKED, A, "", True),
        ({"prompt": Q, "response": A}, "sft", ASKED, A, "", True),
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
    note = "3 system messages were left out: the agent's instructions take their place"
    assert read_file(path).notes == (note,)
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
        ({"text": "x"}, "; it has 'text'"),
        ({"messages": []}, "the last turn must be the assistant's"),
        ({"messages": [USER]}, "the last turn must be the assistant's"),
        ({"messages": [SAID]}, "no question of the user"),
        ({"messages": [SYSTEM, SAID, USER, SAID]}, "the user first"),
        ({"messages": [USER, USER, SAID]}, "take turns"),
        ({"messages": [USER, {"role": "tool", "content": "x"}, SAID]}, "it is 'tool'"),
        ({"messages": [USER, {"role": "assistant", "content": None}]}, "messages[1].content must"),
        (
            {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [{}]}]},
            "messages[1] calls a tool; tool calls cannot be learnt: take the row out",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": "<tool_call>{}</tool_call>"}]},
            "messages[1].content calls a tool",
        ),
        (
            {"conversations": [{"from": "human", "value": Q}, {"from": "observation"}]},
            "it is 'observation'; tool calls cannot be learnt",
        ),
        ({"messages": [USER, {**SAID, "weight": 0}]}, "nothing to learn"),
        ({"prompt": Q, "completion": "<think>Hm."}, "its <think> has no end"),
        ({"prompt": Q, "completion": "<think>Hm.</think> "}, "holds thoughts and no answer"),
        ({"instruction": Q, "output": A, "history": [Q, A]}, "history[0] must be a pair"),
        ({"instruction": Q, "output": 42}, "output must be a text: write the number in quotation"),
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


def test_every_answer_of_a_chat_is_learnt(tmp_path: Path) -> None:
    chat = {"messages": [SYSTEM, USER, SAID, MORE, CLOSED], "documents": ["a.md"]}
    other = {"messages": [USER, SAID, {"role": "user", "content": "Thanks."}]}
    hours = {"messages": [USER, SAID, {"role": "user", "content": "When?"}, CLOSED]}
    path = written(tmp_path, chat, other, hours)
    read = read_file(path)
    assert [(row.prompt, row.answer) for row in read.rows[:2]] == [
        (ASKED, A),
        (LONGER, "We are closed."),
    ]
    assert [str(row.lineage).removeprefix(path.as_posix()) for row in read.rows] == [
        ":1 (answer 1)",
        ":1 (answer 2)",
        ":2",
        ":3 (answer 2)",
    ]
    assert {row.lineage.documents for row in read.rows[:2]} == {("a.md",)}
    assert read.notes == (
        "1 system messages were left out: the agent's instructions take their place",
        "1 rows are earlier answers of chats, each learnt with the turns before it",
        "1 earlier answers of chats repeat others and are learnt once",
        "1 chats end with a turn of the user, which was left out",
    )
    # What Kilde wrote is read as it stands: its rows are single answers already.
    path.write_text(to_jsonl(read.rows))
    assert read_file(path).rows == read.rows
    assert read_file(path).notes == ()


def test_answers_of_weight_0_are_read_and_not_learnt(tmp_path: Path) -> None:
    path = written(tmp_path, {"messages": [USER, {**SAID, "weight": 0}, MORE, CLOSED]})
    read = read_file(path)
    assert [(row.prompt, row.answer) for row in read.rows] == [(LONGER, "We are closed.")]
    assert read.notes == ("1 answers of weight 0 are read and not learnt",)


def test_only_the_last_answer_of_a_chat_declines_where_the_file_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, {"messages": [USER, SAID, MORE, CLOSED], "declines": True})
    assert [row.declines for row in read_rows(path)] == [False, True]


def test_histories_are_turns(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"instruction": "And on Sundays?", "output": "We are closed.", "history": [[Q, A]]},
        {"prompt": [USER, SAID, MORE], "completion": "We are closed."},
        {"instruction": Q, "output": A, "history": []},
    )
    read = read_file(path)
    assert [row.prompt for row in read.rows] == [LONGER, LONGER, ASKED]
    assert read.notes == (
        "2 answers that stand in a history or a prompt are read there and not learnt",
    )


@pytest.mark.parametrize(
    "thoughts", ["<think>Hm.\n</think>\n\n", "<Thinking>\n</Thinking>", "Hm.\n</think>\n"]
)
def test_thoughts_are_left_out_and_counted(tmp_path: Path, thoughts: str) -> None:
    path = written(
        tmp_path,
        {"messages": [USER, {"role": "assistant", "content": thoughts + A}]},
        {"prompt": Q, "completion": thoughts + A},
        {"instruction": Q, "output": thoughts + A},
        {"messages": [USER, {**SAID, "reasoning_content": "Hm."}], "tools": [{"name": "clock"}]},
        {"messages": [{"role": "user", "content": "What is <think>?"}, SAID]},
    )
    read = read_file(path)
    assert {row.answer for row in read.rows} == {A}
    assert read.rows[-1].question == "What is <think>?"
    assert read.notes == (
        "4 answers held thoughts (<think> … </think>), which were left out",
        "1 rows name tools that may be called, which was left out",
    )
    pair = {"prompt": Q, "chosen": thoughts + A, "rejected": thoughts + "No."}
    (row,) = read_rows(written(tmp_path, pair))
    assert (row.answer, row.rejected) == (A, "No.")


@pytest.mark.parametrize(
    "said",
    [
        {"content": f"[THINK]Hm.[/THINK]{A}"},
        {"content": f"◁think▷Hm.◁/think▷{A}"},
        {"content": f"<reasoning>Hm.</reasoning>\n{A}"},
        {"content": A, "reasoning": "Hm."},
        {"content": A, "thinking": "Hm."},
        {"content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": A}]},
    ],
)
def test_thoughts_in_other_spellings_are_left_out(tmp_path: Path, said: dict[str, object]) -> None:
    read = read_file(written(tmp_path, {"messages": [USER, {"role": "assistant", **said}]}))
    assert [row.answer for row in read.rows] == [A]
    assert read.notes == ("1 answers held thoughts (<think> … </think>), which were left out",)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "tool_use", "name": "clock"}, "tool calls cannot be learnt"),
        ({"type": "thinking", "thinking": "Hm."}, "holds thoughts and no answer"),
    ],
)
def test_parts_that_are_no_answer(tmp_path: Path, part: object, expected: str) -> None:
    chat = {"messages": [USER, {"role": "assistant", "content": [part]}]}
    assert expected in faults(written(tmp_path, chat))[0]


@pytest.mark.parametrize("head", ["Spørgsmål;Svar\n", ""])
def test_a_table_without_known_columns_is_one_fault(tmp_path: Path, head: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(head + f"{Q};{A}\n" * 30, encoding="utf-8")
    (fault,) = faults(path)
    assert fault.startswith("1: the first line must name the columns")


def test_commas_after_lines_of_json_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = json.dumps({"messages": [USER, SAID]})
    path.write_text(f"{row},\n{row},\n{row}\n")
    assert [fault.split(":")[0] for fault in faults(path)] == ["1", "2"]
    assert "a comma after the row" in faults(path)[0]


def test_rows_that_share_a_line_are_named_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    good = {"messages": [USER, SAID]}
    path.write_text(json.dumps([good, {"messages": []}, good, {}]))
    first, second = faults(path)
    assert first.startswith("1 (row 2): messages: the last turn")
    assert second.startswith("1 (row 4): it has none of")
    path.write_text(json.dumps([good, good]))
    assert [str(row.lineage) for row in read_rows(path)] == [
        f"{path.as_posix()}:1 (row 1)",
        f"{path.as_posix()}:1 (row 2)",
    ]
    path.write_text(json.dumps([good, good])[:-1] + ', {"messages": ]')
    assert faults(path)[0].startswith("1 (row 3): it is not JSON")


def test_a_comma_after_the_last_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text("[\n" + json.dumps(TALK) + ",\n]")
    assert faults(path) == ["3: there is a comma after the last row of the list"]


def test_objects_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    one = json.dumps({"messages": [USER, SAID]}, indent=2)
    path.write_text(f"{one}\n{one}\n")
    lines = [row.lineage.line for row in read_rows(path)]
    assert lines == [1, 1 + len(one.splitlines())]
    path.write_text(f"{one}\n{one[:-10]}")
    assert "it is not JSON" in faults(path)[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.jsonl"
    text = json.dumps({"prompt": "Åbent nu?", "completion": "Ja."}, ensure_ascii=False)
    for mark in ("",) if encoding == "utf-16" else ("", "\ufeff"):
        path.write_bytes(f"{mark}{text}\r\n{text}\r\n".encode(encoding))
        assert [row.question for row in read_rows(path)] == ["Åbent nu?"] * 2
    path.write_bytes(path.read_bytes()[:-1])
    (fault,) = faults(path)
    assert "UTF-16" in fault and "save it again as UTF-8" in fault


def test_other_encodings_are_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    text = json.dumps({"prompt": "Åbent nu?", "completion": "Ja."}, ensure_ascii=False)
    path.write_bytes(f"{text}\n{text}\n{text}\n".encode("cp1252"))
    (fault,) = faults(path)
    assert fault.startswith("1: it is not UTF-8 text")
    assert fault.endswith("nor are 2 other lines; save the file as UTF-8")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.txt"])
def test_what_is_no_json_gets_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("prompt;completion\n" + f"{Q};{A}\n" * 30)
    (fault,) = faults(path)
    assert fault.startswith("it is not JSON; rows are lines of JSON")
    path.write_bytes(b"PK\x03\x04\x00\n{\n{\n")  # a workbook
    assert faults(path) == [fault]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_are_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "rows.csv"
    long = '"We open; at ""eight"",\nand close\tat ten."'
    lines = [("Prompt", "Completion", "language"), ("Åbent?", long, "en"), ("Og?", "42", "")]
    text = "".join(delimiter.join(cells) + "\r\n" for cells in lines)
    path.write_bytes(text.encode(encoding))
    rows = read_rows(path)
    assert [row.question for row in rows] == ["Åbent?", "Og?"]
    assert rows[0].answer.splitlines() == ['We open; at "eight",', "and close\tat ten."]
    assert (rows[1].answer, rows[0].language) == ("42", "en")
    assert [row.lineage.line for row in rows] == [2, 4]


def test_faults_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("prompt;completion;label\nA?;B.;true\n\nA?;;false\nA?;B.\nA?;B.;maybe\n")
    assert [fault.partition(":")[0] for fault in faults(path)] == ["4", "5", "6"]
    path.write_bytes("prompt;completion\nÅ?;B.\n".encode("cp1252"))
    assert faults(path) == ["2: it is not UTF-8 text; save the file as CSV in UTF-8"]
    path.write_text('prompt;completion\nA?;"B.\n')
    assert "it is not CSV" in faults(path)[0]


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
