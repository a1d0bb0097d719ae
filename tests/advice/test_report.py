"""The report says what was measured: each figure is computed again from the raw answers."""

from __future__ import annotations

import doctest
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt
from tests.advice.report_page import Element, Page
from tests.advice.report_parts import NASTY, case, comparison, facts, forms, nasty, questions, said

import kilde.advice.report.case as case_module
import kilde.advice.report.page as page_module
from kilde.advice.advise import advise
from kilde.advice.report import (
    Case,
    charts,
    html_of,
    markdown_of,
    numbers,
    render_html,
    render_markdown,
)
from kilde.advice.report.answers import MOST, disagreements
from kilde.advice.report.page import commands
from kilde.evaluation.compare import differences, means, scored
from kilde.evaluation.comparison import Comparison
from kilde.evaluation.metric import Setting
from kilde.evaluation.metrics import METRICS
from kilde.evaluation.remarks import answered_by

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# Figures of the method, not of the measurement: they stand in the page's own sentences.
_METHOD = ("95% interval", "95 of 100", "p95", "95th", "below 0.05")
_SHOWN = {"%": 0.01, "s": 1.0, "min": 60.0, "h": 3600.0, "GB": 1e9, "MB": 1e6, "kB": 1e3}


@pytest.fixture(scope="module")
def measured() -> Case:
    return case()


@pytest.fixture(scope="module")
def html(measured: Case) -> str:
    return html_of([measured])


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def again(measured: Case) -> Comparison:
    """The comparison, computed anew from the raw answers alone."""
    scores = scored(measured.questions, measured.said, Setting())
    return replace(
        measured.comparison,
        scores=scores,
        means=means(scores),
        differences=differences(scores),
    )


def recomputed(of: Mapping[str, str], measured: Case, again: Comparison) -> tuple[float, ...]:
    """The values of a figure, from the raw answers: one, or the two bounds of an interval."""
    stat, name = of.get("data-stat", ""), of.get("data-metric", "")
    if of["data-of"] == "mean":
        mean = again.mean(of["data-arm"], name)
        assert mean is not None
        return _values(mean, stat)
    if of["data-of"] == "difference":
        found = again.difference(name, of["data-a"], of["data-b"])
        assert found is not None
        return _values(found, "value" if stat == "size" else stat)
    if of["data-of"] == "score":
        key = (of["data-arm"], of["data-question"], name)
        return tuple(s.value for s in again.scores if (s.arm, s.question, s.metric) == key)  # type: ignore[misc]
    if of["data-of"] == "count":
        return (float(_count(stat, measured, again)),)
    if of["data-of"] == "judgement":
        judged = next(one for one in again.judgements if one.judge == of["data-judge"])
        if stat == "neither":
            return (float(judged.pairs - judged.a_better - judged.b_better),)
        return (float(getattr(judged, stat)),)
    return (_drilled(stat, of.get("data-arm", ""), measured),)


def _values(one: Any, stat: str) -> tuple[float, ...]:
    return (one.low, one.high) if stat == "interval" else (float(getattr(one, stat)),)


def _count(stat: str, measured: Case, again: Comparison) -> int:
    asked = measured.questions
    if stat.startswith("language."):
        return sum(one.language == stat.removeprefix("language.") for one in asked)
    by_question: dict[str, set[float]] = {}
    for one in again.scores:
        if one.metric == "task" and one.value is not None:
            by_question.setdefault(one.question, set()).add(one.value)
    return {
        "all": len(asked),
        "answerable": sum(one.answerable for one in asked),
        "unanswerable": sum(not one.answerable for one in asked),
        "answers": len(measured.said),
        "failed": sum(bool(one.failed) for one in measured.said),
        "scored": len(by_question),
        "disagreements": sum(len(values) > 1 for values in by_question.values()),
    }[stat]


def _drilled(stat: str, arm: str, measured: Case) -> float:
    assert measured.drill is not None
    if stat == "break_even":
        assert measured.drill.break_even is not None
        return measured.drill.break_even
    if "." in stat:
        when, kind = stat.split(".")
        told = [getattr(one, when) for one in measured.drill.told if one.arm == arm]
        return told.count(kind) / len(told)
    cost = next(one for one in measured.drill.costs if one.arm == arm)
    return float(getattr(cost, stat))


def read(text: str) -> list[float]:
    """The values that a figure shows, read as a person reads them."""
    text = text.replace("−", "-").replace("+", "").replace("<", "").replace(">", "")
    share = "%" in text or "point" in text
    found = []
    for part in text.split(" to "):
        total, sign = 0.0, -1.0 if part.strip().startswith("-") else 1.0
        for number, unit in re.findall(r"([\d,]+(?:\.\d+)?)\s*(%|s|min|h|GB|MB|kB)?", part):
            total += float(number.replace(",", "")) * (0.01 if share else _SHOWN.get(unit, 1.0))
        found.append(sign * total)
    return found


