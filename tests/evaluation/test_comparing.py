"""A comparison: four arms, one test, one state; what was said is never asked again."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from tests.evaluation import killed_comparing
from tests.evaluation.compared import (
    AWAY,
    QUESTIONS,
    Scripted,
    add_adapter,
    asked,
    copied,
    keep,
    made,
)
from tests.tuning.places import row, write_agent

import kilde
from kilde import generation
from kilde.config import GeneratorConfig
from kilde.errors import (
    ConfigError,
    EvaluationError,
    ModelMissing,
    NotFound,
    StoreError,
    WorkspaceError,
)
from kilde.evaluation.answers import ANSWERS
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.comparison_json import read_comparison
from kilde.evaluation.said import ARMS
from kilde.evaluation.testset import Question
from kilde.tuning.data.rows import data_hash
from kilde.types import Document
from kilde.workspace import Workspace
from kilde.workspace.advising import facts_of
from kilde.workspace.comparing import compare, evaluate, folder_of, load, newest, said_in
from kilde.workspace.comparisons import COMPARISON
from kilde.workspace.judging import VERDICTS, Judge

KILLS = int(os.environ.get("KILDE_KILLS", "4"))
PLAIN, RAG, TUNED, BOTH = ARMS
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([killed_comparing.__name__])


@pytest.fixture(scope="module")
def _prepared(minilm: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared") / "clinic"
    made(folder).close()
    return folder


@pytest.fixture
def place(_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setitem(generation.BACKENDS, "llama_cpp", Scripted)  # type: ignore[arg-type]
    with copied(_prepared, tmp_path / "clinic") as workspace:
        yield workspace


def skipped(done: Comparison) -> dict[str, str]:
    return {run.arm: run.skipped for run in done.arms if run.skipped}


def note(done: Comparison, words: str) -> str:
    (found,) = [one for one in done.notes if words in one]
    return found


def test_four_arms_are_asked_the_same_once(place: Workspace) -> None:
    add_adapter(place)
    done = compare(place, "clinic")
    assert [run.arm for run in done.arms] == ["plain", "rag", "tuned", "rag+tuned"]
    assert skipped(done) == {} and len(asked(place)) == 4 * len(QUESTIONS)
    for at, adapter in enumerate([None, None, "clinic@1", "clinic@1"]):
        some = asked(place)[at * len(QUESTIONS) : (at + 1) * len(QUESTIONS)]
        assert [one["question"] for one in some] == [one.question for one in QUESTIONS]
        assert {one["adapter"] for one in some} == {adapter}
    rag, plain = (done.mean(arm, "task") for arm in ("rag", "plain"))
    assert rag is not None and plain is not None
    assert (rag.value, plain.value, rag.questions) == (1.0, 0.0, len(QUESTIONS))
    difference = done.difference("task", "plain", "rag")
    assert difference is not None and difference.value == 1.0 and difference.significant
    tuned = done.arms[2]
    assert tuned.model == "llama_cpp:model.gguf" and tuned.adapter == "clinic@1"
    assert tuned.answered_by == {"llama_cpp:model.gguf with clinic@1": len(QUESTIONS)}
    assert len({run.model_sha256 for run in done.arms}) == 1 and tuned.adapter_sha256
    assert done.environment is not None and done.environment["kilde"] == kilde.__version__
    assert (done.store_version, done.samples, done.temperature) == (place.knowledge.version, 1, 0)


def test_what_was_compared_before_is_not_left_out(place: Workspace) -> None:
    add_adapter(place)
    compare(place, "clinic", arms=[PLAIN, RAG])
    count = len(asked(place))
    done = compare(place, "clinic", arms=[TUNED])
    assert [run.arm for run in done.arms] == ["plain", "rag", "tuned"]
    assert len(asked(place)) == count + len(QUESTIONS)
    found = newest(place, "clinic")
    assert found is not None and [run.arm for run in found.arms] == ["plain", "rag", "tuned"]


def test_a_finished_one_is_computed_again_without_asking(place: Workspace) -> None:
    add_adapter(place)
    first = compare(place, "clinic")
    count = len(asked(place))
    path = folder_of(place, first) / COMPARISON
    path.write_text(path.read_text("utf-8").replace('"value": 1.0', '"value": 0.5'), "utf-8")
    (place.path / "model.gguf").with_name("other.gguf").write_bytes(b"else")
    again = compare(place, "clinic")
    assert len(asked(place)) == count
    assert replace(again, created_at=first.created_at) == first
    assert read_comparison(path) == again == load(place, first.id) == newest(place, "clinic")
    assert len(said_in(place, again)) == count


def test_an_agent_that_answers_as_advised_is_not_asked_again(place: Workspace) -> None:
    add_adapter(place)
    done = compare(place, "clinic")
    count = len(asked(place))
    write_agent(place, "own", 'retrieval = false\nadapter = "clinic@1"\n')
    assert compare(place, "clinic").id == done.id and len(asked(place)) == count
    assert facts_of(place, "clinic").changed_since(done) == ()
    write_agent(place, "own", words=41)
    (changed,) = facts_of(place, "clinic").changed_since(done)
    assert "file changed" in changed
    assert compare(place, "clinic").id != done.id and len(asked(place)) == 2 * count


def test_a_model_that_is_written_down_as_advised_is_not_asked_again(place: Workspace) -> None:
    add_adapter(place)
    place.close()
    shutil.copy(place.path / "model.gguf", place.path / "other.gguf")
    path = place.path / "kilde.toml"
    settings = tomllib.loads(path.read_text("utf-8"))
    settings["model"] = "other"  # which answers where an agent's file names none
    settings["models"]["other"] = {"backend": "llama_cpp", "model": f"{place.path}/other.gguf"}
    path.write_text(tomli_w.dumps(settings), "utf-8")
    with kilde.open(place.path) as anew:
        own = compare(anew, "clinic")
        other = compare(anew, "clinic", model="other")
        assert other.id != own.id and len(asked(anew)) == 2 * 4 * len(QUESTIONS)
        for model in ("other", ""):
            write_agent(anew, model)
            assert compare(anew, "clinic").id == other.id
        assert len(asked(anew)) == 2 * 4 * len(QUESTIONS)


def test_the_figures_are_those_of_the_raw_answers(place: Workspace) -> None:
    done = compare(place, "clinic", arms=[PLAIN, RAG])
    path = folder_of(place, done) / ANSWERS
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for line in lines:
        if line["arm"] == "plain":
            line["answer"]["text"] = "The library opens at 9:15 on Mondays."
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    again = compare(place, "clinic", arms=[PLAIN, RAG])
    mean = again.mean("plain", "task")
    assert mean is not None and mean.value is not None and mean.value > 0


def test_one_arm_is_no_comparison_but_is_not_asked_again_by_one(place: Workspace) -> None:
    one = evaluate(place, "clinic")
    assert [run.arm for run in one.arms] == ["rag"] and newest(place, "clinic") is None
    with pytest.raises(NotFound):
        load(place, one.id)
    count = len(asked(place))
    done = compare(place, "clinic", arms=[RAG, PLAIN])
    assert done.id == one.id and len(asked(place)) == 2 * count
    assert done.mean("rag", "task") == one.mean("rag", "task")
    assert not [words for words in done.notes if "not finished" in words]
    add_adapter(place)
    place.registry.promote("clinic@1", by="test")
    assert [run.arm for run in evaluate(place, "clinic").arms] == ["rag+tuned"]
    write_agent(place, "own", 'retrieval = false\nadapter = "none"\n')
    assert [run.arm for run in evaluate(place, "clinic").arms] == ["plain"]


def test_samples_are_asked_with_their_own_seeds(place: Workspace) -> None:
    done = compare(place, "clinic", arms=[PLAIN], samples=3, temperature=0.8, seed=7)
    assert len(asked(place)) == 3 * len(QUESTIONS)
    assert {(one["temperature"], one["seed"]) for one in asked(place)} == {
        (0.8, 7), (0.8, 8), (0.8, 9)
    }  # fmt: skip
    assert (done.samples, done.temperature) == (3, 0.8)
    assert done.options == {"seed": "7"}
    mean = done.mean("plain", "task")
    assert mean is not None and mean.questions == len(QUESTIONS)
    # At temperature 0 the seed decides nothing, so it makes no other comparison.
    ids = {compare(place, "clinic", arms=[PLAIN], seed=seed).id for seed in (0, 1)}
    assert len(ids) == 1 and done.id not in ids


@pytest.mark.parametrize(
    "wrong", [{"samples": 2}, {"samples": 0}, {"temperature": -1.0}, {"temperature": float("nan")}]
)
def test_sampling_that_makes_no_sense_is_refused(place: Workspace, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as told:
        compare(place, "clinic", **wrong)
    assert next(iter(wrong)) in told.value.message and asked(place) == []


# Arms that cannot be asked


def test_arms_without_an_adapter_are_skipped_and_not_zero(place: Workspace) -> None:
    done = compare(place, "clinic")
    assert set(skipped(done)) == {"tuned", "rag+tuned"}
    assert "kilde tune clinic" in skipped(done)["tuned"]
    assert {one.arm for one in done.scores} == {"plain", "rag"}
    assert done.mean("tuned", "task") is None and done.arms[2].answered_by is None


def test_an_adapter_for_another_model_is_skipped(place: Workspace) -> None:
    add_adapter(place, base_sha256="f" * 64)
    done = compare(place, "clinic")
    assert "clinic@1 was trained for another model" in skipped(done)["tuned"]
    # The newest that fits is taken instead, where there is one.
    add_adapter(place, b"mine")
    add_adapter(place, b"other", base_sha256="e" * 64)
    done = compare(place, "clinic")
    assert skipped(done) == {} and done.arms[2].adapter == "clinic@2"
    assert note(done, "tuned arms answer with the adapter clinic@2").endswith("is not promoted")
    place.registry.promote("clinic@2", by="test")
    assert note(compare(place, "clinic"), "tuned arms answer with").endswith("is promoted")
    named = compare(place, "clinic", adapter="clinic@3")
    assert "clinic@3" in skipped(named)["rag+tuned"]


def test_an_adapter_is_told_apart_by_its_weights(place: Workspace) -> None:
    add_adapter(place, b"one"), add_adapter(place, b"two")
    first = compare(place, "clinic", adapter="clinic@1")
    count = len(asked(place))
    second = compare(place, "clinic", adapter="clinic@2")
    assert first.id == second.id and len(asked(place)) == count + 2 * len(QUESTIONS)
    assert {said.answer and said.answer.trace.adapter for said in said_in(place, second)} == {
        None, "clinic@2"
    }  # fmt: skip
    with pytest.raises(NotFound):
        compare(place, "clinic", adapter="clinic@9")


@pytest.mark.parametrize(
    "trained", [{"examples": False}, {"document_tokens": 300}, {"languages": ("en", "sv")}]
)
def test_an_adapter_is_told_apart_by_what_it_decides_beside_its_weights(
    place: Workspace, trained: dict[str, Any]
) -> None:
    """Without its card the same file makes other prompts."""
    card = add_adapter(place, **trained)
    first = compare(place, "clinic")
    count = len(asked(place))
    shutil.copy(place.registry.folder(card.name) / "adapter.gguf", place.path / "mine.gguf")
    write_agent(place, "own", 'adapter = "mine.gguf"\n')
    second = compare(place, "clinic")
    assert second.id == first.id
    assert {one["adapter"] for one in asked(place)[count:]} == {"mine.gguf"}
    assert len(asked(place)) == count + 2 * len(QUESTIONS), "plain and rag are as they were"
    assert second.arms[2].adapter_sha256 == first.arms[2].adapter_sha256
    for done, unlike in ((first, "mine.gguf"), (second, card.name)):
        said = said_in(place, done)
        assert len(said) == 4 * len(QUESTIONS)
        assert all(one.answer and one.answer.trace.adapter != unlike for one in said)
    compare(place, "clinic", adapter=card.name)
    assert len(asked(place)) == count + 2 * len(QUESTIONS)


def test_an_absent_model_is_told_and_nothing_is_kept(place: Workspace) -> None:
    compare(place, "clinic", arms=[RAG])
    place.close()
    (place.path / "model.gguf").unlink()
    with kilde.open(place.path) as anew:
        done = compare(anew, "clinic")
        assert set(skipped(done)) == {arm.name for arm in ARMS}
        assert "model.gguf" in skipped(done)["rag"]
        assert done.scores == () and done.means == ()
        kept = newest(anew, "clinic")
        assert kept is not None and skipped(kept) == {}


def test_a_model_that_was_not_pulled_is_told(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _ = place.agent("clinic")  # which needs the embedder
    monkeypatch.setenv("KILDE_CACHE", str(tmp_path / "empty"))
    done = compare(place, "clinic", model="smollm2-135m-instruct-q4")
    assert "kilde model pull smollm2-135m-instruct-q4" in skipped(done)["plain"]
    with pytest.raises(ModelMissing):
        compare(place, "clinic", judge="smollm2-135m-instruct-q4")
    with pytest.raises(NotFound):
        compare(place, "clinic", model="absent")


def test_quotations_have_nothing_to_quote_without_documents(place: Workspace) -> None:
    add_adapter(place)
    done = compare(place, "clinic", model="quotes")
    assert set(skipped(done)) == {"plain", "tuned", "rag+tuned"} and asked(place) == []
    assert "nothing to quote" in skipped(done)["plain"]
    assert done.arms[1].answered_by == {"quotes": len(QUESTIONS)} and done.arms[1].model == "quotes"


def test_an_agent_without_documents_has_nothing_to_look_up(place: Workspace) -> None:
    path = place.path / "agents" / "clinic.toml"
    path.write_text(path.read_text("utf-8").replace('["health"]', '["empty"]'), "utf-8")
    done = compare(place, "clinic")
    assert "(empty) hold no documents" in skipped(done)["rag"]
    assert "plain" not in skipped(done)


def test_an_adapter_that_cannot_be_loaded_takes_no_other_arm_with_it(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kilde.errors import ModelError

    def picky(settings: Any) -> Scripted:
        if settings.adapters:
            raise ModelError("It is no adapter.")
        return Scripted(settings)

    monkeypatch.setitem(generation.BACKENDS, "llama_cpp", picky)  # type: ignore[arg-type]
    add_adapter(place)
    done = compare(place, "clinic")
    assert set(skipped(done)) == {"tuned", "rag+tuned"}
    assert "It is no adapter." in skipped(done)["tuned"]


def test_an_arm_whose_model_is_away_is_skipped_and_asked_later(place: Workspace) -> None:
    """Else every question would count as failed, for ever."""
    add_adapter(place)
    (place.path / AWAY).touch()
    done = compare(place, "clinic", arms=[RAG, TUNED])
    assert set(skipped(done)) == {"tuned"} and "Call them." in skipped(done)["tuned"]
    assert done.mean("tuned", "task") is None and done.mean("rag", "task") is not None
    assert len(said_in(place, done)) == len(QUESTIONS)
    (place.path / AWAY).unlink()
    before = len(asked(place))
    again = compare(place, "clinic", arms=[RAG, TUNED])
    assert again.id == done.id and skipped(again) == {}
    assert len(asked(place)) == before + len(QUESTIONS)


def test_an_arm_that_looks_nothing_up_hears_the_same_language(place: Workspace) -> None:
    done = compare(place, "clinic", arms=[PLAIN, RAG])
    heard: dict[str, set[str]] = {}
    for one in said_in(place, done):
        assert one.answer is not None
        heard.setdefault(one.question, set()).add(one.answer.trace.language)
    assert all(len(languages) == 1 for languages in heard.values())
    danish = next(one for one in QUESTIONS if one.language == "da")
    assert heard[danish.id] == {"da"}


def test_what_was_handed_over_is_counted(place: Workspace) -> None:
    path = place.path / "agents" / "clinic.toml"
    path.write_text(path.read_text("utf-8").replace('"off"', '"strict"'), "utf-8")
    nowhere = Question("How do zebras reach Venus?", answerable=False)
    keep(place, [nowhere, Question("Why does the lift fail?"), *QUESTIONS[:2]])
    done = compare(place, "clinic", arms=[PLAIN, RAG])
    by = done.arms[1].answered_by
    assert by == {"nobody": 2, "llama_cpp:model.gguf": 2}, "it did not look that up in vain"
    assert "1 of 4 answers of plain failed: It ran out of memory." in done.notes


# Tests that say little


def test_an_empty_test_is_refused(place: Workspace) -> None:
    keep(place, [])
    with pytest.raises(EvaluationError, match="no questions"):
        compare(place, "clinic")


def test_one_question_says_nothing_of_differences(place: Workspace) -> None:
    keep(place, QUESTIONS[:1])
    done = compare(place, "clinic", arms=[PLAIN, RAG])
    assert note(done, "one question")
    mean = done.mean("rag", "task")
    assert mean is not None and (mean.value, mean.low) == (1.0, None)
    assert not any(one.significant for one in done.differences)


def test_all_unanswerable_and_missing_references_are_told(place: Workspace) -> None:
    keep(place, [replace(one, answerable=False, references=()) for one in QUESTIONS])
    assert note(compare(place, "clinic", arms=[RAG]), "no question of the test has an answer")
    keep(place, [replace(QUESTIONS[0], references=()), *QUESTIONS[1:]])
    done = compare(place, "clinic", arms=[RAG])
    assert note(done, f"1 of {len(QUESTIONS)} questions have no reference")
    mean = done.mean("rag", "task")
    assert mean is not None and mean.unscored == 1


def test_forms_that_the_agent_does_not_fill_in_are_told(place: Workspace) -> None:
    form = replace(QUESTIONS[0], references=('{"at": 9}',), schema={"type": "object"})
    keep(place, [form, QUESTIONS[1]])
    assert note(compare(place, "clinic", arms=[RAG]), "1 of 2 questions ask for a form")


def test_a_test_of_another_agent_is_refused(place: Workspace) -> None:
    place.testsets.save("theirs", agent="other", source="a test", questions=QUESTIONS)
    with pytest.raises(EvaluationError, match="'other'"):
        compare(place, "clinic", testset="theirs")


def test_a_test_that_was_learnt_is_refused_with_its_questions(place: Workspace) -> None:
    rows = [row("library"), row("loans")]
    place.datasets.save("clinic", agent="clinic", method="sft", source="a test", rows=rows)
    add_adapter(place, dataset="clinic", data_hash=data_hash(rows))
    with pytest.raises(EvaluationError, match="When does the library open"):
        compare(place, "clinic")
    assert asked(place) == []
    assert skipped(compare(place, "clinic", arms=[PLAIN, RAG])) == {}, "they learnt nothing"
    other = [row("salary")]
    place.datasets.save("more", agent="clinic", method="sft", source="a test", rows=other)
    add_adapter(place, b"more", dataset="more", data_hash=data_hash(other))
    assert skipped(compare(place, "clinic", adapter="clinic@2")) == {}


# States


def test_documents_that_changed_make_another_comparison(place: Workspace) -> None:
    first = compare(place, "clinic", arms=[PLAIN, RAG])
    count = len(asked(place))
    (folder_of(place, first) / COMPARISON).unlink()  # as if it had been killed
    place.knowledge.add_documents(
        [Document.from_text("Lunch costs 60 kroner.", id="lunch", collection="health")]
    )
    second = compare(place, "clinic", arms=[PLAIN, RAG])
    assert second.id != first.id and len(asked(place)) == 2 * count
    assert f"({first.id}) is of an earlier state: its documents" in note(second, "not finished")
    assert second.store_version == place.knowledge.version != first.store_version


def test_documents_that_change_meanwhile_are_not_read(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = place.knowledge.version
    stream = Scripted.stream

    def changing(self: Scripted, request: Any) -> Any:
        yield from stream(self, request)
        if len(asked(place)) == 3:
            place.knowledge.add_documents(
                [Document.from_text("Zebras.", id=one.documents[0], collection="health")
                 for one in QUESTIONS]
            )  # fmt: skip

    monkeypatch.setattr(Scripted, "stream", changing)
    done = compare(place, "clinic", arms=[RAG])
    assert place.knowledge.version != version == done.store_version
    assert {said.answer and said.answer.trace.store_version for said in said_in(place, done)} == {
        version
    }
    mean = done.mean("rag", "task")
    assert mean is not None and mean.value == 1.0


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("which", ["model.gguf", "adapter.gguf"])
def test_files_that_change_meanwhile_end_it(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, which: str, gone: bool
) -> None:
    add_adapter(place)
    path = place.path / which
    if which.startswith("adapter"):
        path = place.registry.folder("clinic@1") / which
    stream, content = Scripted.stream, path.read_bytes()

    def changing(self: Scripted, request: Any) -> Any:
        yield from stream(self, request)
        if len(asked(place)) == 2:
            os.utime(path, (1, 1))  # only its time
        if len(asked(place)) == 5:
            path.unlink() if gone else path.write_bytes(b"other weights")

    monkeypatch.setattr(Scripted, "stream", changing)
    with pytest.raises(EvaluationError, match=f"{which} was {'removed' if gone else 'changed'}"):
        compare(place, "clinic")
    assert len(asked(place)) == 5
    path.write_bytes(content)
    monkeypatch.setattr(Scripted, "stream", stream)
    done = compare(place, "clinic")
    assert skipped(done) == {}
    assert len(asked(place)) == 4 * len(QUESTIONS) + 1, "the fifth was not kept"


def test_two_at_once_do_not_write_the_same(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    stream = Scripted.stream

    def meeting(self: Scripted, request: Any) -> Any:
        if not told:
            told.append("")
            with kilde.open(place.path) as other, pytest.raises(EvaluationError) as error:
                compare(other, "clinic", arms=[PLAIN])
            told.append(error.value.message)
        yield from stream(self, request)

    monkeypatch.setattr(Scripted, "stream", meeting)
    compare(place, "clinic", arms=[PLAIN])
    assert "under way" in told[1] and len(asked(place)) == len(QUESTIONS)


def test_an_adapter_of_another_agent_is_refused(place: Workspace) -> None:
    path = place.path / "agents" / "clinic.toml"
    path.with_name("other.toml").write_text(path.read_text("utf-8"), "utf-8")
    add_adapter(place)
    keep(place, QUESTIONS, "others")
    with pytest.raises(WorkspaceError, match="of the agent 'clinic'"):
        compare(place, "other", testset="others", adapter="clinic@1")


# The judge


def test_a_judge_is_asked_once_and_nonsense_is_counted(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pair gets no verdict, of the others that one is right which is as the reference."""
    stream = Scripted.stream

    def judging(self: Scripted, request: Any) -> Any:
        pieces = list(stream(self, request))
        if request.schema is not None:
            shown = json.loads(request.messages[-1].content)
            right = "A" if shown["right answer"] in shown["A"] else "B"
            text = json.dumps({"why": "It says so.", "better": right})
            bad = shown["question"] == QUESTIONS[0].question
            pieces[0] = replace(pieces[0], text="Zebras." if bad else text)
        yield from pieces

    monkeypatch.setattr(Scripted, "stream", judging)
    answers = 2 * len(QUESTIONS)
    for _ in range(2):
        done = compare(place, "clinic", arms=[PLAIN, RAG], judge="own")
        (judgement,) = done.judgements
        assert (judgement.a, judgement.b, judgement.pairs) == ("plain", "rag", len(QUESTIONS))
        assert judgement.a_better == judgement.ties == judgement.turned == 0
        assert judgement.b_better == len(QUESTIONS) - 1 and judgement.agreement == 1.0
        assert len(asked(place)) == answers + 2 * len(QUESTIONS)
    assert compare(place, "clinic", arms=[PLAIN, RAG]).judgements == ()
    with pytest.raises(ConfigError, match="quotes cannot judge"):
        compare(place, "clinic", judge="quotes")
    with (folder_of(place, done) / VERDICTS).open("a", encoding="utf-8") as kept:
        kept.write('{"judge": "own"}\n')
    with pytest.raises(StoreError, match="line 11 cannot be read"):
        compare(place, "clinic", arms=[PLAIN, RAG], judge="own")


