"""Rows made from documents: asked within the scope, answered in the documents' own words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from kilde.agents.definition import AgentDefinition
from kilde.agents.phrases import abstention, declines
from kilde.documents.content import Table
from kilde.documents.tables import table_text
from kilde.embedding import open_embedder
from kilde.errors import ConfigError
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.scoped import ScopedKnowledge
from kilde.knowledge.search import Scope
from kilde.protocols import GenerationRequest, Generator, NoProgress, Piece
from kilde.tuning.data.declining import unanswerable
from kilde.tuning.data.from_documents import document_rows
from kilde.tuning.data.rows import Row
from kilde.tuning.data.templates import absent_words, template_languages
from kilde.types import Document, Hit, Scalar, Usage

AGENT = AgentDefinition(name="Health", instructions="Answer.")


def priced(name: str, year: str, price: int) -> Document:
    header = ("service", "price_dkk", "note", "year", "from")
    rows: list[tuple[Scalar, ...]] = [
        ("Certificate", price, "Bring identity", year, date(2026, 5, 1)),
        ("Talk", 90, None, year, date(2026, 6, 1)),
    ]
    text, spans = table_text(Table(header, rows))
    return Document(name, text, f"prices {year}", name, "health", "en", rows=spans)


DOCUMENTS = [
    Document.from_text(
        "# Knee class\n\nThe class is for people with a sore knee.\n\n"
        "## Price\n\nThe class costs DKK 640. It is free with a referral. Ring us. We help you.\n\n"
        "## What to bring\n\n- water\n- indoor shoes\n- a towel\n\n"
        "## If you fall ill\n\nStay at home and ring us.\n\n"
        "## How many weeks?\n\nThe class lasts ten weeks.\n\n"
        "## What you learn with us\n\nYou learn four exercises.\n\n"
        "## Times\n\n| Day | Time |\n| --- | --- |\n| Monday | 9 |\n",
        id="knee", title="Knee class", collection="health", language="en",
    ),
    Document.from_text(
        "# Blodprøver\n\nLaboratoriet ligger i stuen.\n\n"
        "## Åbningstid\n\nVi har åbent kl. 8–13.\n\n"
        "## Hvis du er forhindret\n\nMeld afbud senest 24 timer før.\n",
        id="blod", title="Blodprøver", collection="health", language="da",
    ),
    Document.from_text(
        "# Secret\n\nNobody else may read this text.\n", id="secret", title="Secret",
        collection="board", language="en",
    ),
    Document.from_text(
        "# Horaires\n\nNous ouvrons à huit heures.\n", id="fr", title="Horaires",
        collection="health", language="fr",
    ),
    priced("p25", "2025", 450),
    priced("p26", "2026", 480),
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, minilm: str) -> Iterator[KnowledgeBase]:
    root = tmp_path_factory.mktemp("base")
    embedder = open_embedder(minilm)
    base = KnowledgeBase(
        root / ".kilde",
        root=root,
        embedder=lambda: embedder,
        max_tokens=40,
        keep=timedelta(days=1),
    )
    base.add_documents(DOCUMENTS)
    yield base
    embedder.close()


def scoped(base: KnowledgeBase, *collections: str) -> ScopedKnowledge:
    return base.scoped(Scope(frozenset(collections)))


def made(
    knowledge: ScopedKnowledge,
    *,
    generator: Generator | None = None,
    limit: int = 100,
    seed: int = 1,
    agent: AgentDefinition = AGENT,
) -> list[Row]:
    return document_rows(
        knowledge, agent, generator=generator, limit=limit, seed=seed, progress=NoProgress()
    )


def about(rows: Sequence[Row], *words: str) -> Row:
    """The row that is answered and asks for that."""
    (found,) = [row for row in answered(rows) if all(word in row.question for word in words)]
    return found


def answered(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not row.declines]


def test_sections_are_asked_about_and_answered_word_for_word(base: KnowledgeBase) -> None:
    rows = made(scoped(base, "health"))
    assert about(rows, "Knee class", "price").answer == (
        "The class costs DKK 640. It is free with a referral. Ring us."
    )
    assert about(rows, "Knee class: What to bring?").answer == "- water\n- indoor shoes\n- a towel"
    assert about(rows, "Knee class: what if you fall ill?").answer.startswith("Stay at home")
    assert about(rows, "Knee class: How many weeks?").answer == "The class lasts ten weeks."
    assert about(rows, "“What you learn with us”").answer == "You learn four exercises."
    assert not [row for row in rows if "Times" in row.question or "times" in row.question]
    assert about(rows, "Blodprøver: hvad hvis du er forhindret?").language == "da"
    assert about(rows, "Blodprøver", "åbningstid").answer == "Vi har åbent kl. 8–13."


def test_tables_are_asked_about_by_the_name_of_the_row(base: KnowledgeBase) -> None:
    rows = made(scoped(base, "health"))
    note = about(rows, "Certificate", "note")
    assert note.answer == "Bring identity"
    assert about(rows, "Talk", "price (dkk)").answer == "Price (dkk): 90"
    assert about(rows, "Talk", "from").answer == "From: 2026-06-01"
    assert not [row for row in rows if "under year" in row.question or "as year" in row.question]


def test_what_two_tables_say_differently_is_asked_with_their_titles(base: KnowledgeBase) -> None:
    rows = made(scoped(base, "health"))
    assert about(rows, "prices 2025: ", "Certificate", "price").answer.endswith("450")
    new = about(rows, "prices 2026: ", "Certificate", "price")
    assert new.answer.endswith("480")
    assert new.lineage.documents == ("p26",)


def test_answers_stand_in_the_documents_of_the_lineage(base: KnowledgeBase) -> None:
    for row in answered(made(scoped(base, "health"))):
        (name,) = row.lineage.documents
        text = base.document(name).text
        assert row.answer.split(": ")[-1] in text
        assert (row.method, row.history) == ("sft", ())


def test_nothing_comes_from_outside_the_scope_or_in_languages_without_words(
    base: KnowledgeBase,
) -> None:
    knowledge = scoped(base, "health")
    assert "secret" not in {hit.document.id for hit in knowledge.passages()}
    assert "secret" not in {row.lineage.documents[0] for row in made(knowledge)}
    assert {row.lineage.documents[0] for row in made(scoped(base, "board"))} == {"secret"}
    assert {row.language for row in made(knowledge)} == {"da", "en"}
    assert made(scoped(base)) == []


def test_passages_come_in_the_order_of_their_documents(base: KnowledgeBase) -> None:
    hits = list(scoped(base, "health").passages())
    places = [(hit.document.id, hit.passage.ordinal) for hit in hits]
    assert places == sorted(places)
    assert {hit.passage.kind for hit in hits} == {"text", "row"}


def test_a_seed_gives_the_same_rows_and_every_document_its_turn(base: KnowledgeBase) -> None:
    knowledge = scoped(base, "health")
    assert made(knowledge, seed=3) == made(knowledge, seed=3)
    assert made(knowledge, seed=3) != made(knowledge, seed=4)
    few = made(knowledge, limit=4)
    assert {row.lineage.documents[0] for row in few} == {"knee", "blod", "p25", "p26"}
    assert made(knowledge, limit=0) == []
    everything = made(knowledge)
    assert len({row.question for row in everything}) == len(everything)


def test_answers_keep_to_the_length_of_the_agent(base: KnowledgeBase) -> None:
    short = AgentDefinition(name="Short", instructions="Answer.", max_words=5)
    rows = made(scoped(base, "health"), agent=short)
    assert about(rows, "Knee class", "price").answer == "The class costs DKK 640."


def test_an_agent_that_fills_in_a_form_learns_nothing_here(base: KnowledgeBase) -> None:
    form = AgentDefinition.model_validate(
        {"name": "Form", "instructions": "Fill in.", "output": {"schema": {"type": "object"}}}
    )
    with pytest.raises(ConfigError, match="fills in a form"):
        made(scoped(base, "health"), agent=form)


def test_the_wordings_of_all_languages_can_be_filled_in() -> None:
    import tomllib
    from importlib import resources

    assert template_languages() == {"da", "sv", "no", "nl", "en", "de"}
    text = (resources.files("kilde.tuning.data") / "templates.toml").read_text("utf-8")
    for row in tomllib.loads(text).values():
        for name, data in row.items():
            if name in ("things", "names"):
                assert len(set(data)) == len(data) >= 8
                continue
            for template in data if isinstance(data, list) else ():
                filled = template.format(title="T", heading="H", column="C", key="K")
                expected = {"cell": "CK", "title": "T"}.get(name, "TH")
                assert all(letter in filled for letter in expected), template
                assert filled.endswith("?")


class Writer:
    """A generator that replies to a passage as it is told to."""

    name = "writer"
    context = 4096

    def __init__(
        self,
        reply: Callable[[str], object],
        languages: frozenset[str] | None = None,
    ) -> None:
        self.languages = languages
        self.requests: list[GenerationRequest] = []
        self._reply = reply

    def stream(self, request: GenerationRequest) -> Iterator[Piece]:
        self.requests.append(request)
        said = self._reply(request.messages[-1].content)
        yield Piece(said if isinstance(said, str) else json.dumps(said))
        yield Piece("", Usage())

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def close(self) -> None:
        pass


COST = {"question": "What does the knee class cost?", "answer": "The class costs DKK 640."}


def knee(reply: object) -> Callable[[str], object]:
    return lambda text: reply if "640" in text else "{}"


def test_a_model_asks_and_answers_and_tables_keep_their_templates(base: KnowledgeBase) -> None:
    writer = Writer(knee(COST), frozenset({"en"}))
    rows = made(scoped(base, "health"), generator=writer)
    row = about(rows, "What does the knee class cost?")
    assert row.answer == "The class costs DKK 640."
    assert (row.lineage.documents, row.language) == (("knee",), "en")
    assert about(rows, "Talk", "price (dkk)")
    assert about(rows, "Blodprøver", "åbningstid")  # the model does not know Danish
    assert {request.language for request in writer.requests} == {"en"}
    assert all(request.schema for request in writer.requests)
    assert made(scoped(base, "health"), generator=writer) == rows


@pytest.mark.parametrize(
    "reply",
    [
        "{",
        "[1]",
        {"question": "What does the knee class cost?"},
        {"question": "What does the knee class cost?", "answer": ""},
        {"question": "What does the knee class cost?", "answer": "The class costs DKK 650."},
        {"question": "What does the knee class cost?", "answer": "It is taught by a bear."},
        {"question": "Cost?", "answer": "The class costs DKK 640."},
        {"question": "The class costs DKK 640.", "answer": "The class costs DKK 640."},
        {"question": "The class costs DKK 640?", "answer": "The class costs DKK 640."},
        {"question": "Which volcano erupted in Iceland?", "answer": "The class costs DKK 640."},
        {"question": "Why is it that the class costs DKK 640?", "answer": "Class costs DKK 640."},
    ],
    ids=str,
)  # fmt: skip
def test_what_a_model_makes_up_is_left_out(base: KnowledgeBase, reply: object) -> None:
    rows = made(scoped(base, "health"), generator=Writer(knee(reply), frozenset({"en"})))
    assert not [row for row in rows if "640" in row.answer]


def test_a_model_that_never_succeeds_is_given_up(base: KnowledgeBase) -> None:
    writer = Writer(lambda _: "{}")
    made(scoped(base, "board", "health"), generator=writer, limit=1)
    assert len(writer.requests) <= 4


def test_quotation_is_no_writing(base: KnowledgeBase) -> None:
    from kilde.generation.quotes import Quotes

    knowledge = scoped(base, "health")
    assert made(knowledge, generator=Quotes()) == made(knowledge)


def test_the_example_gives_rows_in_its_language(tmp_path: Path, minilm: str) -> None:
    from kilde.demo.example import make_workspace

    workspace, collections = make_workspace("da", tmp_path / "centre")
    with workspace:
        for name in collections:
            workspace.knowledge.add([workspace.path / name], collection=name)
        rows = made(workspace.knowledge.scoped(Scope(None)), limit=300)
    assert len(rows) == 300
    assert {row.language for row in rows} == {"da"}
    assert len(answered(rows)) == 240
    waiting = about(rows, "Diætist (afdeling: Syd)", "ventetid (uger)")
    assert waiting.answer == "Ventetid (uger): 9"


def test_one_row_of_five_asks_for_what_no_document_holds(base: KnowledgeBase) -> None:
    knowledge = scoped(base, "health")
    rows = made(knowledge)
    declining = [row for row in rows if row.declines]
    assert len(declining) == len(answered(rows)) // 4 > 0
    offered = [item for items in unanswerable(knowledge, Random(0)) for item in items]
    assert {item.language for item in offered} == {"da", "en"}
    held = {
        word for hit in knowledge.passages() for word in words(f"{hit.passage.text} {title(hit)}")
    }
    for row in declining:
        assert row.answer == abstention(row.language, ()) and declines(row.answer, row.language)
        asked = [
            word
            for kind in absent_words(row.language)
            for word in kind
            if words(word) <= words(row.question)
        ]
        assert asked and not held & set().union(*map(words, asked)), row.question
        (name,) = row.lineage.documents
        assert base.document(name).collection == "health"
    assert len({row.question for row in rows}) == len(rows)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def title(hit: Hit) -> str:
    return f"{hit.document.title} {hit.passage.heading_path}"


def test_what_a_document_speaks_of_is_not_asked_for_in_vain(base: KnowledgeBase) -> None:
    """Nor what it speaks of in other words, where the search can tell."""
    text = "# Rest\n\nWe have a trampoline.\n\n## Fish\n\nLook at the fish in their glass tanks.\n"
    spoken = Document.from_text(text, id="rest", title="Rest", collection="rest", language="en")
    base.add_documents([spoken])
    try:
        found = [
            item.question
            for items in unanswerable(scoped(base, "rest"), Random(0))
            for item in items
        ]
        told = " ".join(found)
    finally:
        base.remove("rest")
    assert found
    for word in ("trampoline", "aquarium"):
        assert word not in told


def test_where_there_is_nothing_to_ask_in_vain_all_rows_are_answered(base: KnowledgeBase) -> None:
    things, names = absent_words("en")
    text = "# All\n\n" + "".join(
        f"## About {word}\n\nWe have {word} here.\n\n" for word in (*things, *names)
    )
    everything = Document.from_text(text, id="all", title="All", collection="all", language="en")
    base.add_documents([everything])
    try:
        rows = made(scoped(base, "all"))
    finally:
        base.remove("all")
    assert len(rows) >= 8 and not any(row.declines for row in rows)


def test_a_model_that_writes_gets_rows_that_decline_as_well(base: KnowledgeBase) -> None:
    writer = Writer(knee(COST), frozenset({"en"}))
    rows = made(scoped(base, "health"), generator=writer)
    assert sum(row.declines for row in rows) == len(answered(rows)) // 4 > 0
