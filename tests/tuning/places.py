"""A workspace whose agents can be tuned: short documents, and rows that they answer."""

from __future__ import annotations

from pathlib import Path

import kilde
from kilde.tuning.data.rows import Lineage, Row
from kilde.types import Document, Message
from kilde.workspace import Workspace

# id: language, collection, title, what the document says, a question, its answer.
FACTS: dict[str, tuple[str, str, str, str, str, str]] = {
    "library": ("en", "health", "Library", "The library opens at 9:15 on Mondays.",
                "When does the library open on Mondays?", "The library opens at 9:15 on Mondays."),
    "loans": ("en", "health", "Loans", "You may borrow twelve books for four weeks.",
              "How many books may I borrow?", "You may borrow twelve books for four weeks."),
    "pharmacy": ("en", "health", "Pharmacy", "The pharmacy renews a prescription within 3 days.",
                 "How quickly is a prescription renewed by the pharmacy?",
                 "The pharmacy renews a prescription within 3 days."),
    "parking": ("en", "health", "Parking", "Visitors park behind the red barn.",
                "Where do visitors park?", "Visitors park behind the red barn."),
    "dogs": ("en", "health", "Dogs", "Guide dogs are welcome in the waiting room.",
             "Are guide dogs welcome in the waiting room?",
             "Guide dogs are welcome in the waiting room."),
    "lunch": ("en", "health", "Lunch", "Lunch costs 50 kroner in the canteen.",
              "What does lunch cost in the canteen?", "Lunch costs 50 kroner in the canteen."),
    "bus": ("en", "health", "Bus", "Bus line 7 stops at the harbour every hour.",
            "Which bus line stops at the harbour?", "Bus line 7 stops at the harbour every hour."),
    "lift": ("en", "health", "Lift", "The caretaker Bramble repairs the lift.",
             "Who repairs the lift?", "The caretaker Bramble repairs the lift."),
    "tider": ("da", "health", "Åbningstider", "Klinikken i Nordby har åbent fra kl. 8.00.",
              "Hvornår har klinikken i Nordby åbent?",
              "Klinikken i Nordby har åbent fra kl. 8.00."),
    "bad": ("da", "health", "Badet", "En billet til badet på Åvej koster 45 kr. for voksne.",
            "Hvad koster en billet til badet på Åvej?",
            "En billet til badet på Åvej koster 45 kr. for voksne."),
    "salary": ("en", "secret", "Salaries", "Doctor Marlow earns 70 000 kroner in a month.",
               "What does Doctor Marlow earn in a month?",
               "Doctor Marlow earns 70 000 kroner in a month."),
}  # fmt: skip
AGENT = """
name = "Clinic"
instructions = "Answer briefly."
model = "{model}"
collections = ["health"]
grounding = "off"
max_words = {words}
"""
WITHOUT_RETRIEVAL = "retrieval = false\n"


def clinic(folder: Path, model: str | Path, more: str = "", context: int = 1024) -> Workspace:
    """A workspace with the documents above and the agent ``clinic``."""
    workspace = kilde.init(folder)
    with (folder / "kilde.toml").open("a", encoding="utf-8") as stream:
        stream.write(
            f'\n[models.own]\nbackend = "llama_cpp"\nmodel = "{model}"\ncontext = {context}\n'
        )
    workspace = kilde.open(folder)
    workspace.knowledge.add_documents(
        [
            Document.from_text(text + "\n", id=key, title=title, collection=place, language=code)
            for key, (code, place, title, text, _, _) in FACTS.items()
        ]
    )
    write_agent(workspace, "own", more)
    return workspace


def write_agent(workspace: Workspace, model: str | Path, more: str = "", words: int = 40) -> None:
    """The file of the agent ``clinic``."""
    text = AGENT.format(model=model, words=words) + more
    (workspace.path / "agents" / "clinic.toml").write_text(text, encoding="utf-8")


def row(fact: str, **more: object) -> Row:
    """What a document answers, as a row to imitate."""
    code, *_, question, answer = FACTS[fact]
    values = {
        "method": "sft",
        "prompt": (Message("user", question),),
        "answer": answer,
        "language": code,
        "lineage": Lineage(documents=(fact,)),
    }
    return Row(**(values | more))  # type: ignore[arg-type]


def some_facts(collection: str = "health") -> list[Row]:
    """A row for each document of a collection."""
    return [row(fact) for fact, (_, place, *_) in FACTS.items() if place == collection]


def keep(workspace: Workspace, rows: list[Row], test: list[Row] | None = None, **more: str) -> None:
    """Rows as the dataset of the agent ``clinic``."""
    workspace.datasets.save(
        more.get("name", "clinic"),
        agent="clinic",
        method=rows[0].method if rows else "sft",
        source="a test",
        rows=rows,
        test=test or [],
        replace_old=True,
    )