def test_a_judge_that_is_served_otherwise_is_another_judge(place: Workspace) -> None:
    def served(context: int) -> Judge:
        model = GeneratorConfig(
            backend="openai", model="m", base_url="http://127.0.0.1:9/v1", context=context
        )
        config = place.config.model_copy(update={"models": {"far": model}})
        place.__dict__["config"] = config
        return Judge(place, "far")

    assert served(512)._key == served(512)._key != served(1024)._key


# Kills


def kill_after(folder: Path, count: int, late: float) -> bool:
    """Start a comparison and kill it once so much was asked; whether it had come to its end."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=killed_comparing.run, args=(folder, theirs))
    process.start()
    theirs.close()
    assert ours.poll(60) and ours.recv() == "ready"
    deadline = time.monotonic() + 60
    log = folder / "asked.jsonl"
    while time.monotonic() < deadline and process.is_alive():
        if log.is_file() and log.read_bytes().count(b"\n") >= count:
            break
        time.sleep(0.001)
    time.sleep(late)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    done = False
    with contextlib.suppress(EOFError):
        done = ours.poll(0) and ours.recv() == "done"
    return done


def test_killed_at_any_moment_it_goes_on_where_it_was(place: Workspace, tmp_path: Path) -> None:
    add_adapter(place)
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(place.path, undisturbed)
    rng = random.Random(4)
    wanted = 4 * len(QUESTIONS)
    for count in sorted(rng.sample(range(1, wanted), KILLS)):
        assert not kill_after(place.path, count, rng.random() * 0.015)
    before = len(asked(place))
    done = compare(place, "clinic")
    assert skipped(done) == {} and len(said_in(place, done)) == wanted
    # A kill costs at most the answer that was under way; nothing else was asked twice.
    assert before < len(asked(place)) <= wanted + KILLS
    times = Counter((one["adapter"], one["messages"][-1]) for one in asked(place))
    assert sum(count - 1 for count in times.values()) <= KILLS
    with kilde.open(undisturbed) as other:
        whole = compare(other, "clinic")
        assert whole.id == done.id
        effort = ("seconds", "memory")
        assert [one for one in whole.scores if one.metric not in effort] == [
            one for one in done.scores if one.metric not in effort
        ]
