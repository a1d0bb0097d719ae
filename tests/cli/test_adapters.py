"""Adapters are listed, shown, promoted, taken back, removed and exported."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.tuning.lora import MODEL, add_random, card, stage

import kilde as package
from kilde.cli.adapters import FORMATS
from kilde.tuning.adapters.registry import Registry

from .conftest import HEALTH_AGENT, Kilde


@pytest.fixture
def registry(workspace: Path, smollm2: str) -> Iterator[Registry]:
    """Two adapters of the health agent, which answers with the small model."""
    (workspace / "agents" / "health.toml").write_text(f'{HEALTH_AGENT}model = "{MODEL}"\n')
    with package.open(workspace) as opened:
        for number in (1, 2):
            opened.registry.add("health", stage(workspace / f"staged-{number}"), card())
        yield opened.registry


def test_none_yet(kilde: Kilde, workspace: Path) -> None:
    assert "No adapters yet" in kilde("adapter", "list", cwd=workspace).out
    assert kilde("adapter", "list", "health", cwd=workspace).code == 0
    ended = kilde("adapter", "list", "helth", cwd=workspace)
    assert ended.code == 2 and "'health'" in ended.err


def test_an_agent_may_be_named_as_it_is_called(
    kilde: Kilde, workspace: Path, registry: Registry
) -> None:
    registry.promote("health@2", by="ida")
    assert "health@2" in kilde("adapter", "list", "Health questions", cwd=workspace).out
    for typo in (["list", "helth"], ["rollback", "helth"]):
        ended = kilde("adapter", *typo, cwd=workspace)
        assert ended.code == 2 and "No agent named 'helth'" in ended.err
    ended = kilde("adapter", "rollback", "Health questions", cwd=workspace)
    assert ended.out == "health: its model alone answers, from the next question on.\n"
    (workspace / "agents" / "health.toml").unlink()
    assert "health@2" in kilde("adapter", "list", "health", cwd=workspace).out


def test_times_are_those_of_this_computer(
    kilde: Kilde, workspace: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.promote("health@2", by="ida")
    (event,) = registry.history("health")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        listed = kilde("adapter", "list", cwd=workspace).out
        shown = kilde("adapter", "show", "health@2", cwd=workspace).out
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "2026-11-20 17:00" in listed  # made at 8:00 in UTC
    assert "2026-11-20 17:00 in" in shown
    at = event.at.astimezone(timezone(timedelta(hours=9)))
    assert f"{at:%Y-%m-%d %H:%M} promote by ida" in shown


def test_list_marks_the_promoted_one(kilde: Kilde, workspace: Path, registry: Registry) -> None:
    registry.promote("health@2", by="ida")
    lines = kilde("adapter", "list", cwd=workspace).out.splitlines()
    assert lines[0].split()[0] == "ADAPTER"
    assert lines[1].split()[0] == "health@1" and "not judged" in lines[1]
    assert lines[2].split()[:2] == ["*", "health@2"]
    found = json.loads(kilde("adapter", "list", "health", "--json", cwd=workspace).out)
    assert [one["promoted"] for one in found] == [False, True]


def test_show_tells_where_it_comes_from_and_who_promoted_it(
    kilde: Kilde, workspace: Path, registry: Registry
) -> None:
    gate = {"passed": True, "reason": "more answers in the form"}
    registry.add("health", stage(workspace / "staged"), card(languages=("da", "en"), gate=gate))
    registry.promote("health@3", by="ida", why="shorter")
    shown = kilde("adapter", "show", "health@3", cwd=workspace).out
    for part in ("2 documents, 1 answers", "da, en", "sft", "Apache-2.0", "passed", "loss", "1.25"):
        assert part in shown, part
    assert "more answers in the form" in shown and "promote by ida: shorter" in shown
    found = json.loads(kilde("adapter", "show", "health@3", "--json", cwd=workspace).out)
    assert found["card"]["settings"]["rank"] == 2 and found["promoted"]
    assert found["history"][0]["by"] == "ida"
    ended = kilde("adapter", "show", "helth@3", cwd=workspace)
    assert ended.code == 2 and "health@3" in ended.err


def test_promote_rollback_and_remove(kilde: Kilde, workspace: Path, registry: Registry) -> None:
    ended = kilde("adapter", "promote", "health@1", "--why", "better", cwd=workspace)
    assert ended.code == 0 and "health@1 answers for health" in ended.out
    (event,) = registry.history("health")
    assert (event.by, event.why, event.forced) == (getpass.getuser(), "better", False)
    assert "health@1, the promoted one" in kilde("agent", "show", "health", cwd=workspace).out
    ended = kilde("adapter", "remove", "health@1", cwd=workspace)
    assert ended.code == 1 and "rollback health" in ended.err
    assert "its model alone" in kilde("adapter", "rollback", "health", cwd=workspace).out
    assert kilde("adapter", "rollback", "health", cwd=workspace).code == 1
    assert kilde("adapter", "remove", "health@1", cwd=workspace).code == 0
    assert [one.name for one in registry.list()] == ["health@2"]


def test_force_is_needed_against_the_gate_and_recorded(
    kilde: Kilde, workspace: Path, registry: Registry
) -> None:
    registry.add("health", stage(workspace / "staged"), card(gate={"passed": False}))
    ended = kilde("adapter", "promote", "health@3", cwd=workspace)
    assert ended.code == 1 and "--force" in ended.err and registry.promoted("health") is None
    assert kilde("adapter", "promote", "health@3", "--force", cwd=workspace).code == 0
    assert registry.history("health")[-1].forced
    assert kilde("adapter", "promote", "health@2", "--force", cwd=workspace).code == 0
    assert not registry.history("health")[-1].forced, "there was nothing to force"
    assert "against its gate" in kilde("adapter", "show", "health@3", cwd=workspace).out


def test_an_adapter_of_another_model_is_not_promoted(
    kilde: Kilde, workspace: Path, registry: Registry
) -> None:
    (workspace / "agents" / "health.toml").write_text(HEALTH_AGENT)  # by quotation
    ended = kilde("adapter", "promote", "health@1", cwd=workspace)
    assert ended.code == 1 and MODEL in ended.err and "agents/health.toml" in ended.err
    assert registry.promoted("health") is None
    assert kilde("adapter", "promote", "health@1", "--force", cwd=workspace).code == 0
    assert registry.history("health")[-1].forced


def test_a_line_in_the_agent_s_file_that_goes_before_is_remarked(
    kilde: Kilde, workspace: Path, registry: Registry
) -> None:
    path = workspace / "agents" / "health.toml"
    path.write_text(path.read_text() + 'adapter = "none"\n')
    ended = kilde("adapter", "promote", "health@1", cwd=workspace)
    assert ended.code == 0 and "adapter = 'none'" in ended.err


def test_ask_with_an_adapter_and_without(kilde: Kilde, workspace: Path, registry: Registry) -> None:
    add_random(registry, workspace, "health", 7)
    registry.promote("health@3", by="ida")

    def adapter(*options: str) -> str | None:
        asked = ["ask", "When does the library open?", "--no-retrieval", "--json"]
        trace = json.loads(kilde(*asked, *options, cwd=workspace).out)["trace"]
        found: str | None = trace["adapter"]
        return found

    assert adapter() == "health@3" == adapter("--adapter", "health@3")
    assert adapter("--no-adapter") is None
    both = ["ask", "Why?", "--no-adapter", "--adapter", "health@3"]
    assert kilde(*both, cwd=workspace).code == 2
    ended = kilde("ask", "Why?", "--adapter", "health@9", cwd=workspace)
    assert ended.code == 2 and "health@9" in ended.err


def test_export_hands_the_adapter_and_its_base_on(
    kilde: Kilde, workspace: Path, registry: Registry
) -> None:
    from kilde.tuning.weights import export

    assert FORMATS == export.FORMATS
    registry.add("health", stage(workspace / "staged"), card(base_sha256="f" * 64))
    ended = kilde("adapter", "export", "health@3", workspace / "out", cwd=workspace)
    assert ended.code == 1 and "not the file" in ended.err
    ended = kilde("adapter", "export", "health@1", workspace / "out", cwd=workspace)
    assert ended.code == 1, "its files are empty here"
    assert not (workspace / "out").exists()
    staged = stage(workspace / "whole")
    wide, high = np.zeros((2, 1536), np.float32), np.zeros((576, 2), np.float32)
    layer = "base_model.model.model.layers.0.mlp.down_proj"
    weights = {f"{layer}.lora_A.weight": wide, f"{layer}.lora_B.weight": high}
    save_file(weights, staged / "adapter_model.safetensors")
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["down_proj"]}
    (staged / "adapter_config.json").write_text(json.dumps(settings))
    registry.add("health", staged, card())
    ended = kilde("adapter", "export", "health@4", workspace / "out", cwd=workspace)
    assert ended.code == 0, ended.err
    assert [Path(line).parent for line in ended.out.splitlines()] == [workspace / "out"] * 2
    assert {path.name for path in (workspace / "out").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
