"""Commands for tuned adapters: see what there is, let one answer, go back, hand one on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kilde.cli import show, tuned
from kilde.cli.json_output import json_option, print_json
from kilde.cli.names import agent_key
from kilde.cli.session import ModelCommand, Session, pass_session
from kilde.cli.terminal import single_line
from kilde.cli.times import local
from kilde.errors import ModelError, WorkspaceError

if TYPE_CHECKING:
    from kilde.cli.results import ShownAdapter
    from kilde.tuning.adapters.card import Card
    from kilde.workspace import Workspace

# Repeated from kilde.tuning.weights.export, which would load numpy for the help text; a test
# compares them.
FORMATS = ("peft", "safetensors", "gguf-f16", "gguf-q8_0", "ollama")


@click.group("adapter")
def adapter_command() -> None:
    """List, show, promote and export tuned adapters. One is named AGENT@NUMBER: week-plan@2."""


@adapter_command.command("list")
@click.argument("agent", required=False)
@json_option
@pass_session
def list_adapters(session: Session, agent: str | None, as_json: bool) -> None:
    """List the adapters, of all agents or of AGENT; a star marks those that answer."""
    from kilde.cli.results import ListedAdapter

    workspace = session.workspace
    adapters = [
        ListedAdapter(
            card.name,
            card.agent,
            card.version,
            workspace.registry.promoted(card.agent) == card,
            card.base,
            card.method,
            card.rows,
            card.languages,
            card.passed,
            card.created_at,
        )
        for card in workspace.registry.list(_key(workspace, agent) if agent else None)
    ]
    if as_json:
        print_json("adapter list", adapters)
    elif not adapters:
        click.echo("No adapters yet: every agent answers with its model alone.")
    else:
        show.table(
            [
                ("", "ADAPTER", "MODEL", "METHOD", "ROWS", "LANGUAGES", "GATE", "MADE"),
                *(
                    (
                        "*" if one.promoted else "",
                        one.adapter,
                        one.model,
                        one.method,
                        str(one.rows),
                        ", ".join(one.languages) or "any",
                        _judged(one.passed),
                        local(one.created_at),
                    )
                    for one in adapters
                ),
            ]
        )


@adapter_command.command("show")
@click.argument("name", metavar="NAME@N")
@json_option
@pass_session
def show_adapter(session: Session, name: str, as_json: bool) -> None:
    """Show how an adapter came to be: its data, settings and figures, and who promoted it."""
    from kilde.cli.results import ShownAdapter

    registry = session.workspace.registry
    card = registry.get(name)
    shown = ShownAdapter(
        name,
        str(registry.folder(name)),
        registry.promoted(card.agent) == card,
        card,
        tuple(event for event in registry.history(card.agent) if event.adapter == name),
    )
    if as_json:
        print_json("adapter show", shown)
    else:
        _print(shown)


@adapter_command.command("promote", cls=ModelCommand)
@click.argument("name", metavar="NAME@N")
@click.option("--force", is_flag=True, help="Also against its gate; your user name is recorded.")
@click.option("--why", metavar="TEXT", default="", help="A reason to record.")
@pass_session
def promote_adapter(session: Session, name: str, force: bool, why: str) -> None:
    """Let an adapter answer for its agent, from the next question on; nothing is restarted."""
    from kilde.workspace.tuning import user_name

    workspace = session.workspace
    card = workspace.registry.get(name)
    fits = _fits(workspace, card)
    if not fits and not force:
        raise WorkspaceError(
            f"The adapter {name} was trained on the model {card.base!r}, which is not the one "
            f"that the agent {card.agent!r} answers with; it would not be used.",
            hint=f"Name that model in agents/{card.agent}.toml, or train again. To promote it all "
            "the same: --force",
        )
    against = force and (not fits or card.passed is False)
    workspace.registry.promote(name, by=user_name(), forced=against, why=why)
    click.echo(f"{name} answers for {card.agent}, from the next question on.")
    pinned = _pinned(workspace, card.agent)
    if pinned and pinned != name:
        click.echo(
            f"But agents/{card.agent}.toml says adapter = {pinned!r}, and that line goes before.",
            err=True,
        )


@adapter_command.command("rollback")
@click.argument("agent")
@pass_session
def rollback_adapter(session: Session, agent: str) -> None:
    """Let answer for AGENT what did before the last promotion: an adapter, or its model alone."""
    from kilde.workspace.tuning import user_name

    key = _key(session.workspace, agent)
    card = session.workspace.registry.rollback(key, user_name())
    who = "its model alone answers" if card is None else f"{card.name} answers"
    click.echo(f"{key}: {who}, from the next question on.")


@adapter_command.command("remove")
@click.argument("name", metavar="NAME@N")
@pass_session
def remove_adapter(session: Session, name: str) -> None:
    """Delete an adapter; one that is promoted, or that an agent's file names, is kept."""
    session.workspace.registry.remove(name)
    click.echo(f"Removed {name}.")


