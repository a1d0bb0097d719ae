"""Rows from what people said of answers: good ones to repeat, bad ones to avoid.

A rating judges the text that was shown. Where the same text was given to the same question more
than once, its newest rating counts, for one text cannot be right and wrong; a correction of it is
kept unless somebody found the text right after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from kilde.agents.chat_marks import inert
from kilde.agents.phrases import abstention, declines
from kilde.grounding import ground
from kilde.language.clean import clean
from kilde.tuning.data.rows import Lineage, Method, Row
from kilde.types import Answer, Feedback, Message

Given = Callable[[str, str], Sequence[Answer]]
"""All answers that an agent (by its key) gave to a question, the newest first."""


@dataclass(slots=True)
class _Shown:
    """A text that was shown as the answer to a prompt, and what was said of it."""

    agent: str
    prompt: tuple[Message, ...]
    text: str
    good: bool
    abstained: bool
    language: str
    lineage: Lineage
    corrections: list[tuple[str, Lineage]] = field(default_factory=list)


def feedback_rows(
    pairs: Sequence[tuple[Feedback, Answer]], method: Method, *, given: Given = lambda *_: ()
) -> list[Row]:
    """What can be learnt from answers and the last feedback on each, the oldest first.

    ``given`` finds the earlier answers of a conversation, whose documents a row comes from as well.

    ``sft``: answers rated up, and corrections. ``kto``: every rated answer with its label, and
    corrections as good ones. ``dpo``: a correction before the answer it corrects, and an answer
    rated up before those rated down on the same question by the same agent. No row is there twice.
    """
    shown = _shown(pairs, given)
    match method:
        case "sft":
            rows = _sft(shown)
        case "kto":
            rows = _kto(shown)
        case "dpo":
            rows = _dpo(shown)
    unique: dict[str, Row] = {}
    for row in rows:
        unique.setdefault(row.id, row)
    return list(unique.values())


def _sft(shown: Sequence[_Shown]) -> Iterator[Row]:
    for one in shown:
        if one.good and not one.corrections:
            yield _row("sft", one, one.text, one.lineage, declined=one.abstained)
        yield from _corrected("sft", one)


def _kto(shown: Sequence[_Shown]) -> Iterator[Row]:
    for one in shown:
        declined = one.good and one.abstained
        yield _row("kto", one, one.text, one.lineage, good=one.good, declined=declined)
        yield from _corrected("kto", one)


def _dpo(shown: Sequence[_Shown]) -> Iterator[Row]:
    # The newest good answer to a question stands for all of them.
    best = {(one.agent, _same(one.prompt)): one for one in shown if one.good}
    for one in shown:
        yield from _corrected("dpo", one)
        better = best.get((one.agent, _same(one.prompt)))
        if better is not None and not one.good and better.text != one.text:
            lineage = _joined(better.lineage, one.lineage)
            declined = better.abstained
            yield _row("dpo", one, better.text, lineage, rejected=one.text, declined=declined)


def _corrected(method: Method, one: _Shown) -> Iterator[Row]:
    """The corrections of a text as good rows, or as better than the text (``dpo``)."""
    for text, lineage in one.corrections:
        rejected = one.text if method == "dpo" else ""
        declined = declines(text, one.language)
        yield _row(method, one, text, lineage, rejected=rejected, declined=declined)


def _row(
    method: Method,
    one: _Shown,
    answer: str,
    lineage: Lineage,
    *,
    rejected: str = "",
    good: bool = True,
    declined: bool = False,
) -> Row:
    return Row(
        method, one.prompt, answer, rejected, good, declined, language=one.language, lineage=lineage
    )


def _shown(pairs: Sequence[tuple[Feedback, Answer]], given: Given) -> list[_Shown]:
    """The texts that were judged, each once, the oldest first."""
    found: dict[tuple[str, object, str], _Shown] = {}
    for feedback, answer in sorted(pairs, key=lambda pair: pair[0].at, reverse=True):
        prompt, text = _prompt(answer), _text(answer)
        good = feedback.rating == "up"
        lineage = _lineage(answer, prompt[:-1], given)
        one = found.setdefault(
            (answer.agent, _same(prompt), text),
            _Shown(
                answer.agent, prompt, text, good, answer.abstained, answer.trace.language, lineage
            ),
        )
        if feedback.correction not in ("", text) and good == one.good:
            documents = _supporting(feedback.correction, answer)
            one.corrections.append((feedback.correction, replace(lineage, documents=documents)))
    return list(reversed(found.values()))


def _text(answer: Answer) -> str:
    """What was said; of an answer that declined, without the titles that the agent adds."""
    language = answer.trace.language
    if answer.abstained and answer.text == abstention(language, answer.nearest):
        return abstention(language, ())
    return answer.text.strip()


def _prompt(answer: Answer) -> tuple[Message, ...]:
    """The question, after the turns that it follows up.

    A trace holds the prompt as it was sent, in which examples from the agent's file look like
    turns. The words that were searched for tell them apart: they begin with the questions that
    were followed up. Where those are not found, the question stands alone.
    """
    question = Message("user", answer.question)
    followed = answer.trace.search_text.removesuffix(f"{answer.question} {answer.question}").strip()
    if followed == answer.trace.search_text.strip():
        return (question,)  # it stood alone when it was asked
    turns = list(answer.trace.messages[:-1])
    history: list[Message] = []
    while followed and len(turns) >= 2:
        asked, said = turns[-2:]
        if (asked.role, said.role) != ("user", "assistant") or not asked.content:
            break
        if not followed.endswith(asked.content):
            break
        followed = followed.removesuffix(asked.content).strip()
        history = [asked, said, *history]
        del turns[-2:]
    return (question,) if followed else (*history, question)


def _lineage(answer: Answer, history: Sequence[Message], given: Given) -> Lineage:
    """The answer with those before it; the documents it cites, and those found for any of them."""
    earlier = [
        one
        for asked, said in zip(history[::2], history[1::2], strict=True)
        for one in _said(said, given(answer.agent, asked.content), answer)
    ]
    return Lineage(
        documents=_unique(citation.document.id for citation in answer.citations),
        answers=_unique([answer.id, *(one.id for one in earlier)]),
        read=_unique(name for one in (answer, *earlier) for name in _found_for(one)),
    )


def _said(turn: Message, found: Sequence[Answer], later: Answer) -> Sequence[Answer]:
    """The answer behind a turn; where none says just that, all that it may have been."""
    before = [one for one in found if one.at < later.at]
    same = [one for one in before if inert(clean(one.text)).strip() == turn.content.strip()]
    return same[:1] or before


def _found_for(answer: Answer) -> Iterator[str]:
    """All documents that an answer cites or that its prompt may have held."""
    yield from (document.id for one in answer.citations for document in one.documents)
    hits = (*answer.trace.hits, *answer.trace.summaries)
    yield from (document.id for hit in hits for document in hit.documents)


def _supporting(correction: str, answer: Answer) -> tuple[str, ...]:
    """The documents that a correction stands on, which need not be those of the wrong answer."""
    grounded = ground(correction, answer.trace.hits, answer.trace.language)
    if grounded.share != 1.0:
        return ()
    return _unique(one.document.id for claim in grounded.claims for one in claim.citations)


def _joined(better: Lineage, worse: Lineage) -> Lineage:
    return Lineage(
        documents=better.documents,
        answers=_unique(better.answers + worse.answers),
        read=_unique(better.read + worse.read),
    )


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _same(prompt: Sequence[Message]) -> object:
    """What is equal for prompts that differ only in white space and capitals."""
    return tuple((turn.role, " ".join(turn.content.casefold().split())) for turn in prompt)
