"""Which documents a commit moves: to another collection, or out of their id and to another place.

A document that gets another collection under the same id has moved. One that is deleted, or that
loses most of its text, has moved if at least half of that text stands in other documents. Texts are
compared sentence by sentence and line by line, so neither the title, nor the headings, nor the cuts
between passages matter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kilde.knowledge.closures import Move
from kilde.knowledge.view import View, one_of

if TYPE_CHECKING:
    import pyarrow as pa

# The share of a text, in characters, that makes another place its new home.
_MOST = 0.5
# The longest pieces stand for the whole of a long document, so that memory stays flat.
_SAMPLE = 64
# Documents that are read at a time, and deleted documents that one scan of the table looks for.
_DOCUMENTS, _DELETED = 500, 2_000
# Documents that are remembered as holding one piece. A piece that more of them hold is boilerplate
# and does not tell which of them a document became.
_HOLDERS = 4
_COLUMNS = ["document_id", "collection", "text"]
_ENDS = re.compile(r"\n|(?<=[.!?])\s")

# The length of each piece of a text in characters, by the hash of the piece.
Pieces = dict[int, int]
Passages = Mapping[str, Sequence[str]]


class Moves:
    """Detects the moves that the commits of one run make.

    The run may bring a text to its new place before or after it is taken from its old one.
    """

    def __init__(self) -> None:
        self._written: set[str] = set()
        self._lost: dict[str, _Text] = {}
        self._found = _Found()

    def of(self, view: View | None, rows: pa.Table, ids: Sequence[str]) -> Iterator[Move]:
        """The moves of a commit that puts ``rows`` in the place of the documents ``ids``.

        ``view`` is the state before. The whole table is read only where documents are deleted.
        """
        if view is None:
            return
        names, collections = (rows[name].to_pylist() for name in ("document_id", "collection"))
        now = dict(zip(names, collections, strict=True))
        yield from self._replaced(view, _passages(rows), now)
        self._written |= now.keys()
        yield from _deleted(view, [name for name in ids if name not in now], ids)

    def _replaced(self, view: View, passages: Passages, now: Mapping[str, str]) -> Iterator[Move]:
        lost: dict[str, _Text] = {}
        kept: dict[str, _Text] = {}
        for name, old in _stored(view, sorted(now)):
            if old.collection != now[name]:
                yield Move(name, old.collection, {now[name]: [name]}, view.version)
                continue
            kept = kept or _texts(passages)
            gone = old.without(kept[name].pieces) if name in kept else old
            if gone.size >= _MOST * old.size > 0:
                lost[name] = gone.sampled()
        if lost:
            self._lost |= lost
            self._found.expect(lost)
            for batch in _read(view, sorted(self._written - now.keys())):
                self._found.search(batch)
        if self._lost:
            self._found.search(passages)
        for name, old in list(self._lost.items()):
            if to := self._found.homes(old):
                yield Move(name, old.collection, to, view.version)
                del self._lost[name]


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of a document in pieces, and its collection."""

    collection: str
    pieces: Pieces

    @property
    def size(self) -> int:
        return sum(self.pieces.values())

    def without(self, others: Pieces) -> _Text:
        pieces = {key: length for key, length in self.pieces.items() if key not in others}
        return _Text(self.collection, pieces)

    def sampled(self) -> _Text:
        longest = sorted(self.pieces, key=self.pieces.__getitem__, reverse=True)[:_SAMPLE]
        return _Text(self.collection, {key: self.pieces[key] for key in longest})


