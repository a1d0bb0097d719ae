"""Rows from an agent's own documents: questions that they answer, and the answers.

A model that writes is asked for a question and an answer to a passage, and believed only where the
passage supports the answer. Tables, and all passages where there is no such model, are asked about
with templates, and answer in their own words. A share of the rows asks in vain, and declines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby, zip_longest
from random import Random
from typing import TypeVar

from kilde.agents.chat_marks import inert
from kilde.agents.definition import AgentDefinition
from kilde.agents.phrases import answer_in
from kilde.errors import ConfigError
from kilde.generation.ranking import ANSWERABLE, answer_confidence
from kilde.grounding import ground
from kilde.knowledge.scoped import ScopedKnowledge
from kilde.protocols import GenerationRequest, Generator, Progress, complete, step
from kilde.tuning.data.declining import unanswerable
from kilde.tuning.data.rows import Lineage, Row
from kilde.tuning.data.templates import QuestionAnswer, from_passages, template_languages
from kilde.types import Hit, Message

_INSTRUCTION = (
    "You read a passage of a document. Write one short question that somebody who has never seen "
    "the passage could ask, and that the passage answers. Name in the question what it is about. "
    "Then write the answer in one or two sentences, using only what the passage says. Write both "
    'in the language of the passage. Reply as JSON: {"question": "…", "answer": "…"}'
)
_SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}
_MAX_TOKENS = 240
# Characters of a passage that the model reads.
_READ = 4_000
_SHORTEST_PASSAGE = 60
_SHORTEST_QUESTION, _LONGEST_QUESTION = 3, 40
# For so many passages per row that is wanted a model is asked before it is given up.
_TRIES = 4
_WORD = re.compile(r"\w+")
Item = TypeVar("Item")
Source = TypeVar("Source", bound=QuestionAnswer | Hit)
# One of so many rows asks for what no document holds.
_DECLINING = 5


def document_rows(
    knowledge: ScopedKnowledge,
    definition: AgentDefinition,
    *,
    generator: Generator | None,
    limit: int,
    seed: int,
    progress: Progress,
    leave_out: Collection[str] = (),
) -> list[Row]:
    """At most ``limit`` rows (SFT) from the documents in scope; fewer where they hold no more.

    Every document contributes before one contributes again. One row of five declines: what it asks
    for stands in no document in scope. ``generator`` may be None or one that
    only quotes; then nothing but templates is used. No row comes from the documents in
    ``leave_out`` (ids), though they still tell what stands in no document and what has several
    answers. The same documents and the same ``seed`` give the same rows.
    Raises :class:`ConfigError` for an agent that fills in a form, and
    :class:`kilde.errors.GenerationError`.
    """
    if definition.output is not None:
        raise ConfigError(
            [f"{definition.name}: it fills in a form, and documents hold no filled-in forms"],
            hint="Bring rows of your own, or rate its answers.",
        )
    if generator is not None and not generator.context:
        generator = None  # it quotes
    random = Random(seed)  # noqa: S311  (a choice that can be repeated, not a secret)
    asked = 0
    found: dict[str, Row] = {}
    knowledge = knowledge.at()
    answering = limit - limit // _DECLINING
    with step(progress, "making rows", limit, "rows"):
        for item in _turns(_items(knowledge, definition, generator, random, leave_out)):
            if len(found) >= answering or asked >= answering * _TRIES:
                break
            if isinstance(item, QuestionAnswer):
                made: QuestionAnswer | None = item
            elif generator is not None:
                asked += 1
                made = _written(generator, item, definition, seed)
            if made is not None and made.topic not in found:
                found[made.topic] = _row(made)
                progress.advance()
        return [
            *found.values(),
            *_declining(knowledge, len(found) // (_DECLINING - 1), random, leave_out),
        ]


def _declining(
    knowledge: ScopedKnowledge, count: int, random: Random, leave_out: Collection[str]
) -> list[Row]:
    """As many rows that decline, of documents in turn; fewer where there are no more."""
    if not count:
        return []
    documents = _without(unanswerable(knowledge, random), leave_out)
    random.shuffle(documents)
    found = {made.question: replace(_row(made), declines=True) for made in _turns(documents)}
    return list(found.values())[:count]


def _items(
    knowledge: ScopedKnowledge,
    definition: AgentDefinition,
    generator: Generator | None,
    random: Random,
    leave_out: Collection[str],
) -> list[list[QuestionAnswer | Hit]]:
    """What may become rows, document by document: templates filled in, and passages to ask about.

    Both lists are shuffled.
    """
    known = template_languages()
    documents: list[list[QuestionAnswer | Hit]] = []
    for _, group in groupby(knowledge.passages(), key=lambda hit: hit.document.id):
        hits = list(group)
        language = hits[0].passage.language
        items: list[QuestionAnswer | Hit] = []
        if generator and (generator.languages is None or language in generator.languages):
            items += [hit for hit in hits if hit.passage.kind == "text" and _worth_asking(hit)]
            hits = [hit for hit in hits if hit.passage.kind == "row"]
        if language in known:
            words = definition.max_words
            items += from_passages(hits, language, max_words=words, random=random)
        random.shuffle(items)
        documents.append(items)
    random.shuffle(documents)
    return _without(_told_apart(documents), leave_out)


def _without(
    documents: Iterable[Sequence[Source]], leave_out: Collection[str]
) -> list[list[Source]]:
    """Of every document what is not left out."""
    return [[item for item in items if _document(item) not in leave_out] for items in documents]


def _document(item: QuestionAnswer | Hit) -> str:
    hit = item if isinstance(item, Hit) else item.hit
    return hit.document.id


def _told_apart(documents: list[list[QuestionAnswer | Hit]]) -> list[list[QuestionAnswer | Hit]]:
    """Questions with one answer each, each of them once.

    What has several answers is asked about with the document's title, or not at all.
    """
    answers: dict[str, set[str]] = {}
    titled: dict[tuple[str, str], set[str]] = {}
    for item in chain.from_iterable(documents):
        if isinstance(item, QuestionAnswer):
            answers.setdefault(item.topic, set()).add(item.answer)
            titled.setdefault((item.hit.document.title, item.topic), set()).add(item.answer)
    taken: set[str] = set()

    def clear(item: QuestionAnswer) -> QuestionAnswer | None:
        if len(answers[item.topic]) > 1:
            title = item.hit.document.title
            if len(titled[title, item.topic]) > 1 or item.question.startswith(title):
                return None
            topic, question = f"{title}\n{item.topic}", f"{title}: {item.question}"
            item = replace(item, question=question, topic=topic)
        if item.topic in taken:
            return None
        taken.add(item.topic)
        return item

    told: list[list[QuestionAnswer | Hit]] = []
    for items in documents:
        cleared = (item if isinstance(item, Hit) else clear(item) for item in items)
        told.append([item for item in cleared if item is not None])
    return told


def _turns(documents: Sequence[Sequence[Item]]) -> Iterator[Item]:
    """One of every document, then another one of every document that has more."""
    for items in zip_longest(*documents):
        yield from (item for item in items if item is not None)


def _written(
    generator: Generator, hit: Hit, definition: AgentDefinition, seed: int
) -> QuestionAnswer | None:
    """What a model asks and answers about a passage; None where that cannot be believed."""
    language = hit.passage.language
    text = f"{hit.document.title}\n{hit.passage.heading_path}\n\n{hit.passage.text[:_READ]}"
    instruction = f"{_INSTRUCTION} {answer_in(language)}".strip()
    reply, _ = complete(
        generator,
        GenerationRequest(
            messages=(Message("system", instruction), Message("user", inert(text))),
            question="",
            evidence=(hit,),
            language=language,
            max_tokens=min(_MAX_TOKENS, generator.context // 3),
            schema=_SCHEMA,
            seed=seed,
        ),
    )
    try:
        found = json.loads(reply)
    except ValueError:
        return None  # it did not come to an end
    if not isinstance(found, dict):
        return None
    question, answer = (" ".join(str(found.get(key, "")).split()) for key in ("question", "answer"))
    if not _asks(question, hit) or not _answers(answer, question, hit, definition.max_words):
        return None
    return QuestionAnswer(question, answer, hit, language, _plain(question))


def _asks(question: str, hit: Hit) -> bool:
    """Whether a question is one, is no copy of the passage, and is answered by it."""
    return (
        question.endswith("?")
        and _SHORTEST_QUESTION <= len(question.split()) <= _LONGEST_QUESTION
        and _plain(question) not in _plain(hit.passage.text)
        and answer_confidence(question, (hit,)) >= ANSWERABLE
    )


def _answers(answer: str, question: str, hit: Hit, max_words: int) -> bool:
    """Whether an answer says something that the passage supports and the question does not."""
    if not 0 < len(answer.split()) <= max_words or _plain(answer) in _plain(question):
        return False
    grounded = ground(answer, (hit,), hit.passage.language)
    return grounded.share == 1.0


def _worth_asking(hit: Hit) -> bool:
    return len(hit.passage.text.strip()) >= _SHORTEST_PASSAGE


def _plain(text: str) -> str:
    """A text without what does not make it another one: capitals, white space, punctuation."""
    return " ".join(_WORD.findall(text.casefold()))


def _row(made: QuestionAnswer) -> Row:
    return Row(
        "sft",
        (Message("user", made.question),),
        made.answer,
        language=made.language,
        lineage=Lineage(documents=(made.hit.document.id,)),
    )
