"""Does the check of claims tell true sentences from false ones, and declining, answered from not?

Two curves over a folder with ``corpus.jsonl`` and ``qa.jsonl`` (``context_id``, ``answers``,
``answer_start``, ``is_impossible``, ``split``):

*Grounding.* The sentence that holds a question's answer, lightly reworded, is a claim that its
passage supports. The same with one number, name or negation changed, or held against another
passage of the same title, is one that must not be supported.

*Declining.* Whether the answer stands among two quoted sentences, and how often the agent declines
answerable and unanswerable questions, when the best passages are those of the same title.

Run it as ``python -m benchmarks.grounding FOLDER``.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.beir import jsonl
from benchmarks.report import Report, to_json
from kilde.generation.ranking import ANSWERABLE, ranked_quotes
from kilde.grounding import ground
from kilde.grounding.check import SUPPORTED
from kilde.grounding.facts import Facts
from kilde.language.analysis import analyzer, question_terms
from kilde.language.detect import detect
from kilde.language.sentences import sentences
from kilde.types import DocumentRef, Hit, Passage

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
CONFIDENCES = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
_SENTENCES = 2
_NEARLY = 0.85
_PASSAGES = 5
_WORDS = (5, 40)  # content of a sentence that can serve as a claim
_NEGATION = {"da": "ikke", "sv": "inte", "no": "ikke", "nl": "niet", "de": "nicht", "en": "not"}
# Words that can be left out of a sentence without making it false.
_DROPPED = {
    "da": "dog også derfor således imidlertid endda endelig selv netop meget",
    "sv": "dock också därför således emellertid själv mycket",
    "nl": "ook echter daarom zelfs zelf zeer",
    "en": "also however therefore even thus very itself",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, the passage it is held against, and whether that supports it."""

    kind: str
    claim: str
    hit: Hit
    true: bool


def cases(folder: Path, *, limit: int = 600, seed: int = 0) -> list[Case]:
    """Claims of the folder's answerable development questions, true and false."""
    chance = random.Random(seed)
    passages = {record["_id"]: record for record in jsonl(folder / "corpus.jsonl")}
    language = _language(list(passages.values()))
    by_title: dict[str, list[str]] = {}
    for key, record in passages.items():
        by_title.setdefault(record["title"], []).append(key)
    questions = [q for q in _questions(folder) if not q["is_impossible"]]
    chance.shuffle(questions)
    found: list[Case] = []
    seen: set[str] = set()
    for question in questions:
        record = passages[question["context_id"]]
        sentence = _sentence_at(record["text"], question["answer_start"][0], language)
        if sentence in seen or not _WORDS[0] <= len(sentence.split()) <= _WORDS[1]:
            continue
        seen.add(sentence)
        hit = _hit(record, language)
        for kind, reword in _TRUE.items():
            if (claim := reword(sentence, language)) != sentence:
                found.append(Case(kind, claim, hit, True))
        for kind, spoil in _FALSE.items():
            claim = spoil(sentence, record["text"], language, chance)
            if claim and claim not in record["text"]:
                found.append(Case(kind, claim, hit, False))
        others = [key for key in by_title[record["title"]] if key != record["_id"]]
        if others and (loose := _reworded(sentence, language)):
            other = passages[chance.choice(others)]
            found.append(Case("other passage", loose, _hit(other, language), False))
        if len(seen) >= limit:
            break
    return found


def _questions(folder: Path) -> list[dict[str, Any]]:
    records = list(jsonl(folder / "qa.jsonl"))
    return [record for record in records if record.get("split", "dev") == "dev"]


def _language(records: Sequence[dict[str, Any]]) -> str:
    return detect(" ".join(record["text"] for record in records[:20]))


def _sentence_at(text: str, position: int, language: str) -> str:
    for start, end in sentences(text, language):
        if start <= position < end:
            return text[start:end].strip()
    return ""


def _hit(record: dict[str, Any], language: str) -> Hit:
    text = record["text"]
    passage = Passage(
        record["_id"], record["_id"], 0, "text", text, 0, len(text), language=language
    )
    ref = DocumentRef(record["_id"], record.get("title", ""), "", "default", language, "")
    return Hit(passage, ref, 1.0)


