"""One arm is asked all questions, in their order, through the agent that people ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.evaluation.compared import QUESTIONS, add_adapter, asked, made, script

from kilde import generation
from kilde.agents.agent import Sampling
from kilde.errors import NotFound
from kilde.evaluation.arms import ask_arm, missing
from kilde.evaluation.said import ARMS, Said
from kilde.evaluation.testset import Question
from kilde.protocols import NoProgress
from kilde.types import Arm, Message
from kilde.workspace import Workspace

RAG, TUNED = ARMS[1], ARMS[2]


@pytest.fixture(scope="module")
def place(minilm: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    before = generation.BACKENDS["llama_cpp"]
    script()
    with made(tmp_path_factory.mktemp("arms") / "clinic") as workspace:
        add_adapter(workspace)
        yield workspace
    generation.BACKENDS["llama_cpp"] = before  # type: ignore[index]


def ask(
    place: Workspace,
    arm: Arm,
    questions: tuple[Question, ...] = QUESTIONS[:3],
    samples: tuple[Sampling, ...] = (Sampling(),),
    have: frozenset[tuple[str, int]] = frozenset(),
    as_of: int | None = None,
) -> list[Said]:
    said: list[Said] = []
    ask_arm(
        place.trial_agent("clinic"),
        arm,
        "clinic@1",
        questions,
        as_of=as_of or place.knowledge.version,
        samples=samples,
        have=have,
        on_said=said.append,
        progress=NoProgress(),
    )
    return said


@pytest.mark.parametrize("arm", ARMS, ids=lambda arm: arm.name)
def test_an_arm_is_the_agent_with_two_switches(place: Workspace, arm: Arm) -> None:
    """The prompt and the answer are those of ``kilde ask``."""
    said = ask(place, arm)
    assert [one.question for one in said] == [question.id for question in QUESTIONS[:3]]
    for one, question in zip(said, QUESTIONS, strict=False):
        adapter = "clinic@1" if arm.adapter else False
        usual = place.agent("clinic").ask(
            question.question, retrieval=arm.retrieval, adapter=adapter
        )
        assert one.answer is not None and one.arm == arm.name == one.answer.trace.arm
        assert one.answer.text == usual.text
        assert one.answer.trace.messages == usual.trace.messages
        assert (one.sample, one.failed) == (0, "") and one.memory > 10_000_000
        assert one.seconds >= one.answer.trace.timings["total"] > 0


def test_answers_are_kept_nowhere_else(place: Workspace) -> None:
    before = len(place.records.judged())
    (said,) = ask(place, RAG, QUESTIONS[:1])
    assert said.answer is not None and len(place.records.judged()) == before
    with pytest.raises(NotFound):
        place.records.get(said.answer.id)


def test_what_was_asked_is_not_asked_again(place: Workspace) -> None:
    have = frozenset({(QUESTIONS[0].id, 0), (QUESTIONS[2].id, 0)})
    assert missing(QUESTIONS[:3], 1, have) == 1
    assert [one.question for one in ask(place, RAG, have=have)] == [QUESTIONS[1].id]
    # The same question twice in a test is one question.
    assert len(ask(place, RAG, (QUESTIONS[0], QUESTIONS[0]))) == 1


def test_samples_have_their_seeds_and_one_temperature(place: Workspace) -> None:
    samples = tuple(Sampling(0.7, seed) for seed in (5, 6))
    before = len(asked(place))
    said = ask(place, TUNED, QUESTIONS[:2], samples)
    assert [(one.question, one.sample) for one in said] == [
        (question.id, sample) for question in QUESTIONS[:2] for sample in (0, 1)
    ]
    requests = asked(place)[before:]
    assert [(one["temperature"], one["seed"]) for one in requests] == [(0.7, 5), (0.7, 6)] * 2
    ask(place, TUNED, QUESTIONS[:1])
    assert (asked(place)[-1]["temperature"], asked(place)[-1]["seed"]) == (0.0, 0)


def test_the_turns_before_a_question_are_in_the_prompt(place: Workspace) -> None:
    turns = (Message("user", "Do dogs swim?"), Message("assistant", "Gladly."))
    question = Question("Who repairs the lift?", history=turns)
    (said,) = ask(place, RAG, (question,))
    assert said.answer is not None
    assert [m.content for m in said.answer.trace.messages][1:3] == ["Do dogs swim?", "Gladly."]


def test_what_the_model_does_not_manage_is_kept_as_failed(place: Workspace) -> None:
    bad = Question("Why does the lift fail?")
    failed, other = ask(place, RAG, (bad, QUESTIONS[0]))
    assert failed.answer is None and failed.failed == "It ran out of memory."
    assert other.answer is not None and failed.seconds > 0


def test_other_errors_say_nothing_of_the_arm(place: Workspace) -> None:
    with pytest.raises(NotFound):
        ask(place, RAG, as_of=99)
