"""The comparisons that a workspace keeps, and the state that each of them belongs to.

``.kilde/comparisons/AGENT/ID/`` holds ``manifest.json`` (what all of it belongs to),
``answers.jsonl`` (what was said, raw), ``verdicts.jsonl`` (what a judge said), and
``comparison.json``: what was computed from them last. One arm alone has ``evaluation.json``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde import __version__
from kilde.agents.agent import Sampling
from kilde.agents.definition import AgentDefinition
from kilde.errors import NotFound, StoreError
from kilde.evaluation.answers import ANSWERS, Answers, key_of
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.comparison_json import read_comparison
from kilde.evaluation.said import Said
from kilde.evaluation.testset import TestSet
from kilde.workspace.arms import LineUp

if TYPE_CHECKING:
    from kilde.workspace import Workspace

COMPARISON, EVALUATION = "comparison.json", "evaluation.json"
# The parts of a fingerprint by what changed where they differ; other tests are no earlier states.
_PARTS = {
    "documents": "its documents",
    "definition": "its file",
    "model": "its model",
    "kilde": "Kilde",
}

Heard = dict[tuple[str, int], Said]
"""The answers of one arm by question and sample, in the order in which they came."""


def newest(workspace: Workspace, agent: str) -> Comparison | None:
    """The comparison of an agent that was made last; ``None`` where there is none.

    Raises :class:`NotFound` for an unknown agent, :class:`StoreError` for a damaged comparison.
    """
    key, _ = workspace.agent_file(agent)
    found = [read_comparison(path) for path in home(workspace).glob(f"{key}/*/{COMPARISON}")]
    return max(found, key=lambda one: one.created_at, default=None)


def load(workspace: Workspace, id: str) -> Comparison:
    """A comparison by its id. Raises :class:`NotFound`, :class:`StoreError` for a damaged one."""
    paths = {path.parent.name: path for path in home(workspace).glob(f"*/*/{COMPARISON}")}
    if id not in paths:
        raise NotFound("comparison", id, paths, hint="Make one: kilde compare AGENT")
    return read_comparison(paths[id])


def folder_of(workspace: Workspace, comparison: Comparison) -> Path:
    """The folder in which a comparison is kept with its raw answers."""
    return home(workspace) / comparison.agent / comparison.id


def said_in(workspace: Workspace, comparison: Comparison) -> tuple[Said, ...]:
    """The raw answers that a comparison was computed from, by arm, in the order they came.

    Raises :class:`StoreError` where they are damaged.
    """
    keys = [
        key_of(run.arm, run.model_sha256, run.adapter_sha256, run.adapter_settings)
        for run in comparison.arms
        if not run.skipped
    ]
    found = heard(Answers(folder_of(workspace, comparison)), keys)
    return tuple(said for key in keys for said in found[key].values())


def home(workspace: Workspace) -> Path:
    """The folder of all comparisons."""
    return workspace.path / ".kilde" / "comparisons"


def heard(answers: Answers, keys: Iterable[str]) -> dict[str, Heard]:
    """The answers that were kept of some arms, by their keys."""
    found: dict[str, Heard] = {key: {} for key in keys}
    for key, said in answers.read():
        if key in found:
            found[key].setdefault((said.question, said.sample), said)
    return found


def fingerprint(lined_up: LineUp, test: TestSet, samplings: tuple[Sampling, ...]) -> dict[str, Any]:
    """All that decides what arms say, but for weights and adapters: those tell the arms' answers
    apart."""
    definition = lined_up.agent.definition
    return {
        "kilde": __version__,
        "definition": _told_to_all(definition),
        "model": [lined_up.model, dict(lined_up.served)],
        "testset": test.card.sha256,
        "documents": [lined_up.version, lined_up.documents_sha256],
        "sampling": [len(samplings), samplings[0].temperature, samplings[0].seed],
    }


def definition_sha256(definition: AgentDefinition) -> str:
    """SHA-256 (hex) of what an agent's file says to all arms."""
    told = json.dumps(_told_to_all(definition), sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _told_to_all(definition: AgentDefinition) -> dict[str, Any]:
    """An agent's file without what the arms switch themselves, or name beside it.

    So whoever does as advised, and lets the agent answer as one of the arms, need not ask again.
    """
    return definition.model_dump(
        mode="json", by_alias=True, exclude={"retrieval", "adapter", "model"}
    )


def unfinished(folder: Path, state: Mapping[str, Any]) -> list[str]:
    """What is to be said of comparisons on the same test that were stopped in an earlier state."""
    found: list[str] = []
    for path in sorted(folder.parent.glob(f"*/{ANSWERS}")):
        home = path.parent
        if home == folder or any((home / name).is_file() for name in (COMPARISON, EVALUATION)):
            continue
        with suppress(StoreError):
            manifest = Answers(home).manifest()
            other = manifest.fingerprint if manifest else {}
            changed = [name for part, name in _PARTS.items() if other.get(part) != state[part]]
            if changed and other.get("testset") == state["testset"]:
                found.append(
                    f"a comparison that was not finished ({home.name}) is of an earlier state: "
                    f"{' and '.join(changed)} changed since, so its answers are not mixed with "
                    "these"
                )
    return found
