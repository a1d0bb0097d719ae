"""Commands for the agents of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kilde.cli import show
from kilde.cli.json_output import json_option, print_json
from kilde.cli.session import ModelCommand, Session, pass_session
from kilde.cli.terminal import single_line
from kilde.errors import ConfigError

if TYPE_CHECKING:
    from kilde.cli.results import ListedAgent
    from kilde.workspace import Workspace


@click.group("agent")
def agent_command() -> None:
    """List, show and check the agents: one file each in the folder agents/."""


@agent_command.command("list")
@json_option
@pass_session
def list_agents(session: Session, as_json: bool) -> None:
    """List the agents: what they may use, and which model answers."""
    workspace = session.workspace
    agents = [_listed(workspace, name) for name in workspace.agents()]
    if as_json:
        print_json("agent list", agents)
    elif not agents:
        click.echo(
            f"No agents yet; a plain one answers. Make one: a file {workspace.path / 'agents'}"
            "/NAME.toml with a name and instructions."
        )
    else:
        show.table(
            [
                ("AGENT", "NAME", "COLLECTIONS", "MODEL"),
                *(
                    (agent.agent, agent.name, _scope(agent.collections), agent.model)
                    for agent in agents
                ),
            ]
        )


@agent_command.command("show")
@click.argument("name")
@json_option
@pass_session
def show_agent(session: Session, name: str, as_json: bool) -> None:
    """Show all that the agent NAME is told, defaults included."""
    from kilde.cli.results import ShownAgent
    from kilde.workspace.agent_files import AgentFiles

    workspace = session.workspace
    key, definition = workspace.agent_file(name)
    model = definition.model or workspace.config.model
    file = AgentFiles(workspace.path / "agents").path(key)
    shown = ShownAgent(key, str(file), model, definition)
    if as_json:
        print_json("agent show", shown)
        return
    show.table(
        [
            ("agent", shown.agent),
            ("file", shown.file),
            ("name", definition.name),
            ("language", definition.language or "that of the question"),
            ("collections", _scope(definition.collections)),
            ("retrieval", "yes" if definition.retrieval else "no"),
            ("grounding", definition.grounding),
            ("model", model),
            ("adapter", definition.adapter or _promoted(workspace, key)),
            ("answers in", f"at most {definition.max_words} words"),
            ("form", "a JSON schema" if definition.output else "text"),
            ("examples", str(len(definition.examples))),
        ]
    )
    click.echo(f"\n{definition.instructions}")


@agent_command.command("check", cls=ModelCommand)
@json_option
@pass_session
def check_agents(session: Session, as_json: bool) -> int:
    """Check the files of all agents; every fault is named."""
    from kilde.cli.results import AgentFaults

    found = [
        AgentFaults(name, tuple(faults))
        for name, faults in session.workspace.check_agents().items()
    ]
    if as_json:
        print_json("agent check", found)
    else:
        for agent in found:
            click.echo(f"{single_line(agent.agent)}: {'faulty' if agent.faults else 'all is well'}")
            for fault in agent.faults:
                click.echo(f"  {single_line(fault)}", err=True)
    return 1 if any(agent.faults for agent in found) else 0


def _listed(workspace: Workspace, name: str) -> ListedAgent:
    from kilde.cli.results import ListedAgent

    try:
        definition = workspace.definition(name)
    except ConfigError:
        return ListedAgent(name, "", None, "")
    return ListedAgent(
        name,
        definition.name,
        definition.collections,
        definition.model or workspace.config.model,
    )


def _promoted(workspace: Workspace, agent: str) -> str:
    card = workspace.registry.promoted(agent)
    return "the promoted one; none yet" if card is None else f"{card.name}, the promoted one"


def _scope(collections: tuple[str, ...] | None) -> str:
    if collections is None:
        return "all"
    return ", ".join(collections) or "none"
