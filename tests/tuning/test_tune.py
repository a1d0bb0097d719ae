"""The whole recipe: rows, training, gate, promotion; and what is refused on the way."""

from __future__ import annotations

import errno
import getpass
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.tuning.killed_tuning import SETTINGS
from tests.tuning.lora import add_random, card, stage
from tests.tuning.places import WITHOUT_RETRIEVAL as WITHOUT
from tests.tuning.places import clinic, keep, row, some_facts, write_agent

from kilde.errors import NotFound, TuningError, WorkspaceError
from kilde.tuning import tune as recipe
from kilde.tuning.data.rows import Row
from kilde.tuning.training.runs import Runs
from kilde.tuning.training.settings import TuneSettings
from kilde.tuning.training.train import train
from kilde.types import UNKNOWN_LANGUAGE, Message
from kilde.workspace import Workspace
from kilde.workspace.tuning import build_dataset, resume, tune

pytestmark = [
    pytest.mark.usefixtures("one_core"),
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore::UserWarning:peft"),
]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same training in this process, which has imported torch already."""
    monkeypatch.setattr(recipe, "run_training", lambda folder, progress: train(folder))


@pytest.fixture
def place(minilm: str, tiny: tuple[Path, Any], tmp_path: Path) -> Iterator[Workspace]:
    with clinic(tmp_path / "clinic", tiny[0], WITHOUT) as workspace:
        yield workspace


def test_from_a_file_to_an_adapter_that_answers(
    minilm: str, tiny: tuple[Path, Any], tmp_path: Path
) -> None:
    """With the training process, and a base that is named by its path."""
    with clinic(tmp_path / "clinic", tiny[0]) as workspace:
        write_agent(workspace, tiny[0], WITHOUT)
        rows = tmp_path / "rows.jsonl"
        facts = some_facts()
        rows.write_text(
            "".join(
                json.dumps({"prompt": one.question, "completion": one.answer}) + "\n"
                for one in [
                    *facts,
                    row("salary"),
                    replace(row("lift"), prompt=asked("And Bramble?")),
                ]
            ),
            "utf-8",
        )
        build_dataset(workspace, "clinic", rows, test_share=0.15)
        tuned = tune(workspace, "clinic", settings=SETTINGS, force=True)
        assert tuned.card.name == "clinic@1" and tuned.run.stage == "done"
        assert (tuned.card.rows, tuned.card.method) == (10, "sft")
        assert tuned.card.metrics["steps"] == 3 and tuned.card.seconds > 0
        assert tuned.card.gate is not None and tuned.card.gate["against"] == ""
        folder = workspace.runs.folder(tuned.run.id)
        assert {"loss.svg", "loss.png", "log.txt", "result.json"} <= {
            path.name for path in folder.iterdir()
        }
        assert not (folder / "checkpoints").exists()
        answer = workspace.agent("clinic").ask("Who repairs the lift?")
        assert answer.trace.adapter == "clinic@1"
        assert workspace.runs.get(tuned.run.id) == tuned.run


def asked(question: str) -> tuple[Message, ...]:
    return (Message("user", question),)


def test_who_forced_a_promotion_is_recorded(place: Workspace, here: None) -> None:
    keep(place, some_facts())
    tuned = tune(place, "clinic", settings=SETTINGS)
    assert not tuned.promoted and place.registry.promoted("clinic") is None, "nobody judged it"
    tuned = tune(place, "clinic", settings=SETTINGS, force=True)
    (event,) = place.registry.history("clinic")
    assert (event.adapter, event.by, event.forced) == ("clinic@2", getpass.getuser(), True)
    assert tuned.promoted and event.why


def test_answers_that_were_bad_are_no_test(
    place: Workspace, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can say what the right answer would have been, so there is no gate, and no failure."""
    monkeypatch.setattr("kilde.workspace.tuning.check_rows", lambda *_, **__: ())
    thumbs = [replace(one, method="kto", good=bool(at % 2)) for at, one in enumerate(some_facts())]
    keep(place, thumbs[1:], test=thumbs[:1])
    tuned = tune(place, "clinic", settings=SETTINGS)
    assert tuned.card.method == "kto" and tuned.card.gate is None and not tuned.promoted


