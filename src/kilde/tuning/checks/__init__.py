"""What is wrong with training rows, before an hour is spent on them: everything at once.

Each subject has its file; :func:`check_rows` asks them all. Nothing is changed and nothing is left
out of the rows: a person decides, and ``refuse`` findings keep training from starting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kilde.agents.definition import AgentDefinition
from kilde.tuning.checks.balance import check_balance
from kilde.tuning.checks.content import check_content
from kilde.tuning.checks.contradictions import check_contradictions
from kilde.tuning.checks.duplicates import check_duplicates
from kilde.tuning.checks.findings import Finding, Level, ordered, raise_refused, worst
from kilde.tuning.checks.form import check_schema
from kilde.tuning.checks.languages import check_languages
from kilde.tuning.checks.length import check_length
from kilde.tuning.checks.overlap import check_overlap, check_shared
from kilde.tuning.checks.personal import check_personal
from kilde.tuning.checks.scope import check_scope
from kilde.tuning.checks.size import check_size
from kilde.tuning.checks.truncation import check_truncation
from kilde.tuning.data.dataset import Dataset
from kilde.tuning.data.rows import Method, Row

__all__ = ["Finding", "Level", "check_rows", "ordered", "raise_refused", "worst"]


def check_rows(
    rows: Sequence[Row],
    *,
    method: Method,
    definition: AgentDefinition,
    test_rows: Sequence[Row] = (),
    others: Sequence[Dataset] = (),
    collection_of: Callable[[str], str | None],
    context: int = 0,
    count_tokens: Callable[[str], int] | None = None,
    model_languages: frozenset[str] | None = None,
) -> tuple[Finding, ...]:
    """All findings, the gravest first.

    ``test_rows`` are the rows' own test; ``others`` are the agent's other datasets, whose tests are
    not to be learnt from either. ``collection_of`` gives a document's collection by the document's
    id, or ``None`` where it is not there. ``context`` is in tokens of ``count_tokens``; without
    both, lengths are not checked. ``model_languages`` are the base model's ISO 639-1 codes,
    ``None`` where they are not known.
    Raises :class:`kilde.errors.MissingExtra` where ``datasketch`` is not installed and there is
    something to compare.
    """

    def all_findings() -> Iterator[Finding]:
        yield from check_size(rows)
        if not rows:
            return
        yield from check_content(rows, method)
        yield from check_scope(rows, definition, collection_of)
        yield from check_overlap(rows, test_rows, others)
        yield from check_shared(rows, test_rows)
        yield from check_schema(rows, definition)
        yield from check_length(rows, definition, context, count_tokens)
        yield from check_personal(rows)
        yield from check_contradictions(rows)
        yield from check_duplicates(rows)
        yield from check_truncation(rows, count_tokens)
        yield from check_balance(rows, method)
        yield from check_languages(rows, definition, model_languages)

    return ordered(all_findings())
