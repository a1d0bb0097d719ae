"""The demo, really run in both languages: every answer, the edit, and the answer of before."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.documents.scans import require_tesseract

from kilde.demo.example import load_script, unreadable_scans

from .conftest import Kilde, process

PACKAGE = {"da": "tesseract-ocr-dan", "en": "tesseract-ocr-eng"}


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("scans", [True, False], ids=["tesseract", "no-tesseract"])
def test_the_demo_plays_its_script_offline(
    scans: bool, language: str, tmp_path: Path, minilm: str
) -> None:
    if scans:
        require_tesseract()
    (tmp_path / "empty").mkdir()
    path = os.environ["PATH"] if scans else str(tmp_path / "empty")
    (tmp_path / "here").mkdir()
    began = time.monotonic()
    ended = process("demo", "--lang", language, cwd=tmp_path / "here", KILDE_OFFLINE="1", PATH=path)
    assert ended.err == ""
    assert ended.code == 0
    assert time.monotonic() - began < 120
    script = load_script(language)
    acts = ended.out.split("== ")[1:]
    assert len(acts) == 9
    for question, act in zip(script.questions, acts, strict=False):
        assert question.question in act
        if question.scan and not scans:
            assert question.document in act and PACKAGE[language] in act
            assert "Sources" not in act
            continue
        assert question.expect in act.split("Sources")[-1]
        assert ("Sources" in act) == bool(question.expect)
        assert ("read by OCR" in act) == question.scan
    assert ("Not asked" in ended.out) != scans
    before, _, after = acts[-1].partition("now says")
    now, _, then = after.partition("--as-of before-the-edit")
    assert script.edit.before in before
    assert script.edit.after in now.split("kilde sync:")[1]
    assert script.edit.before in then
    assert script.edit.after not in then
    assert "kilde chat --agent health" in ended.out
    assert not list((tmp_path / "here").iterdir()), "nothing is left behind"


def test_a_kept_demo_is_a_workspace(tmp_path: Path, minilm: str, kilde: Kilde) -> None:
    assert kilde("demo", "--lang", "da", "--keep", "centre").code == 0
    listed = kilde("list", cwd=tmp_path / "centre")
    assert "health/prescriptions.md" in listed.out
    again = kilde("demo", "--keep", "centre")
    assert again.code == 1
    assert "not empty" in again.err


def test_an_answer_that_is_not_as_expected_fails_the_demo(
    tmp_path: Path, minilm: str, kilde: Kilde, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    import kilde.demo.run as module

    script = load_script("en")
    wrong = tuple(replace(question, expect="a wrong answer") for question in script.questions)
    monkeypatch.setattr(module, "load_script", lambda language: replace(script, questions=wrong))
    ended = kilde("demo")
    assert ended.code == 1
    asked = [one for one in wrong if one.document not in unreadable_scans("en")]
    assert ended.err.count("Not as expected: ") == len(asked)


def test_without_the_model_and_offline_the_demo_says_what_is_missing(tmp_path: Path) -> None:
    cache = {"KILDE_CACHE": str(tmp_path / "none"), "KILDE_OFFLINE": "1"}
    ended = process("demo", cwd=tmp_path, **cache)
    assert ended.code == 1
    assert "Fetching the model minilm-l6-int8 once (24 MB)." in ended.out
    assert "offline mode is on" in ended.err


def test_to_decide_takes_what_trains(
    tmp_path: Path, kilde: Kilde, monkeypatch: pytest.MonkeyPatch
) -> None:
    import kilde.tuning.extra as module

    monkeypatch.setattr(module, "LIBRARIES", ("a_library_that_nobody_has",))
    ended = kilde("demo", "--decide", "--keep", "centre")
    assert ended.code == 1
    assert 'pip install "kilde[tune]"' in ended.err
    assert not (tmp_path / "centre").exists(), "before anything is made"


def test_to_decide_plays_in_the_folder_and_tells_what_was_not_as_expected(
    tmp_path: Path, kilde: Kilde, monkeypatch: pytest.MonkeyPatch
) -> None:
    import kilde.demo.decide as module
    import kilde.tuning.extra as extra

    played: list[tuple[str, Path]] = []

    def decide(language: str, folder: Path, stage: object) -> list[str]:
        played.append((language, folder))
        return ["health: expected something else"]

    monkeypatch.setattr(module, "decide", decide)
    monkeypatch.setattr(extra, "LIBRARIES", ())
    ended = kilde("demo", "--decide", "--lang", "da", "--keep", "centre")
    assert (ended.code, played) == (1, [("da", Path("centre"))])
    assert "Not as expected: health: expected something else" in ended.err
    assert "cd centre" in ended.out
