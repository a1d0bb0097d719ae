"""Passages partition any text, stay inside sections and pages, and are evenly full."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from kilde.documents.headings import headings
from kilde.documents.split import Piece, split
from kilde.types import Document, Row


def words(text: str) -> int:
    return len(text.split())


def document(text: str, *, markdown: bool = True, pages: tuple[int, ...] = ()) -> Document:
    return Document("d", text, language="da", markdown=markdown, pages=pages)


def texts(text: str, max_tokens: int = 200, **options: object) -> list[str]:
    pieces = split(document(text, **options), words, max_tokens)  # type: ignore[arg-type]
    assert_partition(text, pieces)
    return [text[piece.start : piece.end] for piece in pieces]


def assert_partition(text: str, pieces: list[Piece]) -> None:
    assert "".join(text[piece.start : piece.end] for piece in pieces) == text
    assert all(piece.start < piece.end for piece in pieces)
    if text.strip():
        assert all(text[piece.start : piece.end].strip() for piece in pieces)


ODD = st.text(
    st.sampled_from("ab. \n\n\n#=-`>|*!?å\u0301\u0308👩‍👧🇩🇰\u200d\t\u00a0漢،"), max_size=300
)


@settings(max_examples=300)
@given(text=ODD | st.text(max_size=300), limit=st.integers(1, 40), markdown=st.booleans())
def test_any_text_is_partitioned(text: str, limit: int, markdown: bool) -> None:
    assert_partition(text, split(document(text, markdown=markdown), words, limit))
    assert_partition(text, split(document(text, markdown=markdown), len, limit))


@given(parts=st.lists(ODD, min_size=1, max_size=5), limit=st.integers(1, 40))
def test_no_piece_crosses_a_page(parts: list[str], limit: int) -> None:
    pages = [part.strip() + "\n\n" if part.strip() else "" for part in parts]
    starts = tuple(sum(map(len, pages[:i])) for i in range(len(pages)))
    text = "".join(pages)
    pieces = split(document(text, pages=starts), words, limit)
    assert_partition(text, pieces)
    for piece in pieces:
        assert piece.page is not None
        assert starts[piece.page - 1] <= piece.start
        assert all(not piece.start < start < piece.end for start in starts)


def test_lone_surrogates_do_not_stop_it() -> None:
    assert texts("a\ud800b. " * 5, 2)


SECTIONS = """Før alt.

# Haven

## Æbler

Pluk dem i *september*.

```
# ingen overskrift
```

Bær
---

> # citat

Saft.

# Slut
"""


def test_sections_and_their_paths() -> None:
    pieces = split(document(SECTIONS), words)
    assert_partition(SECTIONS, pieces)
    found = [(SECTIONS[p.start : p.end].split("\n")[0], p.heading_path) for p in pieces]
    assert found == [
        ("Før alt.", ""),
        ("# Haven", "Haven > Æbler"),
        ("Bær", "Haven > Bær"),
        ("# Slut", "Slut"),
    ]


def test_hash_signs_mean_nothing_in_plain_text() -> None:
    assert texts("# a\n\nb\n\n# c\n\nd", markdown=False) == ["# a\n\nb\n\n# c\n\nd"]


def test_a_title_goes_with_the_heading_below_even_of_its_own_level() -> None:
    assert texts("# Titel\n\n# Kapitel\n\nTekst.") == ["# Titel\n\n# Kapitel\n\nTekst."]


def test_a_heading_stays_with_its_text_when_the_section_is_cut() -> None:
    text = "## Åbningstider på sygehuset\n\n" + "Et to tre fire fem seks syv otte. " * 12
    pieces = texts(text, 20)
    assert pieces[0].startswith("## Åbningstider på sygehuset\n\nEt to tre")
    assert all(words(piece) <= 20 for piece in pieces)
    long = "## Overskrift\n\n" + "ord " * 19 + "ord."
    assert words(texts(long, 20)[0]) > 2


def test_cuts_fall_on_paragraphs_then_sentences_and_leave_no_crumbs() -> None:
    paragraph = "Dette er en sætning med otte hele ord. " * 5  # 40 words
    text = f"{paragraph.strip()}\n\n" * 6
    assert {words(piece) for piece in texts(text, 85)} == {80}
    run = "Dette er en sætning med otte hele ord. " * 26  # 208 words
    pieces = texts(run, 100)
    assert sorted(words(piece) for piece in pieces) == [64, 72, 72]
    assert all(piece.rstrip().endswith(".") for piece in pieces)


def test_a_word_without_end_is_cut() -> None:
    pieces = texts("x" * 10_000, 100)
    assert max(map(len, pieces)) <= 1000


def test_long_runs_of_blanks_make_no_passages() -> None:
    text = "\n" * 5000 + "Hej." + " \n" * 5000 + "Farvel." + " " * 5000
    assert len(texts(text)) == 1


def test_rows_are_pieces_whatever_their_length() -> None:
    text = "a: 1\n\n" + "b: " + "ord " * 500 + "\n\n"
    rows = (Row(0, 6, {}), Row(6, len(text), {}))
    pieces = split(Document("d", text, rows=rows, markdown=False), words, 20)
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 6), (6, len(text))]


def test_empty_text_has_no_pieces() -> None:
    assert split(document(""), words) == []


@pytest.fixture
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


PROSE = "\n\n".join(
    "Sygehuset har åbent hver dag. Ring, hvis du er i tvivl. " * 4 for _ in range(80)
)


def test_a_tokenizer_that_pads_and_truncates_counts_the_same(tokenizer: Tokenizer) -> None:
    expected = split(document(PROSE), tokenizer, 50)
    assert len(expected) > 50
    tokenizer.enable_padding(length=128)
    tokenizer.enable_truncation(5)
    assert split(document(PROSE), tokenizer, 50) == expected


def test_every_sentence_is_counted_once() -> None:
    """What keeps splitting cheap: the work of a tokenizer grows with the text and no faster."""
    counted = 0

    def count(text: str) -> int:
        nonlocal counted
        counted += len(text)
        return words(text)

    split(document(PROSE), count, 50)
    assert counted == len(PROSE)


def test_text_without_sentences_does_not_take_long() -> None:
    started = time.perf_counter()
    texts("x" * 200_000 + "\nab12, 7;" * 20_000, 200)
    assert time.perf_counter() - started < 10


def test_headings_have_offsets_and_plain_texts() -> None:
    text = "# A *b* [c](d) `e_f` g\\_h #\n\nX\n=\n\n- # no\n\n    # no\n####### no\n"
    assert [(h.level, h.text, text[h.start : h.end]) for h in headings(text)] == [
        (1, "A b c e_f g_h", "# A *b* [c](d) `e_f` g\\_h #\n"),
        (1, "X", "X\n=\n"),
    ]