class _Found:
    """Where pieces of texts stand: the documents that hold each, by collection and piece."""

    def __init__(self) -> None:
        self._expected: set[int] = set()
        self._holders: dict[str, dict[int, list[str]]] = {}

    def expect(self, texts: Mapping[str, _Text]) -> None:
        """Look for the pieces of these texts as well from now on."""
        for text in texts.values():
            self._expected |= text.pieces.keys()

    def search(self, passages: Passages, leaving: Collection[str] = frozenset()) -> None:
        """Note which passages hold a piece, those of the documents ``leaving`` excepted."""
        for name, collection, text in zip(*(passages[key] for key in _COLUMNS), strict=True):
            if name in leaving:
                continue
            for piece in _pieces(text).keys() & self._expected:
                holders = self._holders.setdefault(collection, {}).setdefault(piece, [])
                if len(holders) < _HOLDERS and name not in holders:
                    holders.append(name)

    def homes(self, text: _Text) -> dict[str, list[str]]:
        """The collections that hold most of a text, with the documents that hold it there.

        Only those that hold the greatest part: that a text shares its template with documents of
        another collection does not mean that it stands there. Where no collection holds most of it
        but several others do together, they are all its homes.
        """
        shares = {
            name: {piece: held[piece] for piece in text.pieces if piece in held}
            for name, held in sorted(self._holders.items())
        }
        sizes = {name: _size(held, text) for name, held in shares.items()}
        most = max(_MOST * text.size, 1, *sizes.values())
        homes = {name: held for name, held in shares.items() if sizes[name] >= most}
        if not homes:
            others = {name: held for name, held in shares.items() if name != text.collection}
            together = {piece for held in others.values() for piece in held}
            if _size(together, text) >= max(_MOST * text.size, 1):
                homes = {name: held for name, held in others.items() if held}
        return {name: _successors(held, text) for name, held in homes.items()}


def _size(pieces: Iterable[int], text: _Text) -> int:
    return sum(text.pieces[piece] for piece in pieces)


def _successors(held: Mapping[int, list[str]], text: _Text) -> list[str]:
    """The documents that hold most of what is found, boilerplate apart; all where none does."""
    telling = {piece: names for piece, names in held.items() if len(names) < _HOLDERS} or held
    share: dict[str, int] = {}
    for piece, names in telling.items():
        for name in names:
            share[name] = share.get(name, 0) + text.pieces[piece]
    most = _MOST * _size(telling, text)
    return sorted(name for name in share if share[name] >= most) or sorted(share)


def _deleted(view: View, gone: Sequence[str], leaving: Sequence[str]) -> Iterator[Move]:
    """The deleted documents whose text stands elsewhere."""
    for start in range(0, len(gone), _DELETED):
        some = gone[start : start + _DELETED]
        lost = {name: text.sampled() for name, text in _stored(view, some)}
        found = _Found()
        found.expect(lost)
        for batch in view.batches(_COLUMNS, "ordinal >= 0"):
            found.search(batch, frozenset(leaving))
        for name, text in lost.items():
            if to := found.homes(text):
                yield Move(name, text.collection, to, view.version)


def _stored(view: View, names: Sequence[str]) -> Iterator[tuple[str, _Text]]:
    """The texts of stored documents, by id."""
    for start in range(0, len(names), _DOCUMENTS):
        texts: dict[str, _Text] = {}
        for batch in _read(view, names[start : start + _DOCUMENTS]):
            _texts(batch, texts)
        yield from texts.items()


def _read(view: View, names: Sequence[str]) -> Iterator[Passages]:
    """The passages of documents, without their summaries."""
    for start in range(0, len(names), _DOCUMENTS):
        some = one_of("document_id", names[start : start + _DOCUMENTS])
        yield from view.batches(_COLUMNS, f"ordinal >= 0 AND {some}")


def _passages(rows: pa.Table) -> Passages:
    """The passages of rows that are to be stored, without the summaries."""
    found = rows.select([*_COLUMNS, "ordinal"]).to_pydict()
    places = [place for place, ordinal in enumerate(found["ordinal"]) if ordinal >= 0]
    return {name: [found[name][place] for place in places] for name in _COLUMNS}


def _texts(passages: Passages, texts: dict[str, _Text] | None = None) -> dict[str, _Text]:
    """The texts that passages belong to, by document, added to those of ``texts``."""
    texts = {} if texts is None else texts
    for name, collection, text in zip(*(passages[key] for key in _COLUMNS), strict=True):
        texts.setdefault(name, _Text(collection, {})).pieces.update(_pieces(text))
    return texts


def _pieces(text: str) -> Pieces:
    """The sentences and lines of a text, white space folded. Headings weigh next to nothing."""
    folded = (" ".join(piece.split()) for piece in _ENDS.split(text))
    return {hash(piece): 1 if piece.startswith("#") else len(piece) for piece in folded if piece}
