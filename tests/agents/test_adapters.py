"""A tuned adapter answers when it is promoted, pinned or named, and only where it fits."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tuning.lora import MODEL, add_random, card, random_lora, stage

import kilde
from kilde.agents.agent import Sampling
from kilde.errors import GenerationError, ModelError, NotFound, WorkspaceError
from kilde.generation import GeneratorSettings, open_generator
from kilde.generation.llama_server import _servers
from kilde.models.cache import path_of
from kilde.models.hashes import weights_sha256
from kilde.protocols import Generator
from kilde.tuning.adapters import serving
from kilde.tuning.adapters.card import Card
from kilde.types import Answer, Delta, Document, Done
from kilde.workspace import Workspace

_QUESTION = "What does a yellow fever vaccination cost for adults?"
_AGENT = f"""
name = "Health"
instructions = "You answer questions about the health centre."
model = "{MODEL}"
grounding = "off"
max_words = 8
"""


@pytest.fixture
def place(minilm: str, smollm2: str, tmp_path: Path) -> Iterator[Workspace]:
    with kilde.init(tmp_path / "centre") as workspace:
        text = "A yellow fever vaccination costs 465 kroner for adults.\n"
        workspace.knowledge.add_documents(
            [
                Document.from_text(text, id="vaccines", title="Prices", language="en"),
                Document.from_text(
                    "Klinikken i Nordby har åbent mandag til fredag kl. 8.00–16.00.",
                    id="tider",
                    title="Åbningstider",
                    language="da",
                ),
            ]
        )
        write(workspace)
        yield workspace
    gc.collect()
    assert not _servers, "a model stayed in memory"


def write(workspace: Workspace, more: str = "", name: str = "health") -> None:
    (workspace.path / "agents" / f"{name}.toml").write_text(_AGENT + more, encoding="utf-8")


def add(workspace: Workspace, seed: int, agent: str = "health", **more: object) -> Card:
    return add_random(workspace.registry, workspace.path, agent, seed, **more)


def ask(workspace: Workspace, adapter: bool | str = True, question: str = _QUESTION) -> Answer:
    return workspace.agent("health").ask(question, adapter=adapter, retrieval=False)


def test_promoted_adapters_answer_from_the_next_question_on(place: Workspace) -> None:
    agent = place.agent("health")  # the same object, before and after

    def said() -> tuple[str, str | None, str]:
        answer = agent.ask(_QUESTION, retrieval=False)
        return answer.text, answer.trace.adapter, answer.trace.arm

    plain = said()
    assert plain[1:] == (None, "plain")
    add(place, 1), add(place, 2)
    assert said() == plain, "an adapter that is not promoted changes nothing"
    place.registry.promote("health@1", by="test")
    first = said()
    assert first[0] != plain[0] and first[1:] == ("health@1", "tuned")
    place.registry.promote("health@2", by="test")
    second = said()
    assert second[0] not in (plain[0], first[0]) and second[1] == "health@2"
    place.registry.rollback("health", "test")
    assert said() == first
    place.registry.rollback("health", "test")
    assert said() == plain


def test_an_adapter_may_be_named_or_left_out(place: Workspace) -> None:
    add(place, 1), add(place, 2)
    place.registry.promote("health@1", by="test")
    tuned, named, plain = ask(place), ask(place, "health@2"), ask(place, False)
    assert (tuned.trace.adapter, named.trace.adapter) == ("health@1", "health@2")
    assert (plain.trace.adapter, plain.trace.arm) == (None, "plain")
    assert len({tuned.text, named.text, plain.text}) == 3
    with pytest.raises(NotFound) as caught:
        ask(place, "health@3")
    assert "health@2" in caught.value.hint


def test_the_agent_s_file_pins_forbids_or_brings_its_own(place: Workspace) -> None:
    add(place, 1), add(place, 2)
    place.registry.promote("health@1", by="test")
    write(place, 'adapter = "health@2"')
    assert ask(place).trace.adapter == "health@2"
    write(place, 'adapter = "none"')
    assert ask(place).trace.adapter is None
    random_lora(place.path / "own.gguf", path_of(MODEL), 3)
    write(place, 'adapter = "own.gguf"')
    assert ask(place).trace.adapter == "own.gguf"
    assert place.check_agents()["health"] == ()
    for wrong in ("health@9", "../own.gguf", "absent.gguf", "helth"):
        write(place, f'adapter = "{wrong}"')
        (fault,) = place.check_agents()["health"]
        assert wrong in fault and "health.toml" in fault
        with pytest.raises(NotFound):
            ask(place)


def test_an_adapter_of_another_model_is_not_used(place: Workspace) -> None:
    add(place, 1, base_sha256="f" * 64)
    place.registry.promote("health@1", by="test")
    answer = ask(place)
    assert answer.trace.adapter is None and answer.trace.arm == "plain"
    assert answer.trace.notes == (
        "the adapter health@1 was trained for another model: answered without it",
    )
    with pytest.raises(GenerationError, match="another model"):
        ask(place, "health@1")


def test_an_adapter_answers_in_its_languages(place: Workspace) -> None:
    danish = "Hvornår har klinikken i Nordby åbent?"
    add(place, 1, languages=("da",))
    place.registry.promote("health@1", by="test")
    agent = place.agent("health")
    # The base model knows English, so it answers alone; the adapter brings it Danish.
    answer = agent.ask(_QUESTION)
    assert answer.trace.adapter is None and answer.trace.model.startswith("llama_cpp")
    assert "was not trained in 'en'" in answer.trace.notes[0]
    answer = agent.ask(danish)
    assert answer.trace.adapter == "health@1" and answer.trace.arm == "rag+tuned"
    add(place, 2, languages=("en",))
    place.registry.promote("health@2", by="test")
    answer = agent.ask(danish)
    assert answer.trace.model == "quotes" and answer.trace.adapter is None
    assert "8.00–16.00" in answer.text
    assert [note.split(":")[0] for note in answer.trace.notes] == [
        "the adapter health@2 was not trained in 'da'",
        f"llama_cpp:{MODEL} does not know the language 'da'".split(":")[0],
    ]


def test_one_that_is_named_answers_in_every_language(place: Workspace) -> None:
    add(place, 1, languages=("da",))
    answer = ask(place, "health@1")
    assert (answer.trace.adapter, answer.trace.language) == ("health@1", "en")
    assert answer.trace.notes == (
        "the adapter health@1 was not trained in 'en': it answers all the same, for it was named",
    )


def test_an_agent_without_documents_hears_the_languages_of_its_adapter(place: Workspace) -> None:
    danish = "Hvornår har klinikken i Nordby åbent?"
    assert ask(place, question=danish).trace.language == "da", "that of its documents, unread"
    write(place, 'collections = ["none"]\n')
    assert ask(place, question=danish).trace.language == "en"
    add(place, 1, languages=("da",))
    place.registry.promote("health@1", by="test")
    answer = ask(place, question=danish)
    assert (answer.trace.adapter, answer.trace.language) == ("health@1", "da")
    assert answer.trace.notes == ()
    assert ask(place).trace.adapter is None, "English it was not trained in"


def test_an_adapter_of_another_agent_is_refused(place: Workspace) -> None:
    """It may have learnt from documents that this agent may not read."""
    write(place, name="other")
    add(place, 1, agent="other")
    with pytest.raises(WorkspaceError, match="other@1 is of the agent 'other'") as told:
        ask(place, "other@1")
    assert "kilde adapter list health" in told.value.hint
    write(place, 'adapter = "other@1"')
    with pytest.raises(WorkspaceError):
        ask(place)
    (fault,) = place.check_agents()["health"]
    assert "health.toml" in fault and "other@1" in fault
    assert place.agent("other").ask(_QUESTION, adapter="other@1", retrieval=False)


def test_what_learnt_from_documents_that_left_the_scope_is_told(place: Workspace) -> None:
    place.knowledge.add_documents(
        [Document.from_text("Bring a towel.", id="bath", collection="site", language="en")]
    )
    add(place, 1, documents=("bath", "vaccines", "removed"))
    place.registry.promote("health@1", by="test")
    assert place.check_agents()["health"] == ()
    write(place, 'collections = ["site"]')
    (fault,) = place.check_agents()["health"]
    assert fault.endswith(
        "health@1 learnt from documents outside the agent's collections: vaccines"
    )
    write(place, 'collections = ["site"]\nadapter = "health@1"')
    place.registry.rollback("health", "test")
    assert "health@1" in place.check_agents()["health"][0]
    assert place.registry.outside(place.registry.get("health@1")) == ("vaccines",)
    write(place, 'collections = ["site"]\nadapter = "none"')
    assert place.check_agents()["health"] == ()


def test_one_that_an_agent_s_file_names_is_kept(place: Workspace) -> None:
    add(place, 1)
    write(place, 'adapter = "health@1"')
    (place.path / "agents" / "broken.toml").write_text("name =")
    with pytest.raises(WorkspaceError, match="whose file names it"):
        place.registry.remove("health@1")
    write(place)
    place.registry.remove("health@1")


def test_documents_can_be_left_out_of_a_trial(place: Workspace) -> None:
    place.knowledge.add_documents(
        [Document.from_text("A yellow fever vaccination hurts.", id="fears", language="en")]
    )
    agent = place.agent("health")
    whole = agent.ask(_QUESTION, adapter=False).trace
    without = agent.on_trial(without=["vaccines"])
    some = without.ask(_QUESTION, adapter=False).trace
    assert {hit.document.id for hit in whole.hits} == {"vaccines", "fears"}
    assert {hit.document.id for hit in some.hits} == {"fears"}
    assert "465" not in "".join(message.content for message in some.messages)
    again = without.on_trial(without=["fears"]).ask(_QUESTION, adapter=False)
    assert again.trace.hits == ()
    assert without.own_adapter() is None
    add(place, 1)
    place.registry.promote("health@1", by="test")
    own = without.own_adapter()
    assert own is not None and own.name == "health@1"


def test_a_trial_may_draw_its_words(place: Workspace) -> None:
    agent = place.trial_agent("health")

    def said(*samplings: Sampling) -> list[str]:
        return [
            agent.on_trial(sampling=one).ask(_QUESTION, adapter=False, retrieval=False).text
            for one in samplings
        ]

    likeliest = said(Sampling(), Sampling(seed=9), Sampling(seed=3))
    assert len(set(likeliest)) == 1, "a seed decides nothing at temperature 0"
    drawn = said(*(Sampling(1.5, seed) for seed in range(4)))
    assert len(set(drawn)) > 1 and drawn == said(*(Sampling(1.5, seed) for seed in range(4)))
    # It lasts through another trial, and the agent itself is as it was.
    hot = agent.on_trial(sampling=Sampling(1.5, 0)).on_trial(without=["tider"])
    assert hot.ask(_QUESTION, adapter=False, retrieval=False).text == drawn[0]
    assert said(Sampling())[0] == ask(place).text == likeliest[0]


def test_a_trial_may_have_another_model(place: Workspace) -> None:
    trial = place.trial_agent("health", model="quotes")
    answer = trial.ask(_QUESTION)
    assert answer.trace.model == "quotes" and "465" in answer.text
    assert place.agent("health").definition.model == MODEL
    add(place, 1)
    place.registry.promote("health@1", by="test")
    assert trial.own_adapter() is None and place.trial_agent("health").own_adapter() is not None


def test_prompts_are_those_it_was_trained_on(place: Workspace) -> None:
    write(place, '[[examples]]\nquestion = "Is it free?"\nanswer = "No."\n')
    more = Document.from_text("A yellow fever vaccination hurts.", id="fears", language="en")
    place.knowledge.add_documents([more])
    add(place, 1), add(place, 2, examples=False, document_tokens=5)
    agent = place.agent("health")
    with_them, without = (agent.ask(_QUESTION, adapter=f"health@{n}").trace for n in (1, 2))
    assert [m.role for m in with_them.messages] == ["system", "user", "assistant", "user"]
    assert [m.role for m in without.messages] == ["system", "user"]
    assert len(with_them.messages[-1].content) > len(without.messages[-1].content)


def test_quotation_takes_no_adapter(place: Workspace) -> None:
    add(place, 1)
    place.registry.promote("health@1", by="test")
    path = place.path / "agents" / "health.toml"
    path.write_text('name = "H"\ninstructions = "I"\nmodel = "quotes"\n')
    answer = place.agent("health").ask(_QUESTION)
    assert (answer.trace.adapter, answer.trace.arm, answer.trace.notes) == (None, "rag", ())
    with pytest.raises(GenerationError):
        place.agent("health").ask(_QUESTION, adapter="health@1")


def test_a_promotion_by_another_process_is_seen(place: Workspace) -> None:
    agent = place.agent("health")
    add(place, 1)
    plain = agent.ask(_QUESTION, retrieval=False)
    for command, expected in (
        (["promote", "health@1"], "health@1"),
        (["rollback", "health"], None),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "kilde", "-w", str(place.path), "adapter", *command],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        answer = agent.ask(_QUESTION, retrieval=False)
        assert answer.trace.adapter == expected
        assert (answer.text == plain.text) == (expected is None)


def test_an_answer_under_way_is_not_disturbed_and_then_the_old_model_goes(
    place: Workspace,
) -> None:
    path = place.path / "agents" / "health.toml"
    path.write_text(_AGENT.replace("max_words = 8", "max_words = 60"))
    agent = place.agent("health")
    whole = agent.ask("Write a story.", retrieval=False).text
    add(place, 1)
    events = agent.stream("Write a story.", retrieval=False)
    for event in events:
        if isinstance(event, Delta):
            break
    place.registry.promote("health@1", by="test")
    other = agent.ask(_QUESTION, retrieval=False)
    assert other.trace.adapter == "health@1"
    gc.collect()
    assert len(_servers) == 2, "the answer that is under way holds its model"
    last = list(events)[-1]
    assert isinstance(last, Done)
    assert last.answer.text == whole and last.answer.trace.adapter is None
    del events, last, event
    gc.collect()
    assert len(_servers) == 1, "and lets go of it at its end"
    # What is removed is not loaded again.
    place.registry.rollback("health", "test")
    place.registry.remove("health@1")
    add(place, 2)
    assert ask(place, "health@2").trace.adapter == "health@2"


def test_a_bad_adapter_keeps_nobody_else_from_answering(
    place: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    write(place, name="other")
    add(place, 1)
    place.registry.add("other", stage(place.path / "bad", b"GGUF" + b"\0" * 99), card())
    place.registry.promote("health@1", by="test")
    place.registry.promote("other@1", by="test")
    assert ask(place).trace.adapter == "health@1"
    assert "without some adapters" in caplog.text
    with pytest.raises(ModelError):
        place.agent("other").ask(_QUESTION, retrieval=False)
    assert ask(place).trace.adapter == "health@1"


def test_a_bad_adapter_is_named_and_not_tried_again(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []

    def counted(settings: GeneratorSettings) -> Generator:
        loads.append(tuple(settings.adapters))
        return open_generator(settings)

    monkeypatch.setattr(serving, "open_generator", counted)
    place.registry.add("health", stage(place.path / "bad", b"GGUF" + b"\0" * 99), card())
    place.registry.promote("health@1", by="test")
    with pytest.raises(ModelError, match=r"The adapter health@1 cannot be loaded\..*adapter\.gguf"):
        ask(place)
    assert loads == [("health@1",), ()]
    for _ in range(2):
        with pytest.raises(ModelError, match="health@1"):
            ask(place)
        assert ask(place, False).trace.adapter is None
    assert len(loads) == 2, "the model is there, and the adapter is known"
    add(place, 2)
    assert ask(place, "health@2").trace.adapter == "health@2"
    assert loads[2:] == [("health@2",)], "and it is in nobody's way"
    random_lora(place.registry.folder("health@1") / "adapter.gguf", path_of(MODEL), 3)
    assert ask(place).trace.adapter == "health@1", "it was mended"


def test_a_model_that_is_bad_itself_is_no_adapter_s_fault(place: Workspace) -> None:
    fake = place.path / "fake.gguf"
    fake.write_bytes(b"GGUF" + b"\0" * 99)
    text = _AGENT.replace(MODEL, str(fake))
    (place.path / "agents" / "health.toml").write_text(text, encoding="utf-8")
    add(place, 1, base_sha256="")
    place.registry.promote("health@1", by="test")
    with pytest.raises(ModelError) as told:
        ask(place)
    assert str(fake) in told.value.message and "health@1" not in told.value.message


def test_a_file_that_was_replaced_is_loaded_again(place: Workspace) -> None:
    path = place.path / "own.gguf"
    random_lora(path, path_of(MODEL), 3)
    write(place, 'adapter = "own.gguf"')
    first = ask(place).text
    random_lora(path, path_of(MODEL), 4)
    second = ask(place)
    assert second.trace.adapter == "own.gguf" and second.text != first


def test_the_hash_of_a_base_is_known_or_computed_once(place: Workspace, tmp_path: Path) -> None:
    assert place.base_sha256(MODEL) == weights_sha256(str(path_of(MODEL))) == card().base_sha256
    assert place.base_sha256("quotes") == ""
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF one")
    before = place.base_sha256(str(own))
    own.write_bytes(b"GGUF other")
    assert place.base_sha256(str(own)) != before
