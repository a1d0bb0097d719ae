"""What the parts share: a comparison as rows of a table, and the report that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report import Report, Target, say
from kilde.advice.deciding import lead
from kilde.advice.report import render_html
from kilde.evaluation.comparison import Comparison
from kilde.workspace import Workspace
from kilde.workspace.advising import advise
from kilde.workspace.comparing import said_in

COLUMNS = ("arm", "metric", "questions", "mean", "low", "high")


def tabled(report: Report, comparison: Comparison, metrics: Sequence[str]) -> None:
    """One row for each arm and metric that was scored."""
    for run in comparison.arms:
        if run.skipped:
            report.notes.append(f"{run.arm} was not asked: {run.skipped}")
        for metric in metrics:
            found = comparison.mean(run.arm, metric)
            if found is not None and found.questions:
                report.add(
                    {
                        "arm": run.arm,
                        "metric": metric,
                        "questions": found.questions,
                        "mean": found.value,
                        "low": found.low,
                        "high": found.high,
                    }
                )


def ahead(
    report: Report, comparison: Comparison, better: str, worse: str, *, judged: bool = True
) -> None:
    """Two rows: how far an arm is ahead of another on the task, and Holm's p of that.

    With ``judged`` the interval must not reach 0, and the p must be below 0.05: of two questions
    an interval alone says little.
    """
    found = lead(comparison, comparison.headline, better, worse)
    name = {"arm": f"{better} - {worse}", "questions": found.pairs if found else 0}
    figures = {
        "mean": found.value if found else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
    }
    p = {"mean": found.p_holm if found else None}
    above, counts = (Target(">=", 0.0), Target("<=", 0.05)) if judged else (None, None)
    report.add({**name, "metric": "task", **figures}, above, "low" if judged else "")
    report.add({**name, "metric": "p (Holm)", **p}, counts, "mean" if judged else "")


def reported(workspace: Workspace, comparison: Comparison, report: Report) -> None:
    """Say what the advice is, and write the page on it beside the answers."""
    advice = advise(workspace, comparison.agent)
    report.notes.append(f"advice: {advice.recommendation} ({advice.confidence}); {advice.summary}")
    test = workspace.testsets.load(comparison.testset)
    said = said_in(workspace, comparison)
    path = workspace.path / f"{comparison.agent}.html"
    path.write_text(render_html(comparison, None, advice, test.questions, said), encoding="utf-8")
    say(f"the report: {path}")
