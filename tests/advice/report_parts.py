"""A measured case, made of raw answers: all its figures are computed from them by Kilde itself."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from kilde.advice.advice import Facts, Known
from kilde.advice.advise import advise
from kilde.advice.report import Case
from kilde.evaluation import drilling
from kilde.evaluation.compare import differences, means, scored
from kilde.evaluation.comparison import ArmRun, Comparison, Judgement
from kilde.evaluation.drill_result import ArmCost, Drill, EditMade, EditTold, Truth
from kilde.evaluation.metric import Setting
from kilde.evaluation.remarks import answered_by
from kilde.evaluation.said import ARMS, Said
from kilde.evaluation.testset import Question, hash_of
from kilde.types import (
    Answer,
    Citation,
    Claim,
    DocumentRef,
    Hit,
    Message,
    Passage,
    Trace,
    Usage,
)

from .parts import WITH

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MODEL, SHA = "llama_cpp:smollm2-135m-instruct-q4", "3f" * 32
ADAPTER, ADAPTER_SHA = "health@2", "a7" * 32
NASTY = (
    "<script>alert('quote')</script> {{ 7 * 7 }} {% raw %} | `code` [link](javascript:1) & \"x\""
)
"""What a document may hold to see whether it is shown as text."""
EMBEDDED = (
    '{"name": "Åse", "days": [{"day": "mandag", "minutes": 30}], "rest": "søndag"}',
    '{"name": "Åse", "days": [{"day": "mandag", "minutes": 45}], "rest": "søndag"}',
)

_WARDS = (
    *("the clinic in Northfield", "klinikken i Nordby", "mottagningen i Lund"),
    *("de praktijk in Leiden", "the pharmacy in Eastwick", "apoteket i Strandby"),
)
_ASKED = {
    "en": "When does {place} close on day {n}?",
    "da": "Hvornår lukker {place} på dag {n}?",
    "sv": "När stänger {place} på dag {n}?",
    "nl": "Wanneer sluit {place} op dag {n}?",
}
_SAID = {
    "en": "It closes at {time}.",
    "da": "Der lukkes kl. {time}.",
    "sv": "Det stänger kl. {time}.",
    "nl": "Het sluit om {time}.",
}
_LANGUAGES = ("en", "da", "sv", "nl", "en", "da")
# How often an arm is right, declines what has no answer, and declines what has one; its seconds.
HABITS: Mapping[str, tuple[float, float, float, float]] = {
    "plain": (0.06, 0.3, 0.05, 1.1),
    "rag": (0.95, 1.0, 0.03, 2.4),
    "tuned": (0.24, 0.5, 0.15, 1.2),
    "rag+tuned": (0.9, 0.9, 0.08, 2.6),
}


def questions(count: int = 40) -> tuple[Question, ...]:
    """Questions in four languages; every fifth has no answer."""
    found = []
    for number in range(count):
        place, language = _WARDS[number % 6], _LANGUAGES[number % 6]
        answerable = number % 5 != 4
        found.append(
            Question(
                _ASKED[language].format(place=place, n=number + 1),
                references=(_time(number),) if answerable else (),
                documents=(f"hours-{number % 6}",) if answerable else (),
                answerable=answerable,
                language=language,
            )
        )
    return tuple(found)


def said(
    asked: Sequence[Question],
    habits: Mapping[str, tuple[float, float, float, float]] = HABITS,
    seed: int = 0,
) -> tuple[Said, ...]:
    """What arms of such habits say; one answer of ``plain`` failed."""
    rng = random.Random(seed)
    found = []
    for arm, (right, rightly, needless, seconds) in habits.items():
        for number, question in enumerate(asked):
            declines = rng.random() < (needless if question.answerable else rightly)
            time = _time(number if rng.random() < right else number + 7)
            text = _SAID[question.language].format(time=time)
            answer = _answer(arm, question, "" if declines else text, number)
            took = seconds * rng.uniform(0.6, 1.9)
            if arm == "plain" and number == 3:
                found.append(Said(arm, question.id, 0, None, took, 0, "the model gave no words"))
            else:
                memory = 410_000_000 + number * 1000
                found.append(Said(arm, question.id, 0, answer, took, memory))
    return tuple(found)


def comparison(
    asked: Sequence[Question],
    answers: Sequence[Said],
    *,
    agent: str = "health",
    setting: Setting | None = None,
    skipped: Mapping[str, str] | None = None,
) -> Comparison:
    """The comparison that comes of raw answers."""
    setting = setting or Setting()
    scores = scored(asked, answers, setting)
    there = {one.arm for one in answers}
    why = skipped or {}
    runs = tuple(
        ArmRun(
            arm.name,
            MODEL,
            SHA,
            ADAPTER if arm.adapter else "",
            ADAPTER_SHA if arm.adapter else "",
            skipped=why.get(arm.name, ""),
            answered_by=answered_by(one for one in answers if one.arm == arm.name)
            if arm.name in there
            else None,
        )
        for arm in ARMS
        if arm.name in there or arm.name in why
    )
    return Comparison(
        id="5b1e0c9a77d2",
        agent=agent,
        agent_sha256="c4" * 32,
        testset=f"{agent}-documents",
        testset_sha256=hash_of(asked),
        store_version=14,
        created_at=AT,
        samples=1,
        temperature=0.0,
        arms=runs,
        scores=scores,
        means=means(scores),
        differences=differences(scores),
        notes=("One answer failed: the model gave no words.",),
        judgements=(Judgement("judge-model", "plain", "rag", 40, 4, 28, 6, 3, 0.875, 0.61),),
        environment={"processor": "2 cores", "kilde": "0.1.0", "currency": "EUR"},
    )


def drill() -> Drill:
    """Ten edits, of which each arm tells so many anew after its work."""
    edits = tuple(
        EditMade("number", f"hours-{n}", f"When does ward {n} close?", f"{n + 8}:00", f"{n + 9}:30")
        for n in range(10)
    )
    new = {"plain": (0, 0), "rag": (1, 10), "tuned": (0, 6), "rag+tuned": (1, 9)}
    work = {
        "plain": ("", 0.0, 1.1),
        "rag": ("sync", 3.2, 2.4),
        "tuned": ("training", 640.0, 1.2),
        "rag+tuned": ("sync and training", 643.0, 2.6),
    }
    told, costs = [], []
    for arm, (before, after) in new.items():
        first: list[Truth] = ["new" if n < before else "stale" for n in range(10)]
        last: list[Truth] = ["new" if n < after else "stale" for n in range(10)]
        told += [EditTold(arm, n, first[n], last[n], "…", "…") for n in range(10)]
        name, seconds, answer = work[arm]
        shares = drilling.shares(first), drilling.shares(last)
        costs.append(ArmCost(arm, name, seconds, *shares, answer_seconds=answer))
    even = drilling.break_even(
        extra_seconds=1.2, questions=1000, sync_seconds=3.2, training_seconds=640.0
    )
    return Drill("9d00c1", "health", AT, edits, tuple(told), tuple(costs), 1000, even, **WITH)


def facts(agent: str = "health") -> Facts:
    """What is known of the agent without measuring."""
    return Facts(
        agent=agent,
        known={
            "changes": Known("often", "3 rounds of changes a month"),
            "sources": Known("yes", "grounding is strict"),
            "documents": Known("many", "44 documents"),
        },
        documents=44,
        rows=310,
        changes=3.0,
        retrieval=True,
        adapter=ADAPTER,
        adapters=(ADAPTER,),
        dataset=agent,
        testset=f"{agent}-documents",
        questions=40,
        store_version=14,
    )


def case(count: int = 40, *, drilled: bool = True) -> Case:
    """A whole case on ``health``: retrieval is right far more often."""
    asked = questions(count)
    answers = said(asked)
    found = comparison(asked, answers)
    made = drill() if drilled else None
    return Case(found, made, advise(facts(), found, made), asked, answers)


def forms(count: int = 30) -> Case:
    """A case on ``week-plan``: answers are forms, and two arms were not asked."""
    asked = tuple(
        Question(
            f"Lav en plan for Åse, uge {n + 1}.",
            references=(EMBEDDED[0],),
            language="da",
            schema={"type": "object"},
            history=(Message("user", "Hej"), Message("assistant", "Hej, hvad ønsker du?")),
        )
        for n in range(count)
    )
    answers = tuple(
        Said(
            arm, one.id, 0, _answer(arm, one, EMBEDDED[n % (2 if arm == "plain" else 9) == 0], n), 3
        )
        for arm in ("plain", "tuned")
        for n, one in enumerate(asked)
    )
    without = {"rag": "the agent reads no documents", "rag+tuned": "the agent reads no documents"}
    found = comparison(
        asked, answers, agent="week-plan", setting=Setting(form=True), skipped=without
    )
    found = replace(found, id="77aa00bb11cc", judgements=())
    return Case(
        found,
        None,
        advise(Facts("week-plan", {"form": Known("yes", "the agent fills in a form")}), found),
        asked,
        answers,
    )


def nasty(count: int = 6) -> Case:
    """A case where question, reference, answer, title, quote, notes and names are all markup."""
    asked = tuple(
        Question(f"{NASTY} {n}", references=("eighteen",), documents=("x",)) for n in range(count)
    )
    answers = tuple(
        Said(arm, one.id, 0, _answer(arm, one, f"eighteen {NASTY}", n, NASTY), 1.0)
        if arm == "rag"
        else Said(arm, one.id, 0, None, 1.0, failed=NASTY)
        for arm in ("plain", "rag")
        for n, one in enumerate(asked)
    )
    found = comparison(asked, answers, skipped={"tuned": NASTY})
    found = replace(found, agent=NASTY, testset=NASTY, notes=(NASTY,), environment={NASTY: NASTY})
    advice = replace(advise(facts(), found), summary=NASTY, would_change=(NASTY,))
    return Case(found, None, advice, asked, answers)


def _time(number: int) -> str:
    return f"{13 + number % 7}.{(number * 5) % 60:02d}"


def _answer(arm: str, question: Question, text: str, number: int, title: str = "") -> Answer:
    """An answer; an empty text declines. Arms that look things up cite a document."""
    looks = arm.startswith("rag")
    document = DocumentRef(
        f"hours-{number % 6}", title or "Opening hours", "hours.md", "health", "en", "0" * 64
    )
    sentence = title or f"On day {number + 1} it closes at {_time(number)}."
    passage = Passage(f"p{number}", document.id, 0, "text", sentence, 0, len(sentence))
    hits = (Hit(passage, document, 1.0),) if looks else ()
    shown = text or "I do not find that in the documents."
    cited = Citation(document, passage.id, 0, len(sentence), sentence, 2, "Hours", 1.0)
    citations = (cited,) if looks and text else ()
    claims = (Claim(shown, 0, len(shown), bool(citations), citations),) if text else ()
    trace = Trace(
        hits=hits,
        summaries=(),
        arm=arm,
        model=MODEL,
        adapter=ADAPTER if "tuned" in arm else None,
        store_version=14 if looks else None,
        search_text=question.question,
        language=question.language,
        messages=(Message("user", question.question),),
        prompt_hash="0" * 64,
        raw_text=shown,
        usage=Usage(300 + number if looks else 60, 14),
        timings={"total": 1.0},
    )
    return Answer(
        id=f"{arm}-{number}",
        agent="health",
        question=question.question,
        text=shown,
        claims=claims,
        citations=citations,
        abstained=not text,
        nearest=(),
        trace=trace,
        at=AT,
    )
