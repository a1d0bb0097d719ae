"""Whatever somebody sends as a question: it is answered or declined, kept, and found again."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

import pytest
from tests.agents.conftest import write_agent

from kilde.agents.agent import SHORTENED
from kilde.errors import KildeError, NotFound
from kilde.language.question import SEARCHED
from kilde.types import Document, Feedback, Message
from kilde.workspace import Workspace

QUESTION = "What does a yellow fever vaccination cost for adults?"

_PARTS = (
    *("\ud800", "\udfff", "\udcff", "\ud83d\ude00", "\x00", "\x07", "\x1b[31m", "\x7f", "\x85"),
    *("\ufeff", "\u200b", "\u200e", "\u202e", "\u2066", "\u2028", "\ufffe", "\ufdd0", "\U0010ffff"),
    *("e\u0301", "a\u030a", "\u0301" * 40, "ﬁ", "ẞ", "İ", "ǅ", "ͅ", "½", "²", "٣", "Ⅷ", "१२"),
    *("👨‍👩‍👧", "🏳️‍🌈", "👍🏽", "مرحبا بالعالم", "שלום"),
    *("你好，世界", "こんにちは", "สวัสดี", "नमस्ते"),
    *("' OR '1'='1", "'; DROP TABLE answers; --", '"', "''", "\\", "%", "_", "`", "$(id)", "{}"),
    *("AND", "OR NOT", "terms:", "+a -b", "a*", "a~2", "^2", "[a TO b]", "(((", ":", "?"),
    *("<|im_end|>", "</s>", "[INST]", "<think>", "[End of documents]", "(About:", "{max_words}"),
    *("x" * 5_000, "1." * 2_000, "a'" * 2_000, "-" * 300, "...", "\n\n", "\t", "   ", "\r"),
    *("vaccination", "cost", "8.00–16.00", "kl. 8", "clinic", "and for a child", "it", "og", "465"),
)


def questions(count: int) -> Iterator[str]:
    """Questions put together by chance, always the same ones."""
    draw = random.Random(12)
    for _ in range(count):
        pieces = draw.choices(_PARTS, k=draw.choice((1, 1, 2, 3, 6, 12)))
        pieces += [chr(draw.randrange(0x110000)) for _ in range(draw.choice((0, 0, 1, 5)))]
        draw.shuffle(pieces)
        yield draw.choice(("", " ")).join(pieces)


def test_no_question_fails_but_an_empty_one(centre: Workspace) -> None:
    agent = centre.agent("health")
    history: list[Message] = []
    answered = 0
    for question in questions(80):
        assert len(centre.knowledge.search(question, limit=3)) <= 3
        try:
            answer = agent.ask(question, history=history)
        except ValueError as error:
            assert str(error) == "the question is empty"
            continue
        answered += 1
        assert centre.records.get(answer.id) == answer
        assert answer in centre.records.given("health", question)
        assert len(answer.trace.search_text) <= SEARCHED
        repr(answer.trace.messages).encode("utf-8")
        history = [*history[-4:], Message("user", question), Message("assistant", question)]
    assert answered > 60


@pytest.mark.parametrize("question", ["", " \n", "\x00", "\ud800", "\ufeff\x07\t", "\u00ad"])
def test_what_is_empty_when_it_is_clean_is_empty(centre: Workspace, question: str) -> None:
    with pytest.raises(ValueError, match="the question is empty"):
        centre.agent("health").ask(question)


def test_half_characters_cost_nobody_an_answer(centre: Workspace) -> None:
    agent = centre.agent("health")
    clean = agent.ask(QUESTION, history=[Message("user", "Hello"), Message("assistant", "Hello.")])
    history = [Message("user", "Hel\ud83dlo"), Message("assistant", "Hello.\x00\udcff")]
    for question in (f"\ud800{QUESTION}", QUESTION.replace("fever", "fe\udfffver\x00")):
        answer = agent.ask(question, history=history)
        assert answer.text == clean.text
        assert answer.question == QUESTION
        assert answer.trace.messages == clean.trace.messages
        assert centre.records.get(answer.id) == answer


def test_equal_words_in_two_spellings_find_the_same(centre: Workspace) -> None:
    composed = "Hvornår har klinikken åbent?"
    decomposed = unicodedata.normalize("NFD", composed)
    first, second = (centre.agent("health").ask(one) for one in (composed, decomposed))
    assert (first.text, first.question) == (second.text, second.question)
    found = [hit.passage.id for hit in centre.knowledge.search(composed)]
    assert [hit.passage.id for hit in centre.knowledge.search(decomposed)] == found


@pytest.mark.parametrize("characters", [10_000, 200_000])
def test_of_a_very_long_question_the_ends_are_searched_for(
    centre: Workspace, characters: int
) -> None:
    agent = centre.agent("health")
    letter = " ".join(f"word{number}" for number in range(characters // 9))
    for question in (f"{QUESTION} {letter}", f"{letter} {QUESTION}"):
        answer = agent.ask(question)
        assert SHORTENED in answer.trace.notes
        assert len(answer.trace.search_text) <= SEARCHED
        assert QUESTION in answer.trace.search_text
        assert answer.question == question
        assert "vaccines" in {hit.document.id for hit in answer.trace.hits}
    assert SHORTENED not in agent.ask(QUESTION).trace.notes


def test_a_long_conversation_is_searched_for_by_its_ends(centre: Workspace) -> None:
    letter = "? " * 100_000 + "What does a yellow fever vaccination cost"
    history = [Message("user", letter), Message("assistant", "465 kroner.")]
    answer = centre.agent("health").ask("And for children?", history=history)
    assert len(answer.trace.search_text) <= SEARCHED
    assert answer.trace.search_text.endswith("And for children?")
    assert "325" in answer.text


@pytest.mark.parametrize(
    "name", ["a\x00b", "a\x00.gguf", "a\x00@1", "\ud800.gguf", "\ud800@1", "x" * 300 + ".gguf"]
)
def test_a_name_that_no_adapter_can_have_is_not_found(centre: Workspace, name: str) -> None:
    with pytest.raises(KildeError):
        centre.agent("health").ask(QUESTION, adapter=name)


def test_such_a_name_in_the_file_of_an_agent(centre: Workspace) -> None:
    write_agent(centre, "zero", 'adapter = "a\\u0000.gguf"\nmodel = "b\\u0000.gguf"\n')
    assert any("adapter" in fault for fault in centre.check_agents()["zero"])
    with pytest.raises(NotFound, match="adapter"):
        centre.agent("zero").ask(QUESTION)
    (centre.path / "agents" / "zero.toml").unlink()


def test_the_texts_of_an_agent_are_cleaned(centre: Workspace) -> None:
    (centre.path / "agents" / "odd.toml").write_text(
        'name = "O\\u0000dd"\ninstructions = "Answer bri\\u00adefly.\\u0007"\n'
        '[[examples]]\nquestion = "a\\u0000?"\nanswer = "A\\u030a"\n',
        encoding="utf-8",
    )
    definition = centre.definition("odd")
    (centre.path / "agents" / "odd.toml").unlink()
    assert (definition.name, definition.instructions) == ("Odd", "Answer briefly.")
    assert (definition.examples[0].question, definition.examples[0].answer) == ("a?", "Å")


def test_a_correction_is_kept_without_half_characters(centre: Workspace) -> None:
    answer = centre.agent("health").ask(QUESTION)
    given = Feedback("f", answer.id, "health", "down", "465\ud800 kr\x00oner.", answer.at)
    centre.records.add_feedback(given)
    assert centre.records.feedback()[0].correction == "465 kroner."


@pytest.mark.parametrize("name", ["\ud800", "\x00", "' OR '1'='1"])
def test_odd_names_are_not_found(centre: Workspace, name: str) -> None:
    for look_up in (centre.knowledge.document, centre.records.get, centre.records.find):
        with pytest.raises(NotFound):
            look_up(name)
    assert centre.knowledge.search(QUESTION, collections=[name]) == []
    assert centre.records.latest(agent=name) == []
    report = centre.knowledge.add_documents([Document.from_text("x", id="x", collection=name)])
    assert (report.added, len(report.failed)) == ((), 1)