def test_all_that_is_refused_is_told_at_once(place: Workspace) -> None:
    rows = some_facts()
    keep(place, [*rows, row("salary")], test=rows[:1])
    with pytest.raises(TuningError, match="cannot be trained on") as told:
        tune(place, "clinic", settings=SETTINGS)
    assert told.value.message.count("\n- ") == 2, "a test row is trained on; a secret is told"
    assert place.runs.list() == []


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_rows_are_refused(count: int, place: Workspace) -> None:
    keep(place, some_facts()[:count])
    with pytest.raises(TuningError, match="cannot be trained on"):
        tune(place, "clinic", settings=SETTINGS)


def test_an_agent_that_quotes_cannot_be_tuned(place: Workspace) -> None:
    keep(place, some_facts())
    write_agent(place, "quotes")
    with pytest.raises(TuningError, match="'quotes', which cannot be tuned") as told:
        tune(place, "clinic", settings=SETTINGS)
    assert "GGUF" in told.value.hint


def test_a_dataset_of_another_agent_is_refused(place: Workspace) -> None:
    keep(place, some_facts())
    (place.path / "agents" / "other.toml").write_bytes(
        (place.path / "agents" / "clinic.toml").read_bytes()
    )
    with pytest.raises(TuningError, match="built for the agent 'clinic'"):
        tune(place, "other", dataset="clinic", settings=SETTINGS)


def test_rows_longer_than_the_context_are_named(
    place: Workspace, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check before counts by characters; what counts in the end are the tokens."""
    monkeypatch.setattr("kilde.workspace.tuning.check_rows", lambda *_, **__: ())
    rows = some_facts()
    rows[3] = replace(rows[3], answer="Visitors " * 2000)
    rows[7] = replace(rows[7], answer="Bramble " * 2000)
    keep(place, rows)
    with pytest.raises(TuningError, match="2 rows are longer than the model reads") as told:
        tune(place, "clinic", settings=SETTINGS)
    assert "row 4 (" in told.value.message and "row 8 (" in told.value.message
    (run,) = place.runs.list()
    assert run.stage == "failed" and run.message == told.value.message


def test_two_trainings_of_an_agent_at_once_are_refused(place: Workspace, here: None) -> None:
    keep(place, some_facts())
    process = started(place, "training")
    with pytest.raises(WorkspaceError, match="is being trained already") as told:
        tune(place, "clinic", settings=SETTINGS)
    (run,) = place.runs.list()
    assert run.id in told.value.message and f"process {process.pid}" in told.value.message
    assert not place.runs.stopped(run)
    process.kill()
    process.wait()
    assert place.runs.stopped(run)
    assert tune(place, "clinic", settings=SETTINGS).run.stage == "done"


def started(place: Workspace, stage: str) -> subprocess.Popen[bytes]:
    """A process that tunes the agent, or goes on with it, and waits at a stage."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tuning.killed_tuning", place.path, stage],
        cwd=Path(__file__).parents[2],
    )
    runs = Runs(place.path / ".kilde" / "runs")

    def there() -> bool:
        found = runs.list()
        return bool(found) and stage in (found[0].stage, found[0].message)

    wait(there, process)
    return process


