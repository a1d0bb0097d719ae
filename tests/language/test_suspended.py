"""Suspended compounds: what two compounds share stands once, and both are found."""

from __future__ import annotations

import pytest

from kilde.language.analysis import analyzer


@pytest.mark.parametrize(
    ("code", "text", "word"),
    [
        ("da", "Syge- og barselsdagpenge udbetales af kommunen.", "sygedagpenge"),
        ("da", "Tagrender, indgangsdøre og -porte", "indgangsporte"),
        ("da", "bade-, toilet- og køkkenforhold", "badeforhold"),
        ("sv", "skol- och barnomsorg", "skolomsorg"),
        ("no", "syke- eller foreldrepenger", "sykepenger"),
        ("nl", "ziekte- en zwangerschapsverlof", "ziekteverlof"),
        ("de", "Kranken- und Mutterschaftsgeld", "Krankengeld"),
        ("de", "Grund- sowie Gewerbesteuern", "Grundsteuer"),
        ("da", "Syge\u2011 og barselsdagpenge", "sygedagpenge"),
    ],
)
def test_the_whole_word_is_a_term(code: str, text: str, word: str) -> None:
    assert analyzer(code).terms(word)[0] in analyzer(code).terms(text)


@pytest.mark.parametrize(
    ("code", "text", "word"),
    [
        ("da", "Syge og barselsdagpenge", "sygedagpenge"),
        ("da", "Syge- eller måske i morgen barselsdagpenge", "sygedagpenge"),
        ("da", "Anne-Marie og barselsdagpenge", "mariedagpenge"),
        ("en", "short- and long-term", "shortterm"),
    ],
)
def test_other_hyphens_complete_nothing(code: str, text: str, word: str) -> None:
    assert analyzer(code).terms(word)[0] not in analyzer(code).terms(text)


def test_the_fragment_keeps_its_place() -> None:
    token = analyzer("da").tokens("Få syge- og barselsdagpenge")[0]
    assert (token.start, token.end, token.word) == (3, 7, "syge")
    assert analyzer("da").terms("sygedagpenge")[0] in token.terms


def test_a_long_text_of_hyphens_is_read_at_once() -> None:
    assert analyzer("da").terms("ab- " * 50_000)