def faults(page: Page, measured: Case, again: Comparison) -> list[str]:
    """The figures of a page that are not those of the raw answers, in full or as shown."""
    found = []
    for of, element in page.figures():
        right = recomputed(of, measured, again)
        held = (
            (float(of["data-low"]), float(of["data-high"]))
            if of.get("data-stat") == "interval"
            else (float(of["data-value"]),)
        )
        if len(right) != len(held) or held != pytest.approx(right, abs=1e-12):
            found.append(f"{dict(of)}: {right}")
        if element.tag != "span":
            continue  # the marks of a chart show no words
        told = [abs(value) for value in right] if of.get("data-stat") == "size" else right
        if "<" in element.text or ">" in element.text:
            near = read(element.text)[0]
            if not (told[0] < near or told[0] > near):
                found.append(f"{element.text!r} for {told}")
        elif read(element.text) != pytest.approx(told, rel=0.05, abs=0.0051):
            found.append(f"{element.text!r} for {told}")
    return found


def test_every_figure_is_that_of_the_raw_answers(
    page: Page, measured: Case, again: Comparison
) -> None:
    kinds = {of["data-of"] for of, _ in page.figures()}
    assert kinds == {"mean", "difference", "score", "count", "drill", "judgement"}
    assert faults(page, measured, again) == []


def test_a_figure_that_is_not_measured_is_found(measured: Case, again: Comparison) -> None:
    first = next(one for one in measured.comparison.means if one.value is not None)
    wrong = [replace(first, value=(first.value or 0.0) + 0.02), *measured.comparison.means[1:]]
    lying = replace(measured, comparison=replace(measured.comparison, means=tuple(wrong)))
    assert faults(Page(html_of([lying])), measured, again)


def test_no_number_stands_in_the_page_without_a_trace(page: Page, measured: Case) -> None:
    assert measured.drill is not None
    month = f"{measured.drill.questions_per_month:,}"
    traced = {n for _, one in page.figures() for n in _NUMBER.findall(one.text)}
    for text, around in page.texts:
        tags = {one.tag for one in around}
        if tags & {"code", "time", "style", "title"}:
            continue
        if any("data-of" in one.attributes or "data-from" in one.attributes for one in around):
            continue
        if "tick" in around[-1].attributes.get("class", ""):
            continue
        for known in (*_METHOD, *(name.replace("_", " ") for name in METRICS), "F1", month):
            text = text.replace(known, "")
        # What a chart says in words, its table says as well.
        loose = set(_NUMBER.findall(text)) - (traced if "svg" in tags else set())
        assert not loose, (text, [one.tag for one in around])


def test_the_evidence_is_of_the_raw_answers(measured: Case, again: Comparison) -> None:
    advice = measured.advice
    found = [one for one in advice.evidence_for + advice.evidence_against if one.kind == "measured"]
    assert found
    for one in found:
        assert one.value is not None
        values = [d.value for d in again.differences if d.metric == one.metric and d.value]
        assert any(abs(one.value) == pytest.approx(abs(value), abs=1e-12) for value in values), one


def test_the_decision_comes_first(page: Page, measured: Case) -> None:
    assert page.named("h2")[0].text == "Decision"
    verdict = next(one for one in page.elements if one.attributes.get("class") == "verdict")
    assert verdict.text == measured.advice.summary
    commands = [one.text for one in page.named("code", "pre")]
    assert measured.advice.next[0].command.splitlines()[0] in commands[0]


