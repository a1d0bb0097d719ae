"""What to do next, as commands to type and lines to put into the agent's file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kilde.advice.advice import Facts, Step
from kilde.advice.commands import compare_command
from kilde.advice.deciding import RETRIEVING
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.drill_result import Drill

# A test is made this much larger than what is needed by the estimate, which is one.
_SPARE = 1.1
# A smaller one settles nothing.
_LEAST = 20


def to_measure(facts: Facts, drill: Drill | None) -> tuple[Step, ...]:
    """From nothing to a comparison."""
    return tuple(_to_measure(facts, drill))


def to_settle(
    facts: Facts,
    asked: int,
    needed: int | None,
    comparison: Comparison | None = None,
    rival: str = "",
) -> tuple[Step, ...]:
    """A larger test, and the comparison on it; ``asked`` is the size of the one there was.

    It is measured as in ``comparison``. Where an arm is recommended all the same, ``rival`` is the
    one that is to be settled.
    """
    agent = facts.agent
    size = max(round((asked + (needed or asked)) * _SPARE), _LEAST)
    name = f"{agent}-{size}"
    why = "Make a larger test; questions that people really asked are best."
    if rival:
        why = f"To know whether {rival} pays as well: {why[0].lower()}{why[1:]}"
    again = f"kilde compare {agent} --testset {name}"
    checked = (
        Step(
            f"kilde testset check {name}",
            "See whether an adapter learnt any of it: then make its rows anew and train again "
            "first, or the comparison is refused.",
        ),
    )
    return (
        Step(
            f"kilde testset build {agent} --from {_origin(facts)} -n {size} --name {name}",
            why,
        ),
        *(checked if facts.adapters else ()),
        Step(
            compare_command(comparison, name) if comparison else again,
            "Ask all arms again, on that test.",
        ),
        Step(f"kilde advise {agent}", "See whether it is settled."),
    )


def after_deciding(
    facts: Facts,
    comparison: Comparison,
    drill: Drill | None,
    arm: str,
    settling: tuple[Step, ...] = (),
) -> tuple[Step, ...]:
    """Let the agent answer as the arm does, and watch whether that stays right.

    ``settling`` are the steps of :func:`to_settle`, where something is still open.
    """
    return (
        *_after_deciding(facts, comparison, drill, arm),
        *settling,
        Step(f"kilde advise {facts.agent} --html report.html", "Show others what this stands on."),
    )


def _to_measure(facts: Facts, drill: Drill | None) -> Iterator[Step]:
    agent = facts.agent or "AGENT"
    known = {name: fact.value for name, fact in facts.known.items()}
    none = known.get("documents") == "none"
    if not facts.agent:
        yield Step("kilde init myplace && cd myplace", "Make a workspace.")
        if not none:
            yield Step("kilde add FOLDER", "Read the documents.")
        yield Step(
            'name = "…"\ninstructions = "…"',
            "Say in one file who answers, and how.",
            f"agents/{agent}.toml",
        )
    if not facts.testset:
        yield Step(
            f"kilde testset build {agent} --from {_origin(facts)}",
            "Questions with right answers, kept apart from all training.",
        )
    if not facts.adapters and known.get("rows") != "few":
        if not facts.dataset:
            yield Step(_rows(facts, agent), "Examples to train on.")
        yield Step(f"kilde tune {agent}", "Train, so that trained arms can be measured as well.")
    own = facts.testset in ("", agent)
    testset = "" if own else f" --testset {facts.testset}"
    yield Step(f"kilde compare {agent}{testset}", "Ask every arm the same questions.")
    if drill is None and not none and not _fills_in(facts):
        yield Step(f"kilde drill {agent}", "Measure what a change of the documents costs.")
    yield Step(f"kilde advise {agent}", "See what follows from the figures.")


def _after_deciding(
    facts: Facts, comparison: Comparison, drill: Drill | None, arm: str
) -> Iterator[Step]:
    agent = facts.agent
    changed = facts.changed_since(comparison)
    if changed:
        yield Step(compare_command(comparison), f"{' '.join(changed)} Measure again.")
    lines = []
    if facts.retrieval is not None and facts.retrieval != (arm in RETRIEVING):
        lines.append(f"retrieval = {'true' if arm in RETRIEVING else 'false'}")
    used = next((run.adapter for run in comparison.arms if run.arm == arm), "")
    if facts.adapter and "tuned" not in arm:
        lines.append('adapter = "none"')
    file = used.endswith(".gguf")
    to_answer = used != facts.adapter and (file or used in facts.adapters)
    # What the agent's file says outweighs what is promoted, and a file cannot be promoted.
    named = bool(facts.adapter_setting) or file
    if to_answer and named:
        lines.append(f"adapter = {_quoted(used)}")
    model = (comparison.options or {}).get("model", "")
    if model and facts.model and model != facts.model:
        lines.append(f"model = {_quoted(model)}")
    if lines:
        yield Step("\n".join(lines), f"Let the agent answer as {arm} does.", f"agents/{agent}.toml")
    if to_answer and not named:
        yield Step(f"kilde adapter promote {used}", "Let the adapter answer that was measured.")
    missing = [run.arm for run in comparison.arms if run.skipped and "tuned" in run.arm]
    few = "rows" in facts.known and facts.known["rows"].value == "few"
    if missing and not facts.adapters and not few:
        if not facts.dataset:
            yield Step(_rows(facts, agent), "Examples to train on.")
        yield Step(f"kilde tune {agent}", f"So that {' and '.join(missing)} can be measured too.")
        yield Step(compare_command(comparison), "Ask the arms that were left out.")
    if drill is None and not _fills_in(facts):
        yield Step(f"kilde drill {agent}", "Measure what a change of the documents costs.")


def _fills_in(facts: Facts) -> bool:
    """Whether it fills in a form: that tells no facts which a drill could edit."""
    return "form" in facts.known and facts.known["form"].value == "yes"


def _rows(facts: Facts, agent: str) -> str:
    return f"kilde dataset build {agent} --from {_origin(facts)}"


def _origin(facts: Facts) -> str:
    """What questions are made of: documents, unless it is a form or there are none."""
    known = {name: fact.value for name, fact in facts.known.items()}
    forms = "yes" in (known.get("form"), known.get("labels"))
    return "FILE" if forms or known.get("documents") == "none" else "documents"


def _quoted(text: str) -> str:
    """A text as TOML writes it, which is as JSON does."""
    return json.dumps(text, ensure_ascii=False)
