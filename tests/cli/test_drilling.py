"""A drill in a real workspace: real edits, a real sync, a real training; the original stays."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests.evaluation.compared import Scripted
from tests.tuning import parts
from tests.tuning.lora import card, stage

import kilde as package
from kilde import generation
from kilde.cli.drilling import drill_command
from kilde.cli.tuning import tune_command
from kilde.demo.example import make_workspace
from kilde.errors import ConfigError, EvaluationError, NotFound, StoreError, TuningError
from kilde.evaluation.said import ARMS
from kilde.protocols import NoProgress
from kilde.tuning import tune as recipe
from kilde.tuning.training.train import train
from kilde.types import Document
from kilde.workspace import Workspace, copying, retraining
from kilde.workspace.drilling import drill, newest_drill

from .conftest import Kilde, validated

PLAIN, RAG, TUNED, BOTH = ARMS


@pytest.fixture(scope="module")
def example(minilm: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The example's workspace, indexed."""
    workspace, collections = make_workspace("en", tmp_path_factory.mktemp("example") / "centre")
    with workspace:
        for name in collections:
            workspace.knowledge.add([workspace.path / name], collection=name)
        yield workspace


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def content(workspace: Workspace) -> dict[str, str]:
    """All files of a workspace but for its drills, and what is in them."""
    files = [path for path in workspace.path.rglob("*") if path.is_file()]
    return {
        path.relative_to(workspace.path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if "drills" not in path.parts
    }


def test_a_sync_tells_the_new_truth_and_the_original_stays(
    example: Workspace, temporary: Path
) -> None:
    before, version = content(example), example.knowledge.version
    found = drill(example, "health", edits=8, arms=[RAG])
    assert content(example) == before and example.knowledge.version == version
    assert list(temporary.iterdir()) == []
    assert newest_drill(example, "health") == found

    kinds = [edit.kind for edit in found.edits]
    assert kinds == ["number", "rule", "new", "withdrawn"] * 2
    assert len({edit.document for edit in found.edits}) == 8
    (cost,) = found.costs
    assert (cost.arm, cost.work, cost.skipped) == ("rag", "sync", "")
    assert cost.seconds > 0 and cost.answer_seconds > 0
    assert sum(cost.before.values()) == pytest.approx(sum(cost.after.values())) == 1
    assert cost.before["stale"] >= 0.75, "nobody has told it yet"
    stays = [told for told in found.told if found.edits[told.edit].kind != "withdrawn"]
    assert sum(told.after == "new" for told in stays) >= len(stays) - 1
    assert cost.after["stale"] == 0
    for told in stays:
        if told.after == "new":
            assert found.edits[told.edit].after.split()[0] in told.text_after
    assert found.break_even is None and any("break-even" in note for note in found.notes)


def test_the_same_seed_makes_the_same_edits(example: Workspace) -> None:
    one, two, other = (drill(example, "site-guide", edits=3, arms=[RAG], seed=s) for s in (1, 1, 2))
    assert one.edits == two.edits != other.edits
    assert one.id != two.id and newest_drill(example, "site-guide") == other


def test_arms_that_need_a_model_are_skipped_and_say_so(example: Workspace) -> None:
    found = drill(example, "site-guide", edits=2)
    skipped = {cost.arm: cost.skipped for cost in found.costs}
    assert list(skipped) == [arm.name for arm in ARMS] and not skipped["rag"]
    assert "quote" in skipped["plain"] and "cannot be tuned" in skipped["tuned"]
    assert {told.arm for told in found.told} == {"rag"}


def test_without_the_extra_nothing_is_trained(
    example: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    found = drill(example, "site-guide", edits=1, arms=[RAG, TUNED, BOTH])
    for cost in found.costs[1:]:
        assert 'pip install "kilde[tune]"' in cost.skipped


def test_an_agent_that_fills_in_forms_has_no_facts(example: Workspace) -> None:
    with pytest.raises(EvaluationError, match="fills in a form"):
        drill(example, "week-plan", arms=[RAG])
    with pytest.raises(NotFound):
        drill(example, "nobody")
    with pytest.raises(EvaluationError, match="No arm can be drilled"):
        drill(example, "health", arms=[PLAIN, TUNED])
    with pytest.raises(ConfigError, match="edits"):
        drill(example, "health", edits=0)


class Stopped(NoProgress):
    """Somebody presses Ctrl-C when the first answer came."""

    def advance(self, amount: int = 1) -> None:
        raise KeyboardInterrupt


def test_a_drill_that_is_stopped_leaves_nothing(example: Workspace, temporary: Path) -> None:
    (temporary / "kilde-drill-999999999-killed" / "workspace").mkdir(parents=True)
    kept = newest_drill(example, "health")
    with pytest.raises(KeyboardInterrupt):
        drill(example, "health", edits=2, arms=[RAG], progress=Stopped())
    assert list(temporary.iterdir()) == [] and newest_drill(example, "health") == kept


def test_a_full_disk_is_told_before_anything_is_copied(
    example: Workspace, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_SPARE", 10**18)
    with pytest.raises(EvaluationError, match="no room for a copy") as told:
        drill(example, "health", edits=2, arms=[RAG])
    assert "TMPDIR" in told.value.hint and list(temporary.iterdir()) == []


def test_an_adapter_that_is_a_file_is_copied_where_it_is_named(workspace: Path) -> None:
    (workspace / "mine.gguf").write_bytes(b"lora")
    with package.open(workspace) as opened:
        for name in ("", "mine.gguf"):
            with copying.copied(opened, name) as copy:
                assert (copy.path / "mine.gguf").is_file() == bool(name)


def test_documents_elsewhere_are_left_as_they_are(
    workspace: Path, tmp_path: Path, temporary: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    note = elsewhere / "note.md"
    note.write_text("# Note\n\nThe ferry leaves at 17:45 every day.\n")
    with package.open(workspace) as opened:
        opened.knowledge.add([elsewhere], collection="health")
        found = drill(opened, "health", edits=40, arms=[RAG])
    assert 0 < len(found.edits) < 40 and "note" not in " ".join(e.document for e in found.edits)
    told = " ".join(found.notes)
    assert "edits instead of 40" in told
    assert "1 documents were left as they are" in told and "1 sources outside" in told
    assert "17:45" in note.read_text()


def test_nothing_to_edit(workspace: Path) -> None:
    with package.open(workspace) as opened:
        for one in ("library", "pharmacy"):
            opened.knowledge.remove(f"health/{one}.md")
        text = "The tower was built in memory, and has 74 steps."
        opened.knowledge.add_documents([Document.from_text(text, id="tower", collection="health")])
        with pytest.raises(EvaluationError, match="No document can be edited") as told:
            drill(opened, "health", arms=[RAG])
        assert ".md" in told.value.message and newest_drill(opened, "health") is None


def test_a_damaged_drill_is_named(workspace: Path) -> None:
    folder = workspace / ".kilde" / "drills" / "health"
    folder.mkdir(parents=True)
    (folder / "0.json").write_text("{")
    with package.open(workspace) as opened, pytest.raises(StoreError) as told:
        newest_drill(opened, "health")
    assert "0.json: this drill cannot be read (" in told.value.message
    assert "kilde drill health" in told.value.hint


class Meanwhile(NoProgress):
    """Somebody indexes a document while a drill is under way."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace: Workspace | None = workspace

    def start(self, label: str, total: int | None, unit: str) -> None:
        if self.workspace is not None:
            document = Document.from_text("Zebras.", id="zebras", collection="health")
            self.workspace.knowledge.add_documents([document])
            self.workspace = None


def test_the_state_is_that_which_was_copied(workspace: Path) -> None:
    with package.open(workspace) as opened:
        version = opened.knowledge.version
        found = drill(opened, "health", edits=1, arms=[RAG], progress=Meanwhile(opened))
        assert found.store_version == version != opened.knowledge.version


TOWN = {
    "library": "The library opens at 9:15 on Mondays.\n\n## Loans\n\nYou may borrow 12 books here.",
    "pharmacy": "A prescription is renewed within 14 days.\n\n## Ring\n\nRing before 11:30 please.",
    "pool": "The pool opens at 6:45 on weekdays.\n\n## Tickets\n\nA ticket costs 45 kroner now.",
    "parking": "There are 18 chargers for cars.\n\n## Time\n\nPark for at most 90 minutes here.",
    "canteen": "Lunch costs 52 kroner for guests.\n\n## Coffee\n\nCoffee costs 16 kroner a cup.",
    "museum": "The museum shows 73 paintings now.\n\n## Tour\n\nA tour takes 35 minutes in all.",
}
AGENT = 'name = "Town"\ninstructions = "Answer."\nmax_words = 8\ngrounding = "off"\n'


def town(tmp_path: Path) -> Workspace:
    """A workspace with the documents of a town, an agent, and a tiny model called ``own``."""
    base, _ = parts.tiny_base(tmp_path, "llama")
    with package.init(tmp_path / "town") as made:
        folder = made.path
    with (folder / "kilde.toml").open("a") as stream:
        stream.write(f'\n[models.own]\nbackend = "llama_cpp"\nmodel = "{base}"\ncontext = 512\n')
    (folder / "town").mkdir()
    for name, text in TOWN.items():
        page = f"# {name.title()}\n\n## Hours\n\n{text}\n"
        (folder / "town" / f"{name}.md").write_text(page)
    (folder / "agents" / "town.toml").write_text(AGENT)
    workspace = package.open(folder)
    workspace.knowledge.add([folder / "town"])
    return workspace


def test_it_is_retrained_as_the_adapter_before_it_or_as_the_agent_answers(
    minilm: str, smollm2: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool | None] = []

    def retrained(*_: object, with_context: bool | None, **more: object) -> None:
        told.append(with_context)
        raise TuningError("Enough.", hint="Stop.")

    monkeypatch.setattr(retraining, "retrain", retrained)
    monkeypatch.setitem(generation.BACKENDS, "llama_cpp", Scripted)  # type: ignore[arg-type]
    with town(tmp_path) as opened:
        sha256 = opened.base_sha256("own")

        def trained(base_sha256: str, document_tokens: int) -> None:
            staged = stage(tmp_path / f"staged-{document_tokens}-{base_sha256[:4]}", b"lora")
            about = card(base_sha256=base_sha256, document_tokens=document_tokens)
            opened.registry.add("town", staged, about)

        def drilled() -> bool | None:
            (cost,) = drill(opened, "town", edits=1, arms=[TUNED], model="own").costs
            assert cost.skipped.startswith("Enough.")
            return told.pop()

        assert drilled() is None, "there is no adapter"
        trained("f" * 64, 300)
        assert drilled() is None, "it is for another model"
        trained(sha256, 0)
        assert drilled() is False
        trained(sha256, 300)
        assert drilled() is True
        (opened.path / "mine.gguf").write_bytes(b"lora")
        path = opened.path / "agents" / "town.toml"
        path.write_text(AGENT + 'adapter = "mine.gguf"\n')
        assert drilled() is None, "it has no card"


@pytest.mark.filterwarnings("ignore::FutureWarning:transformers", "ignore::UserWarning:peft")
def test_retraining_is_real(
    minilm: str, smollm2: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    """With a tiny model, which tells no truth; but an adapter is trained, and answers."""
    trainings: list[Path] = []

    def trained(folder: Path, progress: object) -> None:
        trainings.append(folder)
        train(folder)

    monkeypatch.setattr(recipe, "run_training", trained)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with town(tmp_path) as opened:
        before, version = content(opened), opened.knowledge.version
        found = drill(
            opened, "town", edits=3, arms=[RAG, TUNED, BOTH], model="own", epochs=0.1,
            questions_per_month=10**9,
        )  # fmt: skip
        assert content(opened) == before and list(temporary.iterdir()) == []
    rag, tuned, both = found.costs
    assert (tuned.work, tuned.skipped) == ("training", "")
    assert (both.work, both.skipped) == ("sync and training", "")
    # Both tuned arms answer with one adapter, which is trained once.
    assert len(trainings) == 1 and both.seconds == pytest.approx(rag.seconds + tuned.seconds)
    assert tuned.seconds > rag.seconds > 0
    assert [told.arm for told in found.told] == ["rag"] * 3 + ["tuned"] * 3 + ["rag+tuned"] * 3
    assert (found.model, found.adapter, found.epochs, found.seed) == ("own", "", 0.1, 0)
    assert found.store_version == version
    assert any(note.startswith("no adapter answered before") for note in found.notes)
    assert any("gate" in note for note in found.notes)
    extra = rag.answer_seconds - tuned.answer_seconds
    if extra > 0:
        wanted = extra * 10**9 / (tuned.seconds - rag.seconds)
        assert found.break_even == pytest.approx(wanted)
    else:
        assert found.break_even is None


def test_on_the_command_line(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("drill", "health", "--edits", "3", "--arms", "rag", cwd=workspace)
    assert (ended.code, ended.err) == (0, "")
    assert "3 edits in a copy" in ended.out and "rag" in ended.out and "new " in ended.out
    ended = kilde("drill", "health", "--edits", "2", "--arms", "rag,plain", "--json", cwd=workspace)
    found = validated("drill", ended.out)
    assert found["costs"][0]["skipped"] and len(found["told"]) == len(found["edits"]) == 2
    kept = workspace / ".kilde" / "drills" / "health" / f"{found['id']}.json"
    assert json.loads(kept.read_text("utf-8")) == found


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody"],
        ["health", "--edits", "0"],
        ["health", "--arms", "both"],
        ["health", "--arms", ","],
        ["health", "--model", "nothing"],
        ["health", "--questions-per-month", "0"],
        ["health", "--epochs", "0"],
        ["health", "--epochs", "nan"],
        ["health", "--seed", "-1"],
    ],
    ids=" ".join,
)
def test_wrong_use(kilde: Kilde, workspace: Path, arguments: list[str]) -> None:
    ended = kilde("drill", *arguments, cwd=workspace)
    assert (ended.code, ended.out) == (2, "") and "Traceback" not in ended.err
    assert not (workspace / ".kilde" / "drills").exists()


def test_the_epochs_are_those_of_a_training(kilde: Kilde, workspace: Path) -> None:
    ours, theirs = (
        next(one for one in command.params if one.name == "epochs")
        for command in (drill_command, tune_command)
    )
    assert isinstance(ours, click.Option) and isinstance(theirs, click.Option)
    assert ours.help and theirs.help and theirs.help.startswith(ours.help.removesuffix("."))
    assert ours.type.to_info_dict() == theirs.type.to_info_dict()
    arguments = ["--edits", "1", "--arms", "rag", "--epochs", "1.5", "--json"]
    ended = kilde("drill", "health", *arguments, cwd=workspace)
    assert validated("drill", ended.out)["epochs"] == 1.5


def test_the_arms_of_the_command_are_those_of_the_workspace() -> None:
    (option,) = (one for one in drill_command.params if one.name == "arms")
    assert isinstance(option, click.Option)
    assert option.default == ",".join(arm.name for arm in ARMS)
