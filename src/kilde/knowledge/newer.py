"""Which of two versions of a document is the newer one, as far as what was found tells.

Two hits are versions of one passage where most of their words are the same, and their documents
are called alike but for years, dates, version numbers and words such as "new". Which is newer, the
names say; else the metadata, the passages themselves, or, where only numbers differ, when each file
was changed or stored. Dates of different kinds are not compared, and where none of them differ,
nothing is said.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import combinations
from pathlib import PurePosixPath

from kilde.knowledge.schema import load_values, modified_of
from kilde.knowledge.view import View, one_of
from kilde.language.analysis import analyzer
from kilde.types import DocumentRef, Hit, Newer

# Only the best hits are compared, each with each.
_COMPARED = 20
# The share of words that two versions of a passage have in common.
_ALIKE = 0.75
# Files that were changed or stored within this time were likely copied or read together, which says
# nothing of their age.
_TOGETHER = timedelta(hours=1)
# Keys of metadata that say when a document was written, the most telling first.
_METADATA = ("date", "modified", "updated", "revised", "valid_from", "created")

_WORD = re.compile(r"\w+")
_DATE = re.compile(
    r"(?<!\d)(?:"
    r"(?P<y1>(?:19|20)\d\d)[-_.]?(?P<m1>0[1-9]|1[0-2])[-_.]?(?P<d1>0[1-9]|[12]\d|3[01])|"
    r"(?P<d2>0?[1-9]|[12]\d|3[01])[-_./](?P<m2>0?[1-9]|1[0-2])[-_./](?P<y2>(?:19|20)\d\d)|"
    r"(?P<y3>(?:19|20)\d\d)(?:[-–/](?P<to>\d{2}|(?:19|20)\d\d))?"
    r")(?!\d)"
)
# In running text a bare number may be a price: "costs 1999 kr.", but not "from 1 May 1999".
_YEAR_IN_TEXT = re.compile(
    r"(?<=[^\W\d_][ \u00a0])((?:19|20)\d\d)"
    r"(?![\w%€$£]|[.,:]?\d|,-|[ \u00a0]?(?:kr|dkk|sek|nok|eur|[%€$£]))",
    re.IGNORECASE,
)
_COPY = re.compile(r"\(\d{1,2}\)")
_VERSION = re.compile(r"(?<![^\W_])(?:v|ver|version|rev|revision)[ ._-]?(\d{1,4}(?:\.\d{1,4})*)\b")

# What orders the versions of a document, and how it is shown.
_Age = tuple[tuple[int, ...], str]


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored of a document beside its passages that may tell its age."""

    metadata: Mapping[str, object]
    modified: datetime | None
    added_at: datetime


def newest_first(hits: Sequence[Hit], view: View, within: str, asked: Collection[str]) -> list[Hit]:
    """The hits, where a newer version of a passage stands before the older ones, which name it.

    ``asked`` are the terms of the question: a version that lacks one that the older passage holds
    (its year, say) does not take its place. ``within`` is the filter of the scope.
    """
    names = [_undated_names(hit.document) for hit in hits[:_COMPARED]]
    pairs = [
        (one, other)
        for one, other in combinations(range(len(names)), 2)
        if names[one] & names[other] and _are_versions(hits[one], hits[other])
    ]
    if not pairs:
        return list(hits)
    stored = _read(view, within, {hits[at].document.id for pair in pairs for at in pair})
    newer: dict[int, tuple[int, _Age]] = {}
    for one, other in pairs:
        ages = _ages(hits[one], hits[other], stored)
        if ages is None:
            continue
        (old, _), (new, age) = sorted(((one, ages[0]), (other, ages[1])), key=lambda pair: pair[1])
        if _terms(hits[old], asked) <= _terms(hits[new], asked) and (
            old not in newer or newer[old][1] < age
        ):
            newer[old] = new, age
    found = list(hits)
    for old, (new, (_, shown)) in newer.items():
        found[old] = replace(found[old], newer=Newer(hits[new].document, shown))
        # The scores trade places too: the list is sorted by them.
        ahead, behind = found[old].score, found[new].score
        if old < new and ahead >= behind:
            found[new] = replace(found[new], score=ahead)
            found[old] = replace(found[old], score=behind)
    return sorted(found, key=lambda hit: (-hit.score, hit.newer is not None))


def _are_versions(one: Hit, other: Hit) -> bool:
    """Whether the passages of two documents that are called alike are nearly the same."""
    return (
        one.document.id != other.document.id
        and _similarity(one.passage.text, other.passage.text) >= _ALIKE
    )


def _undated_names(document: DocumentRef) -> frozenset[tuple[str, str]]:
    """The title and the file name of a document without what tells its versions apart."""
    file = PurePosixPath(document.id.partition("#")[0]).stem
    names = (("title", _undated(document.title)), ("file", _undated(file)))
    return frozenset((kind, name) for kind, name in names if name)


def _name(hit: Hit) -> str:
    return f"{hit.document.title} {hit.document.id}"