def _shorter(sentence: str, language: str) -> str:
    dropped = set(_DROPPED.get(language, "").split())
    words = sentence.split()
    return " ".join([words[0], *(word for word in words[1:] if word.lower() not in dropped)])


def _turned(sentence: str, language: str) -> str:  # noqa: ARG001
    """The last part of the sentence, after its last comma, put in front."""
    body, comma, last = sentence.rstrip(". ").rpartition(", ")
    if not comma or len(last.split()) < 3 or body[1:2].isupper():
        return sentence
    return f"{last[0].upper()}{last[1:]}, {body}."


def _respelled(sentence: str, language: str) -> str:  # noqa: ARG001
    def other(match: re.Match[str]) -> str:
        digits = match.group()
        return f"{digits[:-3]}.{digits[-3:]}"

    # Years keep their spelling.
    return re.sub(r"(?<![\d.,])(?:[3-9]\d{3}|\d{5,6})(?![\d.,])", other, sentence)


def _reworded(sentence: str, language: str) -> str:
    """One content word in five replaced by a neutral word, never a number or a name."""
    facts = Facts(sentence, language)
    names = {plain for plain, _ in facts.names}
    words = [t for t in facts.soft[1:] if t.word not in names and len(t.terms) == 1]
    words = [t for t in words if sentence[t.start].islower()][2::5]
    for token in reversed(words):
        sentence = sentence[: token.start] + _NEUTRAL.get(language, "it") + sentence[token.end :]
    return sentence


_VERB = re.compile(r"\b(er|var|blev|har|havde|kan|is|was|are|were|has|had|can|är|zijn|werd)\b")
_NEUTRAL = {"da": "nævnt", "sv": "nämnt", "nl": "genoemd", "en": "mentioned"}


def _other_number(sentence: str, text: str, language: str, chance: random.Random) -> str:  # noqa: ARG001
    found = list(re.finditer(r"\d+", sentence))
    if not found:
        return ""
    match = chance.choice(found)
    changed = str(int(match.group()) + chance.choice((1, 2, 10)))
    return sentence[: match.start()] + changed + sentence[match.end() :]


def _number_from_beside(sentence: str, text: str, language: str, chance: random.Random) -> str:  # noqa: ARG001
    here = re.findall(r"\d+", sentence)
    there = sorted(set(re.findall(r"\d+", text)) - set(here))
    if not here or not there:
        return ""
    return sentence.replace(chance.choice(here), chance.choice(there), 1)


def _other_name(sentence: str, text: str, language: str, chance: random.Random) -> str:  # noqa: ARG001
    pattern = re.compile(r"(?<=[a-zæøåäö,] )[A-ZÆØÅÄÖ][a-zæøåäöé]{2,}\b")
    here, there = pattern.findall(sentence), pattern.findall(text)
    # An inflected form of the same name is not another one.
    names = sorted({n for n in there if not any(n[:4] == own[:4] for own in here)})
    if not here or not names:
        return ""
    return sentence.replace(chance.choice(here), chance.choice(names), 1)


def _denied(sentence: str, text: str, language: str, chance: random.Random) -> str:  # noqa: ARG001
    if Facts(sentence, language).negates:
        return ""
    verb = _VERB.search(sentence)
    if not verb or language not in _NEGATION:
        return ""
    return f"{sentence[: verb.end()]} {_NEGATION[language]}{sentence[verb.end() :]}"


# The functions of a table share one signature, whether they need all of it or not.
_TRUE: dict[str, Callable[[str, str], str]] = {
    "shorter": _shorter,
    "turned": _turned,
    "respelled": _respelled,
    "reworded": _reworded,
}
_FALSE: dict[str, Callable[[str, str, str, random.Random], str]] = {
    "other number": _other_number,
    "number from beside": _number_from_beside,
    "other name": _other_name,
    "denied": _denied,
}