@adapter_command.command("export", cls=ModelCommand)
@click.argument("name", metavar="NAME@N")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="peft",
    show_default=True,
    help="The adapter alone (peft), or the whole tuned model.",
)
@pass_session
def export_adapter(session: Session, name: str, folder: Path, form: str) -> None:
    """Write an adapter, or the model tuned by it, into FOLDER for other programs."""
    from kilde.models.cache import path_of
    from kilde.models.hashes import weights_sha256
    from kilde.tuning.weights.export import export

    workspace = session.workspace
    card = workspace.registry.get(name)
    configured = workspace.config.models.get(card.base)
    base = configured.model if configured else card.base
    if card.base_sha256 and weights_sha256(base) != card.base_sha256:
        raise ModelError(
            f"The model {card.base!r} is not the file that {name} was trained on.",
            hint="Bring back that file; its SHA-256 is " + card.base_sha256,
        )
    files = export(
        workspace.registry.folder(name),
        path_of(base),
        folder,
        format=form,  # type: ignore[arg-type]
        name=name.replace("@", "-"),
    )
    for file in files:
        click.echo(str(file))


def _print(shown: ShownAdapter) -> None:
    card = shown.card
    show.table(
        [
            ("adapter", card.name),
            ("folder", shown.folder),
            ("promoted", "yes" if shown.promoted else "no"),
            ("model", f"{card.base} ({card.base_sha256[:12] or 'unknown file'})"),
            ("licence", card.licence),
            ("made", f"{local(card.created_at)} in {card.seconds:.0f} s by {card.kilde}"),
            ("method", card.method),
            ("rows", f"{card.rows} of {card.dataset} ({card.data_hash[:12]})"),
            ("from", f"{len(card.documents)} documents, {len(card.answers)} answers"),
            ("languages", ", ".join(card.languages) or "any"),
            ("examples", "in its prompts" if card.examples else "not in its prompts"),
            ("documents", f"at most {card.document_tokens} tokens" if card.document_tokens else ""),
            *((f"setting {key}", str(value)) for key, value in card.settings.items()),
            *((f"figure {key}", f"{value:.4g}") for key, value in card.metrics.items()),
            ("gate", _judged(card.passed)),
            *(
                (f"gate {key}", str(value))
                for key, value in (card.gate or {}).items()
                if not isinstance(value, list | tuple | dict)
            ),
        ]
    )
    if card.gate is not None and "checks" in card.gate:
        tuned.gate(card.gate)
    for event in shown.history:
        forced = " against its gate or its model" if event.forced else ""
        why = f": {single_line(event.why)}" if event.why else ""
        click.echo(f"{local(event.at)} {event.action} by {event.by}{forced}{why}")


def _key(workspace: Workspace, agent: str) -> str:
    return agent_key(workspace, agent, lambda: (card.agent for card in workspace.registry.list()))


def _judged(passed: bool | None) -> str:
    return {True: "passed", False: "not passed", None: "not judged"}[passed]


def _fits(workspace: Workspace, card: Card) -> bool:
    """Whether the agent answers with the model that the adapter was trained on."""
    model = workspace.config.model
    if card.agent in workspace.agents():
        model = workspace.definition(card.agent).model or model
    return not card.base_sha256 or workspace.base_sha256(model) == card.base_sha256


def _pinned(workspace: Workspace, agent: str) -> str:
    return workspace.definition(agent).adapter if agent in workspace.agents() else ""