def wait(there: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while not there():
        assert process.poll() is None, "it ended too soon"
        time.sleep(0.05)


def test_killed_between_the_stages_and_gone_on_with(
    place: Workspace, here: None, tmp_path: Path
) -> None:
    facts = some_facts()
    keep(place, facts, test=[row("salary")])
    old = add_random(place.registry, tmp_path, "clinic")
    place.registry.promote(old.name, by="test")
    for at in ("gate", "registering"):
        process = started(place, at)
        process.kill()
        process.wait()
        (run,) = place.runs.list()
        assert run.stage == at and place.runs.stopped(run)
        assert [card.name for card in place.registry.list()] == ["clinic@1"]
        promoted = place.registry.promoted("clinic")
        assert promoted is not None and promoted.name == "clinic@1"
    (folder,) = (place.path / ".kilde" / "runs").glob("clinic-*")
    steps = (folder / "progress.jsonl").read_text("utf-8")
    tuned = resume(place, "clinic", force=True)
    assert (folder / "progress.jsonl").read_text("utf-8") == steps, "it was trained once"
    assert [card.name for card in place.registry.list()] == ["clinic@1", "clinic@2"]
    assert tuned.promoted and tuned.run.adapter == "clinic@2"
    assert tuned.card.settings["run"] == run.id
    with pytest.raises(TuningError, match="was stopped"):
        resume(place, "clinic")


def test_killed_when_it_was_registered(place: Workspace, here: None) -> None:
    keep(place, some_facts())
    process = started(place, "promoted")
    process.kill()
    process.wait()
    tuned = resume(place, "clinic", force=True)
    assert tuned.run.stage == "done" and tuned.run.adapter == "clinic@1"
    assert [card.name for card in place.registry.list()] == ["clinic@1"]
    assert len(place.registry.history("clinic")) == 1


def test_a_dataset_that_changed_is_not_gone_on_with(place: Workspace) -> None:
    facts = some_facts()
    keep(place, facts)
    card = place.datasets.card("clinic")
    place.runs.create("clinic", "clinic", SETTINGS.to_json(), card.data_hash)
    keep(place, [*facts[:-1], row("salary")])
    with pytest.raises(TuningError, match="is another one than when"):
        resume(place, "clinic")


def test_an_adapter_that_forgot_is_not_promoted(place: Workspace, here: None) -> None:
    """What is trained on gibberish knows less than the one that learnt the rows."""
    facts = some_facts()
    test = [replace(one, prompt=asked(one.question + " ")) for one in facts[:4]]
    keep(place, facts, test=test)
    settings = TuneSettings(rank=16, alpha=32, learning_rate=1e-2, epochs=40)
    check = pytest.MonkeyPatch()
    check.setattr("kilde.workspace.tuning.check_rows", lambda *_, **__: ())
    with check.context():
        good = tune(place, "clinic", settings=settings)
        assert good.promoted and good.card.gate is not None
        (task,) = good.card.gate["checks"]
        assert task["after"] > task["before"] + 0.15
        keep(place, [replace(one, answer="Fiddle faddle.") for one in facts], test=test)
        bad = tune(place, "clinic", settings=replace(settings, epochs=10))
    check.undo()
    assert not bad.promoted and bad.card.passed is False
    promoted = place.registry.promoted("clinic")
    assert promoted is not None and promoted.name == good.card.name
    assert bad.card.gate is not None and bad.card.gate["against"] == good.card.name
    lost = bad.card.gate["worse"]
    assert {one["question"] for one in lost} <= {one.question for one in test} and lost
    assert all(one["check"] == "task" and one["why"] for one in lost)
    answer = place.agent("clinic").ask(facts[0].question)
    assert answer.trace.adapter == good.card.name


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are taken as they are."""
    monkeypatch.setattr("kilde.workspace.tuning.check_rows", lambda *_, **__: ())


def thumbs(rows: list[Row]) -> list[Row]:
    return [replace(one, method="kto", good=bool(at % 2)) for at, one in enumerate(rows)]


def test_what_it_went_on_from_is_in_it_although_that_was_removed(
    place: Workspace, here: None, unchecked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the card tells the rank that it has, not the one that was asked for."""
    english = [one for one in some_facts() if one.language == "en"]
    danish = [one for one in some_facts() if one.language == "da"]
    keep(place, english)
    first = tune(place, "clinic", settings=SETTINGS, force=True)
    assert first.card.languages == ("en",) and first.card.settings["rank"] == 2

    def trained_meanwhile(folder: Path, progress: object) -> None:
        place.registry.rollback("clinic", "test")
        shutil.rmtree(place.registry.folder("clinic@1"))
        train(folder)
        (folder / "adapter" / ".kilde-1234").mkdir()
        (folder / "adapter" / ".kilde-1234" / "half").write_text("of an adapter")

    monkeypatch.setattr(recipe, "run_training", trained_meanwhile)
    keep(place, thumbs(danish))
    tuned = tune(place, "clinic", settings=replace(SETTINGS, rank=8, alpha=32), force=True)
    made = tuned.card
    assert made.name == "clinic@2" and made.settings["from"] == "clinic@1"
    assert (made.settings["rank"], made.settings["alpha"]) == (2, 4)
    assert made.languages == ("da", "en")
    assert {"bus", "tider"} <= set(made.documents)
    files = {path.name for path in place.registry.folder("clinic@2").iterdir()}
    assert not any(name.startswith(".kilde-") for name in files)
    assert not (place.runs.folder(tuned.run.id) / "start").exists()


def test_nothing_goes_on_from_documents_that_left_the_scope(
    place: Workspace, unchecked: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = card(base_sha256=place.base_sha256("own"), documents=("bus", "salary", "gone"))
    place.registry.add("clinic", stage(tmp_path / "staged"), told)
    place.registry.promote("clinic@1", by="test")
    monkeypatch.setattr(recipe, "run_training", lambda *_: pytest.fail("it was trained"))
    keep(place, thumbs(some_facts()))
    with pytest.raises(TuningError, match="outside the collections of 'clinic': salary") as failed:
        tune(place, "clinic", settings=SETTINGS)
    assert "kilde adapter rollback clinic" in failed.value.hint


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told(
    number: int, place: Workspace, unchecked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = stopped_by(place, OSError(number, "No room"), monkeypatch)
    assert "cannot be written: No room." in failed.message and "Make room" in failed.hint


def stopped_by(place: Workspace, error: OSError, monkeypatch: pytest.MonkeyPatch) -> TuningError:
    def fails(folder: Path, progress: object) -> None:
        raise error

    monkeypatch.setattr(recipe, "run_training", fails)
    keep(place, some_facts())
    with pytest.raises(TuningError) as told:
        tune(place, "clinic", settings=SETTINGS)
    assert "--resume" in told.value.hint
    return told.value


def test_another_fault_of_the_system_keeps_its_own_words(
    place: Workspace, unchecked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "/there/log.txt")
    failed = stopped_by(place, error, monkeypatch)
    assert "Permission denied" in failed.message and "/there/log.txt" in failed.message
    assert "Make room" not in failed.hint


def test_the_gate_heeds_what_the_agent_s_file_says(
    place: Workspace, here: None, unchecked: None
) -> None:
    keep(place, some_facts(), test=[row("salary")])
    assert tune(place, "clinic", settings=SETTINGS, force=True).promoted
    write_agent(place, "own", f'{WITHOUT}adapter = "none"\n')
    tuned = tune(place, "clinic", settings=SETTINGS)
    assert tuned.card.gate is not None and tuned.card.gate["against"] == ""
    write_agent(place, "own", f'{WITHOUT}adapter = "clinic@2"\n')
    tuned = tune(place, "clinic", settings=SETTINGS)
    assert tuned.card.gate is not None and tuned.card.gate["against"] == "clinic@2"


def test_an_agent_that_cannot_answer_is_told_before_the_training(
    place: Workspace, unchecked: None
) -> None:
    keep(place, some_facts(), test=[row("salary")])
    write_agent(place, "own", f'{WITHOUT}adapter = "clinic@9"\n')
    with pytest.raises(NotFound, match="clinic@9"):
        tune(place, "clinic", settings=SETTINGS)
    assert place.runs.list() == []


def test_rows_in_no_known_language_make_an_adapter_for_any(
    place: Workspace, here: None, unchecked: None
) -> None:
    keep(place, [replace(one, language=UNKNOWN_LANGUAGE) for one in some_facts()])
    tuned = tune(place, "clinic", settings=SETTINGS)
    assert tuned.card.languages == ()
    assert place.registry.adapter(tuned.card.name).languages is None
