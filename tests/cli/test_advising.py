"""Advice on the command line: measured, unmeasured, and from an interview."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.advice.parts import AT, comparison, difference, drill, wins
from tests.tuning.lora import card, stage

import kilde as package
from kilde.evaluation.comparison_json import write_comparison
from kilde.evaluation.drill_json import dump_drill
from kilde.workspace import advising, tuning
from kilde.workspace.comparisons import definition_sha256

from .conftest import HEALTH_AGENT, Kilde, process, validated, write_rows

TASK = {"plain": 0.2, "rag": 0.8}
RAG = comparison(TASK, *wins("rag", "plain"), skipped={"tuned": "there is no adapter"})


def keep(workspace: Path, found: object, id: str = "0123456789ab") -> None:
    folder = workspace / ".kilde" / "comparisons" / "health" / id
    folder.mkdir(parents=True)
    write_comparison(folder / "comparison.json", replace(found, id=id))


def test_unmeasured(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("advise", "health", cwd=workspace)
    assert ended.code == 0 and "Nothing is measured yet" in ended.out
    assert "Confidence: unmeasured" in ended.out
    assert "kilde testset build health --from documents" in ended.out
    assert "Kilde's own trainings (docs/tuning.md)" in ended.out


def test_measured_by_the_newest_comparison(kilde: Kilde, workspace: Path) -> None:
    older = replace(RAG, created_at=AT - timedelta(days=1))
    keep(workspace, replace(older, differences=()), "older0000000")
    keep(workspace, RAG)
    ended = kilde("advise", "health", cwd=workspace)
    assert ended.code == 0
    assert ended.out.startswith("Look things up (rag). On 200 questions it scores 80%")
    for words in ("For it", "What would change it", "What to do next", "Notes"):
        assert words in ended.out
    assert "measured 0123456789ab, task" in ended.out
    found = validated("advise", kilde("advise", "health", "--json", cwd=workspace).out)
    assert found["recommendation"] == "retrieve" and found["comparison"] == "0123456789ab"
    assert found["notes"][0] == "tuned was not measured: there is no adapter"


def test_a_drill_counts(kilde: Kilde, workspace: Path) -> None:
    keep(workspace, RAG)
    folder = workspace / ".kilde" / "drills" / "health"
    folder.mkdir(parents=True)
    (folder / "drill0000001.json").write_text(dump_drill(drill(rag=0.9, plain=0.0)))
    found = validated("advise", kilde("advise", "health", "--json", cwd=workspace).out)
    assert found["drill"] == "drill0000001"
    assert [one["value"] for one in found["evidence_for"] if one["kind"] == "drill"]
    assert not any(step["command"].startswith("kilde drill") for step in found["next"])


def test_undecided_names_both_arms(kilde: Kilde, workspace: Path) -> None:
    near = difference("task", "plain", "rag", 0.05, needed=700)
    keep(workspace, comparison({"plain": 0.7, "rag": 0.75}, near))
    ended = kilde("advise", "health", cwd=workspace)
    assert ended.out.startswith("Undecided") and "about 500 more questions" in ended.out
    assert "Speaks for rag" in ended.out


def test_a_changed_model_is_told(kilde: Kilde, workspace: Path) -> None:
    """Neither is in the hash of the agent's file: its model, and the default of the workspace."""
    other = "The agent answers with another model than was measured."
    (workspace / "own.gguf").write_bytes(b"own")
    (workspace / "other.gguf").write_bytes(b"other")
    file = workspace / "agents" / "health.toml"

    def use(model: str) -> None:
        file.write_text(f'{HEALTH_AGENT}model = "{model}"\n', "utf-8")

    def told() -> bool:
        found = validated("advise", kilde("advise", "health", "--json", cwd=workspace).out)
        return other in found["notes"] and other in found["next"][0]["why"]

    use("own.gguf")
    with package.open(workspace) as opened:
        agent = definition_sha256(opened.agent_file("health")[1])
        sha256 = opened.base_sha256(str(workspace / "own.gguf"))
    arms = tuple(replace(run, model_sha256=sha256) for run in RAG.arms)
    keep(workspace, replace(RAG, agent_sha256=agent, store_version=None, arms=arms))
    assert not told()
    use("other.gguf")
    assert told()
    use("missing.gguf")
    assert not told(), "nobody can say what is in it"
    use("")
    settings = workspace / "kilde.toml"
    before = settings.read_text("utf-8")
    assert before.count('model = "quotes"') == 1
    settings.write_text(before.replace('"quotes"', '"own.gguf"'), "utf-8")
    assert not told()
    settings.write_text(before.replace('"quotes"', '"other.gguf"'), "utf-8")
    assert told()


