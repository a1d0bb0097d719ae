"""Which arms of an agent can be asked, with which model and adapter, and why the others cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde.agents.agent import Agent
from kilde.agents.definition import AgentDefinition
from kilde.errors import EvaluationError, KildeError, ModelError
from kilde.evaluation.answers import key_of
from kilde.models.cache import path_of, sha256_of
from kilde.protocols import Adapter
from kilde.tuning.adapters.serving import find
from kilde.types import Arm

if TYPE_CHECKING:
    from kilde.workspace import Workspace


# What of a model's settings decides nothing that it says.
PRICES = {"input_price", "output_price", "api_key_env"}


class Files:
    """Files that must stay as they are while answers come from them, by their SHA-256 (hex)."""

    def __init__(self, hashes: Mapping[Path, str]) -> None:
        self._files = {path: (sha256, _stamp(path)) for path, sha256 in hashes.items()}

    def check(self) -> None:
        """Raise :class:`EvaluationError` where one has changed since."""
        for path, (sha256, stamp) in self._files.items():
            now = _stamp(path)
            if now == stamp:
                continue
            if now is None or sha256_of(path) != sha256:
                raise EvaluationError(
                    f"{path} was {'removed' if now is None else 'changed'} while arms were "
                    "answering with it.",
                    hint="Compare again: what was answered before the change is kept under the old "
                    "file's hash, and not mixed with what is answered after it.",
                )
            self._files[path] = sha256, now


@dataclass(frozen=True, slots=True)
class LineUp:
    """An agent before a comparison; ``agent`` keeps its answers nowhere.

    ``model`` is the setting that names the one that answers, ``served`` how that is served.
    Hashes are SHA-256 (hex), empty where there is no file. ``version`` is the state of the
    documents that is read, ``documents_sha256`` is over those of the agent. ``skipped`` says of
    arms, by name, why they cannot be asked.
    """

    agent: Agent
    model: str
    model_sha256: str
    served: Mapping[str, Any]
    adapter: Adapter | None
    adapter_sha256: str
    version: int | None
    documents_sha256: str
    skipped: Mapping[str, str]
    notes: tuple[str, ...]
    files: Files

    def key_of(self, arm: Arm) -> str:
        """What keeps an arm's answers apart from those of other models and adapters."""
        if not arm.adapter:
            return key_of(arm.name, self.model_sha256, "")
        settings = settings_of(self.adapter)
        return key_of(arm.name, self.model_sha256, self.adapter_sha256, settings)


def line_up(
    workspace: Workspace, agent: str, arms: Sequence[Arm], *, model: str = "", adapter: str = ""
) -> LineUp:
    """What the arms of an agent would answer with; no model is loaded.

    ``model`` takes the place of the agent's own. ``adapter`` names the one of the tuned arms;
    else it is the one that answers for the agent, or the newest that fits the model. Raises
    :class:`NotFound`, :class:`ConfigError`, :class:`WorkspaceError` (an adapter of another agent).
    """
    trial = workspace.trial_agent(agent, model=model)
    key, definition = trial.key, trial.definition
    model = definition.model or workspace.config.model
    hashes: dict[Path, str] = {}
    absent, sha256 = "", ""
    try:
        sha256 = workspace.base_sha256(model)
        if sha256:
            configured = workspace.config.models.get(model)
            hashes[path_of(configured.model if configured else model).resolve()] = sha256
    except ModelError as error:
        absent = told(error)
    tuned, notes, adapter_sha256, unread = None, list[str](), "", ""
    if any(arm.adapter for arm in arms):
        tuned = _adapter(workspace, key, definition, sha256, adapter)
    if tuned is not None:
        notes.append(_introduced(workspace, key, tuned))
        try:
            hashes[tuned.path] = adapter_sha256 = sha256_of(tuned.path)
        except ModelError as error:
            unread = told(error)
    version = workspace.knowledge.version
    documents = workspace.knowledge.documents(collections=definition.collections, as_of=version)
    skipped: dict[str, str] = {}
    for arm in arms:
        why = (
            absent
            or _without_model(arm, definition, model)
            or (arm.adapter and (_unfit(workspace, key, model, sha256, tuned) or unread))
            or (arm.retrieval and not documents and _no_documents(definition))
        )
        if why:
            skipped[arm.name] = why
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{document.id}\0{document.content_hash}\0".encode("utf-8", "surrogatepass"))
    served = workspace.config.models.get(model)
    return LineUp(
        agent=trial.on_trial(lambda _: tuned),
        model=model,
        model_sha256=sha256,
        served=served.model_dump(mode="json", exclude=PRICES) if served else {},
        adapter=tuned,
        adapter_sha256=adapter_sha256,
        version=version,
        documents_sha256=digest.hexdigest(),
        skipped=skipped,
        notes=tuple(notes),
        files=Files(hashes),
    )