def _undated(name: str) -> str:
    """A name without dates and version numbers; empty where nothing else is in it."""
    for pattern in (_DATE, _VERSION, _COPY):
        name = pattern.sub(" ", _spaced(name))
    marks = {word for words in _marks().values() for word in words}
    return " ".join(word for word in _WORD.findall(name) if word not in marks)


@cache
def _marks() -> Mapping[str, Sequence[str]]:
    text = resources.files(__package__).joinpath("versions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _spaced(name: str) -> str:
    return name.casefold().replace("_", " ")


def _similarity(one: str, other: str) -> float:
    """The share of words that both have, 0..1."""
    first, second = (Counter(_WORD.findall(text.casefold())) for text in (one, other))
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0


def _terms(hit: Hit, asked: Collection[str]) -> set[str]:
    text = f"{_name(hit)}\n{hit.passage.text}"
    return set(asked).intersection(analyzer(hit.passage.language).terms(text))


def _read(view: View, within: str, ids: Collection[str]) -> dict[str, _Stored]:
    where = f"{within} AND {one_of('document_id', sorted(ids))} AND ordinal = -1"
    rows = view.rows(where=where, columns=["document_id", "metadata", "layout", "added_at"])
    return {
        row["document_id"]: _Stored(
            load_values(row["metadata"]),
            modified_of(json.loads(row["layout"])) if row["layout"] else None,
            row["added_at"],
        )
        for row in rows
    }


def _ages(one: Hit, other: Hit, stored: Mapping[str, _Stored]) -> tuple[_Age, _Age] | None:
    """The ages of two versions, by the first kind of evidence in which they differ."""
    if not {one.document.id, other.document.id} <= stored.keys():
        return None
    kinds: tuple[Callable[[Hit], _Age | None], ...] = (
        lambda hit: _dated(_name(hit)),
        _version,
        _marked,
        lambda hit: _of_metadata(stored[hit.document.id].metadata),
        lambda hit: _dated_within(hit.passage.text),
    )
    for kind in kinds:
        first, second = kind(one), kind(other)
        if first and second and first[0] != second[0]:
            return first, second
    if not _differ_in_numbers(one, other):
        return None
    a, b = (stored[hit.document.id] for hit in (one, other))
    for first_at, second_at in ((a.modified, b.modified), (a.added_at, b.added_at)):
        if first_at and second_at and abs(first_at - second_at) >= _TOGETHER:
            return _moment(first_at), _moment(second_at)
    return None


def _dated(text: str) -> _Age | None:
    """The latest date or year in a text."""
    found: list[_Age] = []
    for match in _DATE.finditer(_spaced(text)):
        parts = match.groupdict()
        if parts["y3"]:
            year, to = int(parts["y3"]), int(parts["to"] or 0)
            # "2026-27" and "2026-2027" are two years, "2026-03" is a month.
            is_month = to != (year + 1) % 100 and to <= 12
            found.append(((year, to if is_month else 0, 0), match[0]))
            continue
        kind = "1" if parts["y1"] else "2"
        year, month, day = (int(parts[name + kind]) for name in "ymd")
        found.append(((year, month, day), f"{year}-{month:02}-{day:02}"))
    return max(found, default=None)


def _dated_within(text: str) -> _Age | None:
    """The latest date or year in running text."""
    years = [((int(year), 0, 0), year) for year in _YEAR_IN_TEXT.findall(text)]
    dates = [age for match in _DATE.finditer(text) if not match["y3"] and (age := _dated(match[0]))]
    return max([*years, *dates], default=None)


def _differ_in_numbers(one: Hit, other: Hit) -> bool:
    """Whether the words of two passages differ in nothing but numbers."""
    first, second = (set(_WORD.findall(hit.passage.text.casefold())) for hit in (one, other))
    return all(any(map(str.isdigit, word)) for word in first ^ second)


def _version(hit: Hit) -> _Age | None:
    match = _VERSION.search(_spaced(_name(hit)))
    if match is None:
        return None
    return tuple(int(part) for part in match[1].split(".")), f"version {match[1]}"


def _marked(hit: Hit) -> _Age:
    """Whether a name says that it is the new or the old one."""
    words = set(_WORD.findall(_spaced(_name(hit))))
    for rank, kind in ((1, "newer"), (-1, "older")):
        if found := words.intersection(_marks()[kind]):
            return (rank,), min(found)
    return (0,), ""


def _of_metadata(metadata: Mapping[str, object]) -> _Age | None:
    values = {key.casefold().replace(" ", "_"): value for key, value in metadata.items()}
    for key in _METADATA:
        value = values.get(key)
        if isinstance(value, date):
            return (value.year, value.month, value.day), value.strftime("%Y-%m-%d")
        if isinstance(value, str) and (age := _dated(value)):
            return age
    return None


def _moment(moment: datetime) -> _Age:
    return (int(moment.timestamp()),), moment.strftime("%Y-%m-%d")