def test_headings_are_in_order_and_ids_are_unique(page: Page) -> None:
    for found in (page, Page(html_of([case(12), forms()]))):
        levels = [int(one.tag[1]) for one in found.named("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        ids = [one.attributes["id"] for one in found.elements if "id" in one.attributes]
        assert len(ids) == len(set(ids))
        named = {name for one in found.elements for name in _labels(one)}
        assert named <= set(ids)


def _labels(one: Element) -> list[str]:
    return one.attributes.get("aria-labelledby", "").split()


def test_each_chart_is_named_described_and_told_in_a_table(page: Page) -> None:
    charts = [one for one in page.named("svg") if one.attributes.get("role") == "img"]
    assert len(charts) == 4
    for chart in charts:
        figure = next(one for one in chart.inside if one.tag == "figure")
        inner = [one for one in page.elements if figure in one.inside]
        assert {"title", "desc", "table", "figcaption"} <= {one.tag for one in inner}


def test_without_a_drill_there_is_no_chart_of_costs() -> None:
    html = html_of([case(12, drilled=False)])
    assert "Cost of change" not in html
    assert "kilde drill" not in html


def test_the_page_asks_nobody_for_anything(html: str, page: Page) -> None:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policy in [one.attributes.get("content") for one in page.named("meta")]
    assert not page.named("script", "img", "iframe", "object", "form")
    assert [one.attributes["href"] for one in page.named("link")] == ["data:,"]
    links = [one.attributes["href"] for one in page.named("a")]
    assert all(link.startswith("#") for link in links)
    assert "url(" not in html
    assert "@import" not in html
    assert not any(name.startswith("on") for one in page.elements for name in one.attributes)


def test_what_others_wrote_is_text_and_nothing_else() -> None:
    found = Page(html_of([nasty()]))
    assert not found.named("script")
    assert [one.attributes["href"] for one in found.named("a")] == ["#decision"]
    shown = " ".join(NASTY.split())
    whole = " ".join("".join(text for text, _ in found.texts).split())
    # Question, answer, title, quote, failure, skipped arm, note, environment and advice.
    assert whole.count(shown) > 20
    assert "49" not in whole


def test_markdown_shows_what_others_wrote_as_text() -> None:
    text = markdown_of([nasty()])
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<script" not in html
    assert "javascript" in html
    assert "href" not in html
    assert "{{ 7 * 7 }}" in html


def test_markdown_says_the_same(measured: Case) -> None:
    text = render_markdown(
        measured.comparison, measured.drill, measured.advice, measured.questions, measured.said
    )
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.startswith("<h1>How health should answer</h1>")
    assert html.index("<h2>") == html.index("<h2>Decision</h2>")
    mean = measured.comparison.mean("rag", "task")
    assert mean is not None
    assert mean.value is not None
    assert f"{mean.value:.0%} (" in html
    assert html.count("<table>") == 2 + 4
    for command in commands(measured):
        assert f"    {command}\n" in text


def test_one_case_is_the_usual(measured: Case, html: str) -> None:
    one = (measured.comparison, measured.drill, measured.advice, measured.questions, measured.said)
    assert render_html(*one) == html
    with pytest.raises(ValueError, match="case"):
        html_of([])


def test_two_agents_stand_in_one_report(measured: Case) -> None:
    found = Page(html_of([measured, forms()]))
    assert found.named("title")[0].text == "How health and week-plan should answer"
    assert [one.text for one in found.named("h2")] == ["health", "week-plan"]
    ids = {one.attributes["id"] for one in found.elements if "id" in one.attributes}
    assert {one.attributes["href"].removeprefix("#") for one in found.named("a")} <= ids


def test_skipped_arms_say_why_and_are_not_zero() -> None:
    found = Page(html_of([forms()]))
    whole = " ".join("".join(text for text, _ in found.texts).split())
    assert whole.count("was not asked: the agent reads no documents") == 2
    assert not any(of.get("data-arm") == "rag" for of, _ in found.figures())


def test_forms_are_laid_out_and_turns_before_are_shown() -> None:
    html = html_of([forms()])
    assert "&#34;minutes&#34;: 45\n" in html
    assert "Before (assistant): Hej, hvad ønsker du?" in html


def test_the_widest_disagreements_are_shown(measured: Case) -> None:
    found = disagreements(measured)
    scores = {
        (s.arm, s.question): s.value for s in measured.comparison.scores if s.metric == "task"
    }
    gaps = []
    for one in found.shown:
        values = [scores[reply.arm, one.question.id] or 0.0 for reply in one.replies]
        gaps.append(max(values) - min(values))
    assert gaps == sorted(gaps, reverse=True)
    assert min(gaps) > 0
    assert not found.cut


def test_only_so_many_disagreements_are_shown() -> None:
    asked = questions(MOST + 30)
    habits = {"plain": (0.0, 0.0, 0.0, 1.0), "rag": (1.0, 1.0, 0.0, 1.0)}
    answers = said(asked, habits)
    found = comparison(asked, answers)
    whole = Case(found, None, advise(facts(), found), asked, answers)
    assert len(disagreements(whole).shown) == MOST
    assert disagreements(whole).cut
    assert "those with the widest gap are shown" in html_of([whole])


def test_what_is_reproduced_is_what_was_measured(measured: Case) -> None:
    odd = replace(
        measured.comparison,
        samples=3,
        temperature=0.7,
        arms=measured.comparison.arms[:2],
        options={"seed": "5"},
    )
    first, drill, last = commands(replace(measured, comparison=odd))
    assert first == (
        "kilde compare health --testset health-documents --arms plain,rag --samples 3 "
        "--temperature 0.7 --seed 5"
    )
    assert drill == (
        "kilde drill health --edits 10 --questions-per-month 1000 --model a-model "
        "--adapter health@1 --seed 3"
    )
    assert measured.drill is not None
    assert "; first with health@1; seed 3; from state 7 of the documents" in html_of([measured])
    trained = replace(measured, drill=replace(measured.drill, epochs=1.5))
    assert commands(trained)[1].endswith(" --epochs 1.5 --seed 3")
    assert last == "kilde advise health --html report.html"
    assert commands(measured)[0] == "kilde compare health --testset health-documents"


def test_a_drill_that_does_not_say_how_it_was_made_is_shown_without(measured: Case) -> None:
    """As those of earlier versions."""
    assert measured.drill is not None
    bare = replace(measured.drill, model="", adapter="", seed=0, store_version=None)
    old = replace(measured, drill=bare)
    assert commands(old)[1] == "kilde drill health --edits 10 --questions-per-month 1000"
    markdown = markdown_of([old])
    assert f"- Drill: 9d00c1, 10 edits, {bare.created_at.isoformat()}\n" in markdown
    for text in (html_of([old]), markdown):
        assert "9d00c1" in text and "from state" not in text and "first with" not in text


def test_the_examples_in_docstrings_hold() -> None:
    for module in (case_module, charts, numbers, page_module):
        result = doctest.testmod(module)
        assert result.attempted
        assert not result.failed


def test_one_question_gives_a_report_without_intervals() -> None:
    found = Page(html_of([case(1)]))
    assert not any(of.get("data-stat") == "interval" and one.text for of, one in found.figures())


@pytest.mark.parametrize(
    "text",
    [
        "1. First",
        "12) Second",
        "1986. A good year",
        "- a",
        "+ a",
        "=== b",
        "# c",
        "a_b* <i>",
        "> d",
    ],
)
def test_a_line_of_markdown_reads_as_it_was_written(text: str) -> None:
    shown = MarkdownIt("commonmark").render(page_module._escaped(text))
    assert Page(shown).named("p")[0].text == text


def test_answers_that_no_file_or_parser_takes_are_shown_all_the_same(measured: Case) -> None:
    """Half a character, as JSON can hold, and a form nested beyond all sense."""
    odd = tuple(
        replace(one, answer=replace(one.answer, text=text)) if one.answer else one
        for one, text in zip(
            measured.said,
            ['{"rest": "\\ud83d"}', "[" * 100_000] * len(measured.said),
            strict=False,
        )
    )
    strange = replace(measured, said=odd)
    for text in (html_of([strange]), markdown_of([strange])):
        assert text.encode("utf-8")
    assert "&#34;rest&#34;: &#34;?&#34;" in html_of([strange])


def test_the_summary_is_of_the_raw_answers(measured: Case, again: Comparison) -> None:
    means = [one for one in again.means if one.metric == "task" and one.value is not None]
    assert len(means) == 4
    told = [numbers.shown(mean.value, "share") for mean in means]
    figures = set(re.findall(r"[\d.]+%", measured.advice.summary))
    allowed = set(told)
    for mean in means:
        allowed |= set(numbers.interval(mean.low, mean.high, "share").split(" to "))
    assert figures and figures <= allowed


def test_who_answered_is_counted_from_the_raw_answers(page: Page, measured: Case) -> None:
    whole = " ".join("".join(text for text, _ in page.texts).split())
    for run in measured.arms:
        counted = answered_by([one for one in measured.said if one.arm == run.arm])
        assert run.answered_by == counted
        told = ", ".join(f"{name} ({many:,})" for name, many in counted.items())
        assert f"Answered by {told}" in whole


def test_an_answer_that_no_model_was_asked_for_is_told(measured: Case) -> None:
    first, *rest = measured.comparison.arms
    silent = replace(first, answered_by={"nobody": 3})
    found = replace(measured.comparison, arms=(silent, *rest))
    assert "nobody: declined beforehand (3)" in html_of([replace(measured, comparison=found)])


def test_one_arm_alone_is_not_called_too_few_questions(measured: Case) -> None:
    found = measured.comparison
    alone = replace(found, arms=found.arms[:1], differences=())
    for text in (html_of([replace(measured, comparison=alone)]),):
        assert "Nothing was compared, for that takes two arms." in text
    advice = replace(measured.advice, confidence="unmeasured")
    for text in (html_of([replace(measured, advice=advice)]),):
        assert "unmeasured confidence" not in text


def test_several_samples_are_told_beside_the_first(measured: Case, html: str) -> None:
    several = replace(measured.comparison, samples=3, temperature=0.7)
    assert "asked several times" in html_of([replace(measured, comparison=several)])
    assert "asked several times" not in html
