"""Summaries written by a model, for workspaces with ``summaries = "model"``.

A summary is shown to models, ahead of the passages, and never cited; yet what the document does not
support is left out of it, and a model that supports nothing gives way to the document's own words.
"""

from __future__ import annotations

from kilde.agents.chat_marks import inert
from kilde.grounding import ground
from kilde.knowledge.summary import summarise
from kilde.protocols import GenerationRequest, Generator, complete
from kilde.types import Document, DocumentRef, Hit, Message, Passage

_INSTRUCTION = (
    "Summarise the document in one or two sentences, in its own language. Say what it is about and "
    "whom it is for. Use only what it says."
)
_MAX_TOKENS = 120
# Characters of the document that the model reads.
_READ = 6_000


def model_summary(generator: Generator, document: Document) -> str:
    """A summary of a document by a model, or by its own sentences where none is supported."""
    own_words = summarise(document)
    if not generator.context or (
        generator.languages is not None and document.language not in generator.languages
    ):
        return own_words
    text = document.text[:_READ]
    ref = DocumentRef(
        document.id, document.title, document.source, document.collection, document.language, ""
    )
    passage = Passage(
        document.id, document.id, 0, "text", text, 0, len(text), language=document.language
    )
    hit = Hit(passage, ref, 1.0)
    written, _ = complete(
        generator,
        GenerationRequest(
            messages=(Message("system", _INSTRUCTION), Message("user", inert(text))),
            question="",
            evidence=(hit,),
            language=document.language,
            max_tokens=_MAX_TOKENS,
        ),
    )
    supported = ground(written, [hit], document.language).supported
    return " ".join(claim.text for claim in supported) or own_words