def load_models(workspace: Workspace, lined_up: LineUp, arms: Sequence[Arm]) -> dict[str, str]:
    """Load what arms answer with, so that no answer waits for it; returns why some cannot be
    asked, by name."""
    tuned = lined_up.adapter if any(arm.adapter for arm in arms) else None
    try:
        workspace.generator(lined_up.model, tuned)
    except ModelError as error:
        why = told(error)
    else:
        return {}
    others = [arm for arm in arms if not arm.adapter]
    if tuned is None or not others:
        return {arm.name: why for arm in arms}
    # It may be the adapter alone that cannot be loaded.
    failed = load_models(workspace, lined_up, others)
    return {arm.name: why for arm in arms if arm.adapter} | failed


def settings_of(adapter: Adapter | None) -> str:
    """What an adapter decides of prompts beside its weights; empty for none.

    The same file is served differently with its card and without.
    """
    if adapter is None:
        return ""
    languages = "any" if adapter.languages is None else "+".join(sorted(adapter.languages))
    examples = "yes" if adapter.examples else "no"
    return f"examples={examples},document_tokens={adapter.document_tokens},languages={languages}"


def told(error: KildeError) -> str:
    """An error in one line."""
    return " ".join(str(error).split())


def _adapter(
    workspace: Workspace, key: str, definition: AgentDefinition, sha256: str, wanted: str
) -> Adapter | None:
    if wanted:
        return find(workspace.registry, workspace.path, key, wanted)
    own = find(workspace.registry, workspace.path, key, definition.adapter)
    if own is not None and own.base in ("", sha256):
        return own
    fitting = [card for card in workspace.registry.list(key) if card.base_sha256 == sha256]
    if fitting:
        return workspace.registry.adapter(fitting[-1].name)
    every = workspace.registry.list(key)
    # One for another model is named all the same, to say why it is not asked.
    return own or (workspace.registry.adapter(every[-1].name) if every else None)


def _introduced(workspace: Workspace, key: str, tuned: Adapter) -> str:
    promoted = workspace.registry.promoted(key)
    is_it = "is" if promoted is not None and promoted.name == tuned.name else "is not"
    return f"the tuned arms answer with the adapter {tuned.name}, which {is_it} promoted"


def _without_model(arm: Arm, definition: AgentDefinition, model: str) -> str:
    """Why quotations cannot stand in for a model in an arm; empty where they can."""
    if model != "quotes":
        return ""
    hint = "Name a model: --model NAME (kilde model list)."
    if definition.output is not None:
        return f"The agent fills in a form, which quotations cannot. {hint}"
    if arm.adapter:
        return f"Quotations use no adapter. {hint}"
    return "" if arm.retrieval else f"Without documents there is nothing to quote. {hint}"


def _unfit(workspace: Workspace, key: str, model: str, sha256: str, tuned: Adapter | None) -> str:
    if tuned is None:
        return f"The agent {key!r} has no adapter. Train one: kilde tune {key}"
    if tuned.base and tuned.base != sha256:
        return (
            f"The adapter {tuned.name} was trained for another model than {model!r}. Choose its "
            f"model with --model, or another adapter with --adapter: kilde adapter list {key}"
        )
    served = workspace.config.models.get(model)
    if served is not None and served.backend != "llama_cpp":
        return f"{model!r} is served elsewhere, where the adapter {tuned.name} is not."
    return ""


def _no_documents(definition: AgentDefinition) -> str:
    if definition.collections is None:
        return "There are no documents yet. Add some: kilde add FOLDER"
    names = ", ".join(definition.collections) or "none"
    return f"The agent's collections ({names}) hold no documents. See: kilde list"


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