def test_a_damaged_comparison_is_named(kilde: Kilde, workspace: Path) -> None:
    keep(workspace, RAG)
    path = next((workspace / ".kilde" / "comparisons").glob("*/*/comparison.json"))
    path.write_text("{")
    ended = kilde("advise", "health", cwd=workspace)
    assert ended.code == 1 and str(path) in ended.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Either the name of an agent or --interview"),
        (["health", "--interview"], "Either the name of an agent or --interview"),
        (["--interview", "--html", "x.html"], "go with AGENT"),
        (["nobody"], "No agent named 'nobody'"),
    ],
)
def test_wrong_use(kilde: Kilde, workspace: Path, arguments: list[str], told: str) -> None:
    ended = kilde("advise", *arguments, cwd=workspace)
    assert (ended.code, ended.out) == (2, "") and told in ended.err


def test_no_report_without_figures(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("advise", "health", "--html", "report.html", cwd=workspace)
    assert ended.code == 1 and "kilde compare health" in ended.err
    assert not (workspace / "report.html").exists()


def test_the_report_is_written_as_page_and_as_markdown(kilde: Kilde, workspace: Path) -> None:
    (workspace / "test.jsonl").write_text(
        json.dumps({"question": "When does the library open?", "reference": "At 9:15."}) + "\n"
    )
    built = kilde("testset", "build", "health", "--from", "test.jsonl", cwd=workspace)
    assert built.code == 0, built.err
    with package.open(workspace) as opened:
        sha256 = opened.testsets.card("health").sha256
    keep(workspace, replace(RAG, testset_sha256=sha256))
    files = ["--html", "report.html", "--markdown", "report.md"]
    ended = kilde("advise", "health", *files, cwd=workspace)
    assert ended.code == 0, ended.err
    assert "Look things up (rag)" in (workspace / "report.html").read_text("utf-8")
    assert "Look things up (rag)" in (workspace / "report.md").read_text("utf-8")
    ended = kilde("advise", "health", "--html", "no/folder/report.html", cwd=workspace)
    assert ended.code == 1 and "cannot be written" in ended.err
    # Another test of the same name is not the one that was measured.
    keep(workspace, replace(RAG, created_at=AT + timedelta(days=1)), "newer0000000")
    ended = kilde("advise", "health", "--html", "other.html", cwd=workspace)
    assert ended.code == 1 and "is not the one that was measured" in ended.err
    assert not (workspace / "other.html").exists()


def test_the_interview_needs_no_workspace_and_asks_on_stderr(tmp_path: Path) -> None:
    """``often``, sources ``yes``, and all else unknown, which an empty line means as well."""
    typed = "1\n1\n" + "3\n" * 2 + "4\n" + "\n" * 7
    ended = process("advise", "--interview", "--json", cwd=tmp_path, typed=typed)
    assert ended.code == 0, ended.err
    assert "How often do the facts" in ended.err and "do not know" in ended.err
    found = validated("advise", ended.out)
    assert (found["recommendation"], found["confidence"]) == ("retrieve", "unmeasured")
    assert {one["source"] for one in found["evidence_for"]} == {
        "knowledge-changes",
        "sources-shown",
    }
    ended = process("advise", "--interview", cwd=tmp_path, typed="\n" * 12)
    assert ended.code == 0 and "nothing that is known speaks for" in ended.out
    assert process("advise", "--interview", cwd=tmp_path, typed="9\n").code == 130


# What the workspace knows of an agent.


def test_facts_of_an_agent_that_looks_up(workspace: Path) -> None:
    with package.open(workspace) as opened:
        facts = advising.facts_of(opened, "health")
        # That there is no dataset yet does not say that there are few examples.
        assert (facts.documents, facts.rows, facts.retrieval) == (2, None, True)
        values = {name: known.value for name, known in facts.known.items()}
        assert values == {"documents": "few", "control": "yes"}
        assert (facts.model, facts.answers_with) == ("quotes", "")
        assert (facts.adapter, facts.adapters, facts.testset) == ("", (), "")
        assert facts.store_version == opened.knowledge.version
        # A day's history says nothing of a month.
        assert facts.changes is None
        # That sources must be shown is what somebody wrote, and no default.
        with (workspace / "agents" / "health.toml").open("a") as stream:
            stream.write('grounding = "strict"\n')
        assert advising.facts_of(opened, "health").known["sources"].value == "yes"


def test_facts_of_an_agent_that_fills_in_a_form(workspace: Path) -> None:
    (workspace / "agents" / "sorter.toml").write_text(
        'name = "Sorter"\ninstructions = "Sort."\nretrieval = false\nadapter = "none"\n'
        '[output.schema]\ntype = "object"\n[output.schema.properties.kind]\nenum = ["a", "b"]\n'
    )
    write_rows(workspace / "rows.jsonl", 12)
    with package.open(workspace) as opened:
        opened.registry.add("sorter", stage(workspace / "staged"), replace(card(), agent="sorter"))
        opened.registry.promote("sorter@1", by="me", forced=True)
        tuning.build_dataset(opened, "sorter", workspace / "rows.jsonl")
        facts = advising.facts_of(opened, "sorter")
    values = {name: known.value for name, known in facts.known.items()}
    assert values == {"form": "yes", "labels": "yes", "rows": "few"}
    assert (facts.adapter, facts.adapters, facts.dataset) == ("", ("sorter@1",), "sorter")
    assert facts.adapter_setting == "none"
    assert facts.rows == 10


def test_a_model_that_is_served_elsewhere_is_known_by_its_name(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(workspace, RAG)
    with (workspace / "kilde.toml").open("a") as stream:
        stream.write(
            '\n[models.served]\nbackend = "openai"\nmodel = "big"\n'
            'base_url = "http://127.0.0.1:9/v1"\napi_key_env = "NO_SUCH_KEY"\n'
        )
    with (workspace / "agents" / "health.toml").open("a") as stream:
        stream.write('model = "served"\n')
    with package.open(workspace) as opened:
        assert advising.facts_of(opened, "health").answers_with == "", "there is no key"
        monkeypatch.setenv("NO_SUCH_KEY", "secret")
        assert advising.facts_of(opened, "health").answers_with == "openai:big@127.0.0.1:9"


def test_changes_are_those_of_its_own_documents(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with package.open(workspace) as opened:
        # Filled in one hour, then twice changed within its collection, and once elsewhere.
        (workspace / "health" / "library.md").write_text("# Library\n\nIt opens at 10.\n")
        opened.knowledge.sync()
        (workspace / "site" / "badeanstalt.md").write_text("# Badeanstalten\n\nLukket.\n")
        opened.knowledge.sync()
        (workspace / "health" / "library.md").write_text("# Library\n\nIt opens at 11.\n")
        opened.knowledge.sync()
        history = opened.knowledge.history()
        now = history[-1].at
        days = [31.0] * (len(history) - 3) + [20.0, 15.0, 10.0]
        moved = [
            replace(version, at=now - timedelta(days=ago))
            for version, ago in zip(history, days, strict=True)
        ]
        monkeypatch.setattr(opened.knowledge, "history", lambda: moved)
        definition = opened.definition("health")
        assert advising.changes_per_month(opened, definition) == pytest.approx(2.0, abs=0.01)
        assert advising.facts_of(opened, "health").known["changes"].value == "often"
        # What the whole workspace holds changed three times.
        everything = definition.model_copy(update={"collections": None})
        assert advising.changes_per_month(opened, everything) == pytest.approx(3.0, abs=0.01)
