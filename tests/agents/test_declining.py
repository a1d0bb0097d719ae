"""A model that writes that it cannot answer has declined, and nobody sees it half said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.agents.conftest import write_agent
from tests.agents.test_models import Saying

from kilde.agents.agent import Agent
from kilde.agents.phrases import declines, may_decline
from kilde.knowledge.search import Scope
from kilde.types import Answer, Delta, Done
from kilde.workspace import Workspace

_QUESTION = "What does a yellow fever vaccination cost for adults?"
_DECLINED = "I could not find that in the documents I may use."
_POLICIES = ["strict", "flag", "off"]


def asked(centre: Workspace, more: str, pieces: Sequence[str], **how: Any) -> tuple[Answer, str]:
    """The answer of an agent whose model says that, and all that was streamed of it."""
    write_agent(centre, "declining", more)
    agent = Agent(
        "declining",
        centre.definition("declining"),
        centre.knowledge.scoped(Scope(frozenset({"health"}))),
        lambda adapter: Saying(*pieces),
        lambda name: None,
        lambda: "",
        lambda answer: None,
    )
    events = list(agent.stream(_QUESTION, **how))
    done = events[-1]
    assert isinstance(done, Done)
    return done.answer, "".join(event.text for event in events if isinstance(event, Delta))


@pytest.mark.parametrize("policy", _POLICIES)
@pytest.mark.parametrize("retrieval", [True, False])
@pytest.mark.parametrize(
    "pieces",
    [
        [_DECLINED],
        ["I could", " not FIND that in the", " documents, I may use"],
        [f"\n{_DECLINED}\n"],
    ],
    ids=["said", "in pieces", "white space"],
)
def test_the_sentence_alone_is_declining(
    centre: Workspace, policy: str, retrieval: bool, pieces: list[str]
) -> None:
    answer, streamed = asked(centre, f'grounding = "{policy}"', pieces, retrieval=retrieval)
    assert answer.abstained and not answer.claims and not answer.citations
    assert answer.text.startswith(_DECLINED)
    assert streamed == answer.text
    assert bool(answer.nearest) == retrieval
    assert answer.trace.raw_text == "".join(pieces)
    assert answer.trace.model == "saying" and not answer.trace.notes


@pytest.mark.parametrize("policy", ["flag", "off"])
def test_an_answer_that_begins_like_it_is_an_answer(centre: Workspace, policy: str) -> None:
    pieces = ["I could", " not find", " a yellow", " fever vaccination for less."]
    answer, streamed = asked(centre, f'grounding = "{policy}"', pieces)
    assert not answer.abstained
    assert streamed == answer.text == "".join(pieces)
    short, streamed = asked(centre, f'grounding = "{policy}"', ["I could not"])
    assert not short.abstained and streamed == short.text == "I could not"


def test_a_sentence_beside_it_is_judged_as_ever(centre: Workspace) -> None:
    fact = "A yellow fever vaccination costs 465 kroner for adults."
    answer, streamed = asked(centre, "", [f"{_DECLINED} {fact}"])
    assert not answer.abstained and streamed == answer.text == fact


def test_a_form_never_declines(centre: Workspace) -> None:
    form = '[output.schema]\ntype = "string"\n'
    answer, streamed = asked(centre, form, [f'"{_DECLINED}"'])
    assert not answer.abstained and streamed == answer.text == f'"{_DECLINED}"'


def test_each_language_has_its_own_sentence() -> None:
    danish = "Det kan jeg ikke finde i de dokumenter, jeg må bruge."
    assert declines(danish, "da") and declines(danish.upper().replace(",", ""), "da")
    assert not declines(danish, "en") and not declines(_DECLINED, "da")
    assert declines(_DECLINED, "xx"), "English serves where a language is missing"
    assert not declines("", "da") and may_decline("", "da")
    assert may_decline("Det kan jeg", "da") and not may_decline("Det kan du", "da")
