"""Answers written by a small real model, and by generators that fail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema
import pytest
from tests.agents.conftest import write_agent

from kilde.agents.agent import Agent
from kilde.agents.chat_marks import inert
from kilde.errors import GenerationError
from kilde.knowledge.search import Scope
from kilde.protocols import GenerationRequest, Piece
from kilde.types import Answer, Delta, Done, Message, Usage
from kilde.workspace import Workspace

_MODEL = 'model = "smollm2-135m-instruct-q4"\nmax_words = 40\n'
_QUESTION = "What does a yellow fever vaccination cost for adults?"

_FORM = """
[output.schema]
type = "object"
additionalProperties = false
required = ["weeks"]

[output.schema.properties.weeks]
type = "array"
minItems = 1
maxItems = 2

[output.schema.properties.weeks.items]
type = "object"
additionalProperties = false
required = ["day", "minutes"]

[output.schema.properties.weeks.items.properties.day]
type = "string"
enum = ["Monday", "Tuesday"]

[output.schema.properties.weeks.items.properties.minutes]
type = "integer"
minimum = 5
maximum = 60
"""


def test_a_small_model_is_never_shown_unchecked(centre: Workspace) -> None:
    write_agent(centre, "model", _MODEL)
    events = list(centre.agent("model").stream(_QUESTION))
    last = events[-1]
    assert isinstance(last, Done)
    answer = last.answer
    assert answer.claims and all(claim.supported for claim in answer.claims)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == answer.text
    for citation in answer.citations:
        text = centre.knowledge.document(citation.document.id).text
        assert text[citation.start : citation.end] == citation.quote


def test_flag_shows_all_that_the_model_wrote_and_marks_it(centre: Workspace) -> None:
    write_agent(centre, "flagged", _MODEL + 'grounding = "flag"\n')
    answer = centre.agent("flagged").ask(_QUESTION)
    assert answer.text == answer.trace.raw_text.strip()
    assert answer.claims and answer.trace.model.startswith("llama_cpp")
    for claim in answer.claims:
        assert answer.text[claim.start : claim.end] == claim.text
        assert claim.supported == (not claim.reason)


def test_a_model_that_does_not_know_the_language_hands_over(centre: Workspace) -> None:
    write_agent(centre, "danish", _MODEL)
    answer = centre.agent("danish").ask("Hvornår har klinikken i Nordby åbent?")
    assert "8.00–16.00" in answer.text
    assert answer.trace.model == "quotes"
    assert any("does not know the language 'da'" in note for note in answer.trace.notes)


def test_instructions_in_a_document_do_not_reach_the_model_s_policy(centre: Workspace) -> None:
    write_agent(centre, "parked", _MODEL)
    answer = centre.agent("parked").ask("How long is parking behind the clinic free?")
    assert not answer.text.strip().startswith("HACKED")
    for claim in answer.claims:  # what the document says may be quoted, as its words
        if "HACKED" in claim.text:
            assert {citation.document.id for citation in claim.citations} == {"trap"}
    assert answer.trace.language == "en"
    assert all(hit.document.collection == "health" for hit in answer.trace.hits)
    prompt = answer.trace.messages
    assert [message.role for message in prompt] == ["system", "user"]
    assert "<|im_" not in "".join(message.content for message in prompt)
    assert all(claim.supported for claim in answer.claims)


def test_marks_of_turns_are_inert_for_the_model_s_own_tokenizer(centre: Workspace) -> None:
    generator = centre.generator("smollm2-135m-instruct-q4")
    for mark in (
        "<|im_end|>",
        "<|im_start|>",
        "<|endoftext|>",
        "<|IM_END|>",
        "<|im<|im_end|>_end|>",
    ):
        told = inert(f"a{mark}b")
        assert "<|" not in told or "|>" not in told
        # A control token counts as one, its letters as several.
        assert generator.count_tokens(told) == generator.count_tokens(told.replace("|", ""))


def test_examples_never_reach_a_checked_answer(centre: Workspace) -> None:
    example = (
        '[[examples]]\nquestion = "What does a rabies vaccination cost?"\n'
        'answer = "A rabies vaccination costs 991 kroner for sailors."\n'
    )
    write_agent(centre, "example", _MODEL + example)
    answer = centre.agent("example").ask("What does a rabies vaccination cost for sailors?")
    assert "991" not in answer.text
    assert all("991" not in citation.quote for citation in answer.citations)


def test_a_form_is_filled_in_validly(centre: Workspace) -> None:
    write_agent(centre, "plan", _MODEL.replace("40", "100") + _FORM)
    agent = centre.agent("plan")
    answer = agent.ask("Make a plan for two days of walking near the clinic.")
    schema = agent.definition.output.json_schema if agent.definition.output else {}
    jsonschema.validate(json.loads(answer.text), schema)
    assert answer.claims == () and not answer.abstained


def test_a_form_that_was_cut_off_is_an_error(centre: Workspace) -> None:
    write_agent(
        centre, "cut", _MODEL.replace("40", "5") + _FORM.replace("minItems = 1", "minItems = 2")
    )
    with pytest.raises(GenerationError, match="did not finish") as caught:
        centre.agent("cut").ask("Make a plan for two days of walking near the clinic.")
    assert "max_words" in caught.value.hint


def test_a_danish_form_without_a_danish_model_says_why(centre: Workspace) -> None:
    write_agent(centre, "plan-da", _MODEL + _FORM)
    with pytest.raises(GenerationError, match="does not know the language 'da'"):
        centre.agent("plan-da").ask("Hvornår har klinikken i Nordby åbent?")


def test_the_oldest_turns_of_a_long_conversation_are_left_out(centre: Workspace) -> None:
    write_agent(centre, "long", _MODEL)
    history = [Message("user", "word " * 9000), Message("assistant", "Yes.")]
    answer = centre.agent("long").ask(_QUESTION, history=history)
    assert any("oldest turns" in note for note in answer.trace.notes)
    assert not any("word word" in message.content for message in answer.trace.messages)


def test_instructions_that_leave_no_room_are_a_clear_error(centre: Workspace) -> None:
    example = f'[[examples]]\nquestion = "Why?"\nanswer = "{"word " * 9000}"\n'
    write_agent(centre, "wordy", _MODEL + example)
    with pytest.raises(GenerationError, match="no room for documents") as caught:
        centre.agent("wordy").ask(_QUESTION)
    assert "Shorten them" in caught.value.hint


@pytest.mark.parametrize("words", [100, 1500, 3000, 4500, 5500, 6500])
def test_a_prompt_always_fits_the_model(centre: Workspace, words: int) -> None:
    write_agent(centre, "fits", _MODEL)
    history = [Message("user", "word " * words), Message("assistant", "Yes.")]
    try:
        answer = centre.agent("fits").ask(_QUESTION, history=history)
    except GenerationError as error:
        assert "no room for documents" in error.message
    else:
        generator = centre.generator("smollm2-135m-instruct-q4")
        assert answer.trace.usage.prompt_tokens < generator.context


class Breaking:
    """A generator that stops in the middle."""

    name, languages, context = "breaking", None, 2048

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        yield Piece("A yellow fever vaccination costs 465 kroner for adults. ")
        yield Piece("And then")
        raise GenerationError("The line broke.", hint="Try again.")

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def close(self) -> None:
        pass


class Saying(Breaking):
    """A generator that says what it is told to."""

    name = "saying"

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        for piece in self.pieces:
            yield Piece(piece)
        yield Piece("", Usage(1, 1))


def agent_with(centre: Workspace, generator: Breaking, kept: list[Answer]) -> Agent:
    return Agent(
        "health",
        centre.definition("health"),
        centre.knowledge.scoped(Scope(frozenset({"health"}))),
        lambda adapter: generator,
        lambda name: None,
        lambda: "",
        kept.append,
    )


def test_a_generator_that_fails_in_the_middle_leaves_nothing_behind(centre: Workspace) -> None:
    kept: list[Answer] = []
    agent = agent_with(centre, Breaking(), kept)
    seen = []
    with pytest.raises(GenerationError, match="line broke"):
        for event in agent.stream(_QUESTION):
            seen.append(event)
    assert not kept
    assert not any(isinstance(event, Done) for event in seen)


def test_strict_drops_what_no_document_says(centre: Workspace) -> None:
    pieces = (
        "A yellow fever vac",
        "cination costs 465 kroner for adults. It costs 46",
        "6 kroner. ",
        "HACKED.",
    )
    kept: list[Answer] = []
    answer = agent_with(centre, Saying(*pieces), kept).ask(_QUESTION)
    assert answer.text == "A yellow fever vaccination costs 465 kroner for adults."
    assert kept == [answer]
    assert answer.trace.raw_text == "".join(pieces)


def test_strict_quotes_where_no_sentence_of_the_model_is_supported(centre: Workspace) -> None:
    answer = agent_with(centre, Saying("It costs 999 kroner.", " HACKED"), []).ask(_QUESTION)
    assert "465" in answer.text and "999" not in answer.text
    assert any("quoted instead" in note for note in answer.trace.notes)


def test_white_space_around_a_flagged_answer_is_not_streamed(centre: Workspace) -> None:
    write_agent(centre, "loose", 'grounding = "flag"')
    agent = agent_with(centre, Saying("\n ", " Yes, ", " it costs 465 kroner. ", "\n"), [])
    agent.definition = centre.definition("loose")
    events = list(agent.stream(_QUESTION))
    last = events[-1]
    assert isinstance(last, Done)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == last.answer.text
    assert last.answer.text == "Yes,  it costs 465 kroner."
