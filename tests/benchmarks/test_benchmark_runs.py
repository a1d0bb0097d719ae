"""Benchmarks run from end to end on twenty documents, and find what is there to be found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.cold import loaded
from benchmarks.embedders import Instant
from benchmarks.synthetic import Synthetic

from kilde.language.detect import detect

_SUBJECTS = (
    "the library|the swimming pool|the town hall|the bicycle workshop|the bakery|the dentist|"
    "the harbour|the school kitchen|the sports centre|the fire station|the recycling yard|"
    "the cinema|the music school|the post office|the museum|the blood bank|the bus station|"
    "the vegetable market|the youth club|the observatory"
).split("|")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty English documents, each the only one about its subject, and a question for each."""
    made = tmp_path / "twenty"
    (made / "qrels").mkdir(parents=True)
    corpus, queries, judged = [], [], ["query-id\tcorpus-id\tscore"]
    for number, subject in enumerate(_SUBJECTS):
        text = (
            f"This page tells you all about {subject} of our town. You will find it at number "
            f"{number + 1} in the main street, and it is open to everybody who lives here."
        )
        corpus.append({"_id": f"d{number}", "title": "", "text": text})
        queries.append({"_id": f"q{number}", "text": f"Where do I find {subject}?"})
        judged.append(f"q{number}\td{number}\t1")
    queries.append({"_id": "unjudged", "text": "Where is the moon?"})
    for name, records in (("corpus", corpus), ("queries", queries)):
        lines = [json.dumps(record) for record in records]
        (made / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (made / "qrels" / "test.tsv").write_text("\n".join(judged), encoding="utf-8")
    return made


def test_retrieval_measures_all_three_searches(folder: Path, tmp_path: Path, minilm: str) -> None:
    written = tmp_path / "report.json"
    status = main(["retrieval", str(folder), "--embedder", minilm, "--json", str(written)])
    rows = {row["search"]: row for row in json.loads(written.read_text("utf-8"))["rows"]}
    assert set(rows) == {"lexical", "dense", "fused", "fused − lexical"}
    for name in ("lexical", "dense", "fused"):
        assert rows[name]["queries"] == 20
        assert rows[name]["recall@100"] == 1.0
        assert 0.9 < rows[name]["nDCG@10"] <= 1.0
    assert rows["fused − lexical"]["target"]["met"] is (status == 0)


def test_search_measures_the_ratio_to_embedding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], minilm: str
) -> None:
    arguments = ["search", "--passages", "20", "--questions", "5", "--embedder", minilm]
    assert main([*arguments, "--cache", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    report = json.loads(shown.splitlines()[-1])
    (row,) = report["rows"]
    assert row["passages"] == 20
    assert 0 < row["embed p50"] < row["search p50"] <= row["search p95"]
    assert row["ratio"] == pytest.approx(row["search p50"] / row["embed p50"])
    assert "search p50" in shown.splitlines()[0]


def test_a_missing_folder_is_told_and_not_thrown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], minilm: str
) -> None:
    assert main(["retrieval", str(tmp_path / "nothing"), "--embedder", minilm]) == 2
    assert "corpus.jsonl" in capsys.readouterr().err


def test_made_up_documents_are_repeatable_english(minilm: str) -> None:
    tokenizer = Instant(minilm).tokenizer
    documents = list(Synthetic(tokenizer, seed=3).documents(40))
    assert documents == list(Synthetic(tokenizer, seed=3).documents(40))
    assert documents != list(Synthetic(tokenizer, seed=4).documents(40))
    assert all(detect(document.text) == "en" for document in documents)
    sections = [part for document in documents for part in document.text.split("\n## ")[1:]]
    assert len(sections) == 40
    lengths = [len(encoding) for encoding in tokenizer.encode_batch(sections)]
    assert 150 < sum(lengths) / len(lengths) < 200


def test_loaded_modules_are_seen() -> None:
    assert loaded("import sqlite3, json", ["sqlite3", "pypdfium2"]) == ["sqlite3"]
