"""The report: one page that decides first and proves afterwards, as HTML or as Markdown.

The HTML holds everything in one file, runs no script and asks no network for anything. What comes
from documents, answers or settings is text and nothing else, whatever it looks like.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilde import __version__
from kilde.advice.advice import Advice, Evidence
from kilde.advice.commands import compare_command
from kilde.advice.report import drawing
from kilde.advice.report.answers import disagreements
from kilde.advice.report.case import Case, named
from kilde.advice.report.numbers import count, traced
from kilde.advice.report.pictures import pictures
from kilde.advice.report.tables import arms, differences, judgements
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.drill_result import Drill
from kilde.evaluation.remarks import NOBODY
from kilde.evaluation.said import ARMS, Said
from kilde.evaluation.testset import Question

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_MARKDOWN = re.compile(r"([\\`*_{}\[\]|#~])")
# What would begin a list or underline a heading; of a number, the sign behind it does.
_LEADING = re.compile(r"[-+=]|\d+(?=[.)])")


def render_html(
    comparison: Comparison,
    drill: Drill | None,
    advice: Advice,
    questions: Sequence[Question],
    said: Sequence[Said],
) -> str:
    """The report on one agent as a self-contained HTML page; see :class:`Case`."""
    return html_of([Case(comparison, drill, advice, questions, said)])


def render_markdown(
    comparison: Comparison,
    drill: Drill | None,
    advice: Advice,
    questions: Sequence[Question],
    said: Sequence[Said],
) -> str:
    """The report on one agent as Markdown, with tables instead of charts."""
    return markdown_of([Case(comparison, drill, advice, questions, said)])


def html_of(cases: Sequence[Case]) -> str:
    """One HTML page on several agents. Raises ``ValueError`` for none."""
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    return _whole(_templates().get_template("page.html.j2").render(_page(cases), style=style))


def markdown_of(cases: Sequence[Case]) -> str:
    """One Markdown text on several agents. Raises ``ValueError`` for none."""
    text = _templates().get_template("page.md.j2").render(_page(cases))
    return _whole(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")


def _whole(text: str) -> str:
    """A text that can be written: halves of characters, which JSON can hold, become "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _page(cases: Sequence[Case]) -> dict[str, Any]:
    if not cases:
        raise ValueError("a report needs a case")
    return {
        "cases": [
            _view(case, number) | {"several": len(cases) > 1}
            for number, case in enumerate(cases, 1)
        ],
        "version": __version__,
        "at": max(case.comparison.created_at for case in cases),
    }


def _view(case: Case, number: int) -> dict[str, Any]:
    main, others = arms(case)
    counted, tested = differences(case)
    prefix = f"c{number}"
    return {
        "id": prefix,
        "case": case,
        "comparison": case.comparison,
        "drill": case.drill,
        "drilled": _made(case.drill) if case.drill else "",
        "advice": case.advice,
        "arms": case.arms,
        "skipped": case.skipped,
        "main": main,
        "others": others,
        "pictures": pictures(case, prefix),
        "counted": counted,
        "tested": tested,
        "judgements": judgements(case),
        "apart": disagreements(case),
        "questions": _asked(case),
        "why": _why(case.advice),
        "notes": _notes(case),
        "commands": commands(case),
    }


def _why(advice: Advice) -> tuple[Evidence, ...]:
    """Three lines: for what is recommended; where it is undecided, for both sides."""
    if advice.arm:
        return advice.evidence_for[:3]
    return advice.evidence_for[:2] + advice.evidence_against[:1]


def _notes(case: Case) -> tuple[str, ...]:
    """What cannot be said, each once."""
    drilled = case.drill.notes if case.drill else ()
    return tuple(dict.fromkeys(case.comparison.notes + drilled + case.advice.notes))


def _asked(case: Case) -> Mapping[str, Any]:
    """How many questions there are, and of which kinds."""
    languages: dict[str, int] = {}
    for one in case.questions:
        languages[one.language] = languages.get(one.language, 0) + 1
    counts = {
        "all": len(case.questions),
        "answerable": sum(one.answerable for one in case.questions),
        "unanswerable": sum(not one.answerable for one in case.questions),
        "answers": len(case.said),
        "failed": sum(one.answer is None for one in case.said),
    }
    numbers = {name: traced(count(n), n, "count", stat=name) for name, n in counts.items()}
    return numbers | {
        "languages": [
            (language, traced(count(n), n, "count", stat=f"language.{language}"))
            for language, n in sorted(languages.items(), key=lambda one: -one[1])
        ]
    }


def commands(case: Case) -> tuple[str, ...]:
    """What to type to measure the same again."""
    agent = shlex.quote(case.comparison.agent)
    drill = [_drilled(agent, case.drill)] if case.drill else []
    return (
        compare_command(case.comparison),
        *drill,
        f"kilde advise {agent} --html report.html",
    )


def _drilled(agent: str, drill: Drill) -> str:
    arms = ",".join(cost.arm for cost in drill.costs)
    usual = arms == ",".join(arm.name for arm in ARMS)
    parts = [f"kilde drill {agent} --edits {len(drill.edits)}"]
    parts += [] if usual else [f"--arms {arms}"]
    parts += [f"--questions-per-month {drill.questions_per_month}"]
    parts += [f"--model {shlex.quote(drill.model)}"] if drill.model else []
    parts += [f"--adapter {shlex.quote(drill.adapter)}"] if drill.adapter else []
    parts += [f"--epochs {drill.epochs}"] if drill.epochs is not None else []
    parts += [f"--seed {drill.seed}"] if drill.seed else []
    return " ".join(parts)


def _made(drill: Drill) -> str:
    """With what a drill was made, as far as it says."""
    parts = [drill.model] if drill.model else []
    parts += [f"first with {drill.adapter}"] if drill.adapter else []
    parts += [f"seed {drill.seed}"] if drill.seed else []
    version = drill.store_version
    parts += [] if version is None else [f"from state {version} of the documents"]
    return "; ".join(parts)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": _escaped, "quoted": _quoted, "named": named, "count": count}
    environment.globals |= {"marker": drawing.marker, "nobody": NOBODY}
    return environment


def _escaped(text: object) -> str:
    """A text that Markdown shows as it is, on one line.

    >>> _escaped("<b> *not* | bold")
    '&lt;b&gt; \\\\*not\\\\* \\\\| bold'
    """
    plain = " ".join(str(text).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = _MARKDOWN.sub(r"\\\1", plain)
    if found := _LEADING.match(plain):
        at = found.end() if found[0].isdigit() else 0
        return f"{plain[:at]}\\{plain[at:]}"
    return plain


def _quoted(text: str) -> str:
    """A text of several lines as a quotation in Markdown."""
    return "\n>\n".join(f"> {_escaped(line)}" for line in text.splitlines() if line.strip())
