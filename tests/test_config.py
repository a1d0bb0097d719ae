"""Settings: their defaults, a new file, and secrets that must not stand in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kilde.agents.definition import AgentDefinition, load_definition
from kilde.config import CONFIG_FILE, WorkspaceConfig, load_config, new_config
from kilde.errors import ConfigError


def load(tmp_path: Path, text: str) -> WorkspaceConfig:
    (tmp_path / CONFIG_FILE).write_text(text, encoding="utf-8")
    return load_config(tmp_path)


def test_an_empty_file_is_a_working_one(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert config == WorkspaceConfig()
    assert (config.model, config.records, config.keep_days) == ("quotes", True, 30)


def test_ocr_is_automatic_or_off(tmp_path: Path) -> None:
    assert load(tmp_path, "").ocr == "auto"
    assert load(tmp_path, 'ocr = "off"').ocr == "off"
    with pytest.raises(ConfigError, match="'auto' or 'off'"):
        load(tmp_path, "ocr = true")


@pytest.mark.parametrize(
    "name", ["centre", 'with "quotes"', "back\\slash", "Blåbær 😀", "line\nbreak", ""]
)
def test_a_new_file_is_read_back(tmp_path: Path, name: str) -> None:
    config = load(tmp_path, new_config(name))
    assert config == WorkspaceConfig(name=name)


@pytest.mark.parametrize("key", ["api_key", "apikey", "token", "password"])
def test_a_secret_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    text = (
        '[models.big]\nbackend = "openai"\nmodel = "m"\nbase_url = "http://127.0.0.1:1/v1"\n'
        f'{key} = "sk-verysecret"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    (fault,) = caught.value.faults
    assert f"{CONFIG_FILE}:5: " in fault and "api_key_env" in fault
    assert "verysecret" not in str(caught.value)


def test_a_key_pasted_where_its_variable_is_named(tmp_path: Path) -> None:
    text = (
        '[models.big]\nbackend = "openai"\nmodel = "m"\nbase_url = "http://127.0.0.1:1/v1"\n'
        'api_key_env = "sk-very-secret"\n'
    )
    with pytest.raises(ConfigError, match="environment variable") as caught:
        load(tmp_path, text)
    assert "very-secret" not in str(caught.value)


def test_an_endpoint_needs_an_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="http address") as caught:
        load(tmp_path, '[models.big]\nbackend = "openai"\nmodel = "m"\n')
    assert ":1: " in caught.value.faults[0]


def test_name_and_instructions_make_an_agent(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = "A"\ninstructions = "Answer."\n', encoding="utf-8")
    found = load_definition(path)
    assert found == AgentDefinition(name="A", instructions="Answer.")
    assert (found.grounding, found.retrieval, found.collections) == ("strict", True, None)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('grounding = "loose"', "grounding"),
        ('language = "Danish"', "language"),
        ("max_words = 1", "max_words"),
        ('collections = ["a b"]', "collections"),
        ("output = 3", "output"),
        ('colletions = ["health"]', "colletions is not a setting"),
    ],
)
def test_a_wrong_setting_of_an_agent_is_named_with_its_line(
    tmp_path: Path, setting: str, words: str
) -> None:
    path = tmp_path / "a.toml"
    path.write_text(f'name = "A"\ninstructions = "x"\n\n{setting}\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_definition(path)
    assert any(f"{path}:4: " in fault and words in fault for fault in caught.value.faults)


def test_a_blank_name_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = " "\ninstructions = ""\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_definition(path)
    assert len(caught.value.faults) == 2
