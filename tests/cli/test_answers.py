"""Search and ask: what is found, what is said, and where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.documents.scans import DANISH, ENGLISH, make_scan, require_tesseract

from .conftest import HEALTH_AGENT, Kilde, validated


def test_search_shows_place_scores_and_words(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("search", "when does the library open", "-k", "1", cwd=workspace)
    first, second = ended.out.splitlines()
    assert first.startswith("  1  Library · health/library.md · Opening hours  ")
    assert "words " in first and "meaning " in first
    assert "opens at 9:15 on Mondays" in second


def test_search_stays_in_the_collections_that_were_named(kilde: Kilde, workspace: Path) -> None:
    everywhere = kilde("search", "open klokken", cwd=workspace).out
    assert "health/" in everywhere and "site/" in everywhere
    assert (
        "health/" not in kilde("search", "open klokken", "--collection", "site", cwd=workspace).out
    )


def test_ask_answers_with_numbered_sources(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("ask", "When does the library open on Mondays?", cwd=workspace)
    assert ended.code == 0
    assert "The library opens at 9:15 on Mondays. [1]" in ended.out
    assert "\nSources\n  1  Library · health/library.md · Opening hours\n" in ended.out
    assert "“The library opens at 9:15 on Mondays.”" in ended.out


def test_what_was_read_by_ocr_is_marked(kilde: Kilde, workspace: Path) -> None:
    require_tesseract()
    make_scan(workspace / "site/svømmehal.pdf", [DANISH], text_pages=[ENGLISH])
    assert kilde("add", "site", cwd=workspace).code == 0
    question = "Hvad koster et klippekort for voksne?"
    (workspace / "agents/health.toml").unlink()
    ended = kilde("ask", question, cwd=workspace)
    assert "Et klippekort koster 465 kr. for voksne og 125,50 kr. for børn. [1]" in ended.out
    assert " · site/svømmehal.pdf · page 2, read by OCR" in ended.out
    cited = validated("ask", kilde("ask", question, "--json", cwd=workspace).out)["citations"]
    assert {c["recognized"] for c in cited if c["document"]["id"] == "site/svømmehal.pdf"} == {True}
    ended = kilde("ask", "Who must accompany children below the age of eight?", cwd=workspace)
    assert " · page 1\n" in ended.out and "read by OCR" not in ended.out
    found = kilde("search", question, "-k", "1", cwd=workspace).out
    assert "page 2, read by OCR" in found


def test_search_and_ask_name_all_documents_with_the_same_words(
    kilde: Kilde, workspace: Path
) -> None:
    library = (workspace / "health" / "library.md").read_text()
    (workspace / "health" / "copy.md").write_text(library)
    assert kilde("sync", cwd=workspace).code == 0
    question = "When does the library open on Mondays?"
    for command in ("search", "ask"):
        ended = kilde(command, question, cwd=workspace)
        assert "     also in: health/library.md\n" in ended.out
    assert ended.out.count("opens at 9:15 on Mondays. [1]") == 1


def test_ask_names_the_nearest_documents_when_it_declines(kilde: Kilde, workspace: Path) -> None:
    ended = kilde("ask", "Which volcano erupted in Iceland?", cwd=workspace)
    assert ended.code == 0
    assert "Sources" not in ended.out
    assert "Nearest documents" in ended.out


def test_an_agent_answers_from_its_collections_only(kilde: Kilde, workspace: Path) -> None:
    question = "Hvad koster en billet til badeanstalten?"
    assert "45 kr." not in kilde("ask", question, "--agent", "health", cwd=workspace).out
    (workspace / "agents" / "all.toml").write_text(
        HEALTH_AGENT.replace('collections = ["health"]\n', ""), encoding="utf-8"
    )
    assert "45 kr." in kilde("ask", question, "--agent", "all", cwd=workspace).out


def test_several_agents_must_be_chosen_from(kilde: Kilde, workspace: Path) -> None:
    (workspace / "agents" / "other.toml").write_text(HEALTH_AGENT, encoding="utf-8")
    ended = kilde("ask", "When does the library open?", cwd=workspace)
    assert ended.code == 2
    assert "--agent: health, other" in ended.err


def test_as_of_answers_from_the_past(kilde: Kilde, workspace: Path) -> None:
    question = "When does the library open on Mondays?"
    assert "'v1'" in kilde("tag", "v1", cwd=workspace).out
    library = workspace / "health" / "library.md"
    library.write_text(library.read_text().replace("9:15", "10:45"))
    kilde("sync", cwd=workspace)
    assert "10:45" in kilde("ask", question, cwd=workspace).out
    past = kilde("ask", question, "--as-of", "v1", cwd=workspace).out
    assert "9:15" in past and "10:45" not in past
    found = kilde("search", "library Mondays", "--as-of", "v1", cwd=workspace).out
    assert "9:15" in found and "10:45" not in found


def test_show_prompt_prints_the_messages_as_sent(kilde: Kilde, workspace: Path) -> None:
    question = "When does the library open on Mondays?"
    ended = kilde("ask", question, "--show-prompt", cwd=workspace)
    system, user = ended.out.index("[system]"), ended.out.index("[user]")
    assert system < ended.out.index("Answer briefly.") < user
    assert user < ended.out.index("[Document 1: Library") < ended.out.index("[1]")


@pytest.mark.usefixtures("smollm2")
def test_no_retrieval_asks_the_model_alone(kilde: Kilde, workspace: Path) -> None:
    (workspace / "agents" / "health.toml").write_text(
        HEALTH_AGENT + 'model = "smollm2-135m-instruct-q4"\nmax_words = 10\n'
    )
    ended = kilde("ask", "What is a library?", "--no-retrieval", "--show-prompt", cwd=workspace)
    assert ended.code == 0
    assert "[Document 1" not in ended.out
    assert "Sources" not in ended.out
