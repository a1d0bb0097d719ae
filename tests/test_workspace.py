"""The folder that everything stands in: made, opened, wrong, read-only."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest

import kilde
from kilde.errors import ConfigError, NotFound, WorkspaceError
from kilde.types import Document
from kilde.workspace import Workspace

Form = Literal["NFC", "NFD"]

_AGENT = 'name = "{name}"\ninstructions = "Answer."\n'
_QUESTION = "When is the clinic open?"


@pytest.fixture
def workspace(minilm: str, tmp_path: Path) -> Iterator[Workspace]:
    with kilde.init(tmp_path / "centre") as made:
        yield made


def agent(workspace: Workspace, key: str, name: str = "") -> None:
    path = workspace.path / "agents" / f"{key}.toml"
    path.write_text(_AGENT.format(name=name or key.title()), encoding="utf-8")


def test_made_once(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        kilde.init(workspace.path)
    assert kilde.open(workspace.path).config.name == "centre"
    assert (workspace.path / ".kilde" / ".gitignore").read_text() == "*\n"


def test_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"it has no kilde\.toml") as caught:
        kilde.open(tmp_path)
    assert "kilde init" in caught.value.hint
    with pytest.raises(WorkspaceError):
        kilde.open(tmp_path / "nowhere")


def test_a_folder_with_documents_can_become_one(minilm: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Hello.")
    with kilde.init(tmp_path) as made:
        assert made.agents() == ()
    assert (tmp_path / "a.md").read_text() == "Hello."


def test_no_workspace_where_a_file_stands(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkspaceError, match="no workspace can be made"):
        kilde.init(tmp_path / "file")


def test_an_unknown_agent_is_told_with_those_that_are_close(workspace: Workspace) -> None:
    agent(workspace, "health")
    agent(workspace, "site-guide")
    with pytest.raises(NotFound) as caught:
        workspace.agent("helth")
    assert "Did you mean 'health'?" in caught.value.hint
    with pytest.raises(NotFound) as caught:
        workspace.agent("")
    assert "health, site-guide" in caught.value.hint


def test_an_agent_by_the_name_it_bears(workspace: Workspace) -> None:
    agent(workspace, "health", "Health Centre")
    assert workspace.agent("Health Centre").key == "health"


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_an_agent_is_found_however_its_letters_are_encoded(
    workspace: Workspace, written: Form, typed: Form
) -> None:
    key = normalize("NFC", "sundhedsråd")
    agent(workspace, normalize(written, key), normalize(written, "Søster Åse"))
    assert workspace.agents() == (key,)
    for name in (normalize(typed, key), normalize(typed, "Søster Åse")):
        asked = workspace.agent(name)
        assert asked.key == key
        assert asked.ask(_QUESTION).agent == key
        assert workspace.agent_file(name)[0] == key
    assert [answer.agent for answer in workspace.records.latest()] == [key, key]
    assert workspace.check_agents() == {key: ()}
    assert workspace.default_agent().key == key


def test_two_files_whose_names_look_the_same_are_a_fault(workspace: Workspace) -> None:
    key = normalize("NFC", "råd")
    agent(workspace, key)
    agent(workspace, normalize("NFD", key), "Other")
    assert workspace.agents() == (key,)
    (fault,) = workspace.check_agents()[key]
    assert "'r\\xe5d.toml' and 'ra\\u030ad.toml'" in fault or "'ra\\u030ad.toml' and" in fault
    with pytest.raises(ConfigError, match="how their letters are encoded"):
        workspace.agent(key)


def test_two_agents_of_one_name_must_be_told_apart(workspace: Workspace) -> None:
    agent(workspace, "one", "Twin")
    agent(workspace, "two", "Twin")
    with pytest.raises(ConfigError, match="Twin") as caught:
        workspace.agent("Twin")
    assert "one.toml" in str(caught.value) and "two.toml" in str(caught.value)
    assert workspace.agent("two").key == "two"


def test_a_faulty_agent_does_not_keep_another_from_answering(workspace: Workspace) -> None:
    agent(workspace, "good", "Good One")
    (workspace.path / "agents" / "bad.toml").write_text('name = \ninstructions = "x\n')
    assert workspace.agent("good").key == "good"
    assert workspace.agent("Good One").key == "good"
    assert workspace.agents() == ("bad", "good")
    with pytest.raises(ConfigError) as caught:
        workspace.agent("bad")
    assert len(caught.value.faults) == 2
    assert workspace.check_agents()["good"] == ()
    assert len(workspace.check_agents()["bad"]) == 2


def test_the_agent_that_is_meant_when_none_is_named(workspace: Workspace) -> None:
    assert workspace.default_agent().key == "assistant"
    agent(workspace, "health")
    assert workspace.default_agent().key == "health"
    agent(workspace, "other")
    with pytest.raises(NotFound) as caught:
        workspace.default_agent()
    assert "--agent" in caught.value.hint


def test_an_unknown_model_is_told_when_checked_and_asked(workspace: Workspace) -> None:
    agent(workspace, "health")
    path = workspace.path / "agents" / "health.toml"
    path.write_text(path.read_text() + 'model = "smolm2-135m-instruct-q4"\n')
    (fault,) = workspace.check_agents()["health"]
    assert "smollm2-135m-instruct-q4" in fault
    with pytest.raises(NotFound, match="smolm2"):
        workspace.agent("health").ask(_QUESTION, retrieval=False)


def test_a_collection_that_holds_nothing_is_remarked(workspace: Workspace) -> None:
    agent(workspace, "health")
    path = workspace.path / "agents" / "health.toml"
    path.write_text(path.read_text() + 'collections = ["helth"]\n')
    assert "helth" in workspace.check_agents()["health"][0]


def test_an_empty_workspace_declines(workspace: Workspace) -> None:
    answer = workspace.default_agent().ask(_QUESTION)
    assert answer.abstained and not answer.nearest


def test_no_records_where_none_are_wanted(workspace: Workspace) -> None:
    config = workspace.path / "kilde.toml"
    config.write_text(config.read_text() + "records = false\n")
    with kilde.open(workspace.path) as silent:
        silent.default_agent().ask(_QUESTION)
    assert not (workspace.path / ".kilde" / "records.db").exists()


def test_an_answer_is_given_where_it_cannot_be_kept(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.knowledge.add_documents(
        [Document.from_text("The clinic is open from 8 to 16.", id="a", language="en")]
    )
    # As the superuser may write anywhere, a folder takes the database's place.
    (workspace.path / ".kilde" / "records.db").mkdir()
    answer = workspace.default_agent().ask(_QUESTION)
    assert "8 to 16" in answer.text
    assert "could not be kept" in caplog.text


def test_a_read_only_state_answers_all_the_same(workspace: Workspace) -> None:
    workspace.knowledge.add_documents(
        [Document.from_text("The clinic is open from 8 to 16.", id="a", language="en")]
    )
    workspace.close()
    folders = [p for p in (workspace.path / ".kilde").rglob("*") if p.is_dir()]
    folders.append(workspace.path / ".kilde")
    for folder in folders:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with kilde.open(workspace.path) as again:
            assert "8 to 16" in again.default_agent().ask(_QUESTION).text
    finally:
        for folder in folders:
            folder.chmod(stat.S_IRWXU)


def test_closing_twice(workspace: Workspace) -> None:
    workspace.default_agent().ask(_QUESTION)
    workspace.close()
    workspace.close()
