"""Whether what was said stands in the documents, and whether the right documents are shown.

Arms that look nothing up have no passages to be held against and cannot cite: they are not scored,
which says nothing about whether what they say is true.
"""

from __future__ import annotations

from kilde.agents.phrases import declines
from kilde.evaluation.measures.basis import (
    NOT_LOOKED_UP,
    failed,
    is_form,
    looked_up,
    unsupported,
)
from kilde.evaluation.metric import Setting
from kilde.evaluation.said import Said
from kilde.evaluation.scores import Score
from kilde.evaluation.testset import Question
from kilde.grounding import ground


def groundedness(question: Question, said: Said, setting: Setting) -> Score:
    """The share of claims, as they were written, that a passage found for the question supports.

    What no document supports counts even where it was taken out before the answer was shown.
    """
    if is_form(question, setting):
        return Score(None, "a form is measured by its fields")
    if not looked_up(said):
        return NOT_LOOKED_UP
    if said.answer is None:
        return failed(said)
    trace = said.answer.trace
    claims = ground(trace.raw_text, trace.hits, trace.language).claims
    if not claims or declines(trace.raw_text, trace.language):
        return Score(None, "it declined, and so claims nothing")
    bad = [claim for claim in claims if not claim.supported]
    why = f"; {bad[0].text!r}: {bad[0].reason}" if bad else ""
    held = len(claims) - len(bad)
    return Score(held / len(claims), f"{held} of {len(claims)} claims{why}")


def citation_precision(question: Question, said: Said, setting: Setting) -> Score:
    """The share of citations that lead to a supporting document."""
    if (kept := _unscored(question, said, setting)) is not None:
        return kept
    cited = _cited(said)
    if not cited:
        return Score(None, "it cites nothing")
    wrong = [names for names in cited if not names & set(question.documents)]
    why = f"{sorted(wrong[0])[0]!r} is cited and supports it not" if wrong else ""
    return Score(1 - len(wrong) / len(cited), why)


def citation_recall(question: Question, said: Said, setting: Setting) -> Score:
    """The share of supporting documents that are cited."""
    if (kept := _unscored(question, said, setting)) is not None:
        return kept
    wanted = dict.fromkeys(question.documents)
    cited = set().union(*_cited(said))
    missing = [one for one in wanted if one not in cited]
    why = f"{missing[0]!r} is not cited" if missing else ""
    return Score(1 - len(missing) / len(wanted), why)


def _unscored(question: Question, said: Said, setting: Setting) -> Score | None:
    """The score where there are no citations to look at; ``None`` where there may be."""
    if is_form(question, setting):
        return Score(None, "a form cites nothing")
    return unsupported(question, said)


def _cited(said: Said) -> list[set[str]]:
    """The documents of each citation: more than one where several hold the same words."""
    citations = said.answer.citations if said.answer else ()
    return [{document.id for document in one.documents} for one in citations]