def grounding(found: Sequence[Case], thresholds: Sequence[float] = THRESHOLDS) -> Report:
    """Precision and recall of ``supported`` per threshold, and the share supported per kind."""
    kinds = list(dict.fromkeys(case.kind for case in found))
    report = Report("grounding", ["threshold", "precision", "recall", *kinds])
    for threshold in thresholds:
        said = [
            bool(grounded.claims) and len(grounded.supported) == len(grounded.claims)
            for case in found
            if (grounded := _grounded(case, threshold))
        ]
        right = sum(case.true for case, yes in zip(found, said, strict=True) if yes)
        cells: dict[str, str | int | float | None] = {
            "threshold": threshold,
            "precision": _share(right, sum(said)),
            "recall": _share(right, sum(case.true for case in found)),
        }
        for kind in kinds:
            of_kind = [yes for case, yes in zip(found, said, strict=True) if case.kind == kind]
            cells[kind] = _share(sum(of_kind), len(of_kind))
        report.add(cells)
    counts = ", ".join(f"{kind} {sum(case.kind == kind for case in found)}" for kind in kinds)
    report.notes.append(f"share supported by kind of claim; claims: {counts}; used: {SUPPORTED}")
    return report


def _grounded(case: Case, threshold: float) -> Any:
    return ground(case.claim, [case.hit], case.hit.passage.language, threshold=threshold)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def declining(folder: Path, *, limit: int = 600, seed: int = 0) -> Report:
    """Per threshold: the answer stands in a quotation; declined wrongly; declined rightly."""
    chance = random.Random(seed)
    passages = {record["_id"]: record for record in jsonl(folder / "corpus.jsonl")}
    language = _language(list(passages.values()))
    analyse = analyzer(language)
    terms = {key: frozenset(analyse.terms(record["text"])) for key, record in passages.items()}
    by_title: dict[str, list[str]] = {}
    for key, record in passages.items():
        by_title.setdefault(record["title"], []).append(key)
    questions = _questions(folder)
    chance.shuffle(questions)
    outcomes: list[tuple[bool, float, bool]] = []
    for impossible in (False, True):
        for question in [q for q in questions if q["is_impossible"] is impossible][:limit]:
            asked = set(question_terms(question["question"], [language]))
            near = by_title[passages[question["context_id"]]["title"]]
            best = sorted(near, key=lambda key: -len(asked & terms[key]))[:_PASSAGES]
            quotes = ranked_quotes(
                question["question"], [_hit(passages[key], language) for key in best]
            )
            confidence = max((quote.confidence for quote in quotes), default=0.0)
            shown = [q.text for q in quotes[:_SENTENCES] if q.score >= _NEARLY * quotes[0].score]
            gold = any(answer in text for answer in question["answers"] for text in shown)
            outcomes.append((impossible, confidence, gold))
    report = Report(
        "declining", ["threshold", "gold quoted", "wrongly declined", "rightly declined"]
    )
    answerable = [(c, gold) for impossible, c, gold in outcomes if not impossible]
    absent = [c for impossible, c, _ in outcomes if impossible]
    for threshold in CONFIDENCES:
        report.add(
            {
                "threshold": threshold,
                "gold quoted": _share(
                    sum(gold and c >= threshold for c, gold in answerable), len(answerable)
                ),
                "wrongly declined": _share(
                    sum(c < threshold for c, _ in answerable), len(answerable)
                ),
                "rightly declined": _share(sum(c < threshold for c in absent), len(absent)),
            }
        )
    report.notes.append(
        f"{len(answerable)} answerable and {len(absent)} unanswerable; used: {ANSWERABLE}"
    )
    return report


def run(folder: Path, *, limit: int = 600, seed: int = 0) -> tuple[Report, Report]:
    """Both curves over a folder; ``limit`` bounds the sentences and the questions of a kind."""
    return (
        grounding(cases(folder, limit=limit, seed=seed)),
        declining(folder, limit=limit, seed=seed),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print both curves as tables, and as JSON where ``--json FILE`` is given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grounding")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    reports = run(args.folder, limit=args.limit)
    for report in reports:
        print(report.table())
    if args.json:
        text = ",\n".join(to_json(report, indent=2) for report in reports)
        args.json.write_text(f"[{text}]\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
