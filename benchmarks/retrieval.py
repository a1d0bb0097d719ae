"""Does search find the right document? Words alone, meaning alone, and both as the product ranks.

The product finds passages; a document ranks where its best passage does. Words alone is the product
searching with an embedder that has no vote, meaning alone is the vector search of the same store.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from benchmarks.beir import Collection, read_collection
from benchmarks.embedders import DEFAULT, Mute
from benchmarks.metrics import bootstrap, mean, ndcg, recall
from benchmarks.report import Report, Target, say
from kilde.embedding import Embedder, open_embedder
from kilde.knowledge.base import KnowledgeBase
from kilde.knowledge.passages import recipe
from kilde.knowledge.search import CITABLE, DEPTH, Scope, Search
from kilde.knowledge.store import PassageStore
from kilde.knowledge.view import View

# By the name of the folder: what the issue asks of fused search.
TARGETS = {
    "scifact": 0.725,
    "rijksoverheid-faq-nl": 0.805,
    "swefaq": 0.62,
    "squad-v2-da-mt": 0.82,
}
# Fused search may be worse than words alone by no more than this.
MAX_LOSS = 0.005
EVERYTHING = Scope(None)

Ranking = Callable[[str], list[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of this benchmark."""
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="folders in BEIR form")
    parser.add_argument("--embedder", default=DEFAULT, help="name in the catalogue (%(default)s)")
    parser.add_argument("--max-tokens", type=int, default=200, help="per passage (%(default)s)")
    parser.add_argument("--cache", type=Path, help="keep the stores here and use them again")


def run(args: argparse.Namespace) -> Report:
    """Measure every folder."""
    report = Report(
        "retrieval",
        ("set", "language", "documents", "queries", "search", "nDCG@10", "95 %", "recall@100"),
        digits={"nDCG@10": 4, "recall@100": 4},
    )
    embedder = open_embedder(args.embedder)
    for folder in args.folders:
        collection = read_collection(folder)
        with ExitStack() as stack:
            cache = args.cache or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            store = cache / _fingerprint(folder, collection.language, embedder, args.max_tokens)
            say(f"{collection.name}: indexing {len(collection.documents):,} documents")
            knowledge = KnowledgeBase(
                store,
                root=store,
                embedder=lambda: embedder,
                max_tokens=args.max_tokens,
                keep=timedelta(days=1),
            )
            knowledge.add_documents(collection.documents)
            say(f"{collection.name}: asking {len(collection.questions):,} questions")
            _measure(report, collection, knowledge, store, embedder)
    report.notes.append("95 %: bootstrap interval of the mean over the queries")
    embedder.close()
    return report


def by_document(passages: Iterable[str]) -> list[str]:
    """Documents in the order of their best passages, from the document of each passage.

    >>> by_document(["b", "a", "b"])
    ['b', 'a']
    """
    return list(dict.fromkeys(passages))


def rankings(
    knowledge: KnowledgeBase, store: Path, embedder: Embedder, language: str
) -> dict[str, Ranking]:
    """The three searches of a store, each from a question to document ids, best first.

    Meaning alone is missing where the embedder does not know the language.
    """
    view = PassageStore(store).latest()
    assert view is not None
    words = Search(Mute(embedder))
    both = 2 * DEPTH

    def lexical(question: str) -> list[str]:
        hits = words.find(view, question, EVERYTHING, limit=both, language=language)
        return by_document(hit.passage.document_id for hit in hits)

    def dense(question: str) -> list[str]:
        return by_document(_nearest(view, embedder, question))

    def fused(question: str) -> list[str]:
        hits = knowledge.search(question, limit=both)
        return by_document(hit.passage.document_id for hit in hits)

    found: dict[str, Ranking] = {"lexical": lexical}
    if embedder.languages is None or language in embedder.languages:
        found["dense"] = dense
    return found | {"fused": fused}


def _nearest(view: View, embedder: Embedder, question: str) -> list[str]:
    found = view.dense(embedder.embed_query(question), EVERYTHING.filter(CITABLE), DEPTH)
    near = zip(
        found.column("_distance").to_pylist(),
        found.column("document_id").to_pylist(),
        strict=True,
    )
    return [document for _, document in sorted(near)]


def _measure(
    report: Report,
    collection: Collection,
    knowledge: KnowledgeBase,
    store: Path,
    embedder: Embedder,
) -> None:
    scores: dict[str, list[float]] = {}
    searches = rankings(knowledge, store, embedder, collection.language)
    for name in ("lexical", "dense", "fused"):
        cells: dict[str, str | int | float | None] = {
            "set": collection.name,
            "language": collection.language,
            "documents": len(collection.documents),
            "queries": len(collection.questions),
            "search": name,
        }
        if name not in searches:
            report.add(cells)
            continue
        found, recalled = [], []
        for key, question in collection.questions.items():
            ranking = searches[name](question)
            found.append(ndcg(ranking, collection.judgements[key]))
            recalled.append(recall(ranking, collection.judgements[key]))
        scores[name] = found
        low, high = bootstrap(found)
        cells |= {
            "nDCG@10": mean(found),
            "95 %": f"{low:.3f} … {high:.3f}",
            "recall@100": mean(recalled),
        }
        bound = TARGETS.get(collection.name) if name == "fused" else None
        report.add(cells, Target(">=", bound) if bound else None, "nDCG@10" if bound else "")
    gained = [f - w for f, w in zip(scores["fused"], scores["lexical"], strict=True)]
    low, high = bootstrap(gained)
    report.add(
        {
            "set": collection.name,
            "language": collection.language,
            "documents": len(collection.documents),
            "queries": len(collection.questions),
            "search": "fused − lexical",
            "nDCG@10": mean(gained),
            "95 %": f"{low:+.3f} … {high:+.3f}",
        },
        Target(">=", -MAX_LOSS),
        "nDCG@10",
    )
    if "dense" not in searches:
        report.notes.append(
            f"{collection.name}: the embedder does not know {collection.language!r}, so nothing "
            "was embedded and words alone decide"
        )
    report.notes.append(
        f"{collection.name}: {collection.agreeing:.1%} of the documents were told to be "
        f"{collection.language!r} by their own text"
    )


def _fingerprint(folder: Path, language: str, embedder: Embedder, max_tokens: int) -> str:
    """A name for the store that changes with anything that is in it."""
    digest = hashlib.sha256((folder / "corpus.jsonl").read_bytes())
    digest.update(f"{language} {embedder.identity} {recipe(max_tokens)}".encode())
    return f"{folder.name}-{digest.hexdigest()[:12]}"
