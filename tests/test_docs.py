"""What the documentation says is run and compared: commands, settings, links, Python."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kilde.config import CostsConfig, GeneratorConfig, WorkspaceConfig

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


def kilde(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kilde", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
    )


def test_the_session_of_the_readme_is_real(tmp_path: Path, minilm: str) -> None:
    """Each command runs, and prints the lines that the README shows below it."""
    (session,) = blocks(ROOT / "README.md", "console")
    folder = tmp_path
    for step in session.split("$ ")[1:]:
        command, _, expected = step.partition("\n")
        words = shlex.split(command)
        if words[0] == "cd":
            folder = folder / words[1]
            continue
        assert words[0] == "kilde"
        done = kilde(words[1:], folder)
        assert done.returncode == 0, done.stderr
        for line in filter(None, map(str.strip, expected.splitlines())):
            assert line in done.stdout


def test_the_python_of_the_docs_runs(
    tmp_path: Path, minilm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "hours.md").write_text("# Hours\n\nThe clinic opens at 8 every day.\n")
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(ROOT / "docs" / "python.md", "python")
    before, ask = code.split('    answer = ws.agent("health")')
    agent = '    (ws.path / "agents" / "health.toml").write_text(AGENT)\n'
    made = f'{before}{agent}    answer = ws.agent("health"){ask}    assert answer.citations\n'
    exec(made, {"AGENT": 'name = "Health"\ninstructions = "Answer."\n'})


def test_the_agent_of_the_readme_is_valid(tmp_path: Path) -> None:
    from kilde.agents.definition import load_definition

    for page in (ROOT / "README.md", ROOT / "docs" / "agents.md"):
        for number, text in enumerate(blocks(page, "toml")):
            path = tmp_path / f"{number}.toml"
            path.write_text(text, encoding="utf-8")
            assert load_definition(path).instructions


def test_every_setting_is_documented_and_no_other() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    tables = re.split(r"In `\[(?:models\.NAME|costs)\]`:", text)
    workspace = set(re.findall(r"^\| `(\w+)` \|", tables[0], re.M)) | {"models", "costs"}
    generator, costs = (set(re.findall(r"^\| `([a-z_]+)` \|", t, re.M)) for t in tables[1:])
    assert workspace == set(WorkspaceConfig.model_fields)
    assert generator == set(GeneratorConfig.model_fields)
    assert costs == set(CostsConfig.model_fields)


def test_documented_defaults_are_the_defaults() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    configs = (CostsConfig, GeneratorConfig, WorkspaceConfig)
    fields = {name: field for one in configs for name, field in one.model_fields.items()}
    for name, shown in re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", text, re.M):
        default = fields[name].default
        expected = str(default).lower() if not isinstance(default, str) else f'"{default}"'
        assert shown == expected, name


def test_every_key_of_an_agent_is_documented() -> None:
    from kilde.agents.definition import AgentDefinition

    text = (ROOT / "docs" / "agents.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `(?:\[\[)?(\w+)", text, re.M))
    assert set(AgentDefinition.model_fields) <= documented


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page}: {target}"


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    reasons = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    extras = project["optional-dependencies"].values()
    for requirement in [*project["dependencies"], *(r for extra in extras for r in extra)]:
        name = re.split(r"[\s\[<>=!~;(]", requirement)[0].lower()
        assert name == "kilde" or name in reasons, name
