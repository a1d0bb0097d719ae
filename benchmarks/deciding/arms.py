"""What the parts share: a comparison as rows of a table, and the report that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report import Report, Target, say
from kilde.advice.report import render_html
from kilde.evaluation.comparison import Comparison
from kilde.workspace import Workspace
from kilde.workspace.advising import advise
from kilde.workspace.comparing import said_in

COLUMNS = ("arm", "metric", "questions", "mean", "low", "high")
PAIRS = ("pair", "metric", "pairs", "mean", "low", "high")


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


def ahead(report: Report, comparison: Comparison, better: str, worse: str) -> None:
    """One row: how far an arm is ahead of another on the task; its interval must not reach 0."""
    found = comparison.difference("task", worse, better)
    sign = 1.0
    if found is None:
        found, sign = comparison.difference("task", better, worse), -1.0
    if found is None or found.value is None or found.low is None or found.high is None:
        report.add({"arm": f"{better} - {worse}", "metric": "task"}, Target(">=", 0.0), "low")
        return
    bounds = sorted((sign * found.low, sign * found.high))
    report.add(
        {
            "arm": f"{better} - {worse}",
            "metric": "task",
            "questions": found.pairs,
            "mean": sign * found.value,
            "low": bounds[0],
            "high": bounds[1],
        },
        Target(">=", 1e-9),
        "low",
    )
    told = "counts" if found.significant else "may be chance"
    report.notes.append(f"{better} - {worse} on the task {told} (p {found.p_holm:.2g}, Holm)")


def reported(workspace: Workspace, comparison: Comparison, report: Report) -> None:
    """Say what the advice is, and write the page on it beside the answers."""
    advice = advise(workspace, comparison.agent)
    report.notes.append(f"advice: {advice.recommendation} ({advice.confidence}); {advice.summary}")
    test = workspace.testsets.load(comparison.testset)
    said = said_in(workspace, comparison)
    path = workspace.path / f"{comparison.agent}.html"
    path.write_text(render_html(comparison, None, advice, test.questions, said), encoding="utf-8")
    say(f"the report: {path}")
