"""Stops that end a sentence and stops that do not, one case per kind."""

from __future__ import annotations

import pytest

from kilde.language.sentences import sentences


def split(text: str, language: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences(text, language)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Handläggare är A.-K. Lindström."),
        ("nl", "De arts is mw. L.M. Haan."),
        ("nl", "Voorzitter was mr. P.J. Bos."),
        ("de", "Die Vertretung hat Klaus-P. Meier."),
        ("da", "Båltale ved P. Aa. Lund."),
        ("da", "Skolen ligger 4 km fra St. Heddinge."),
        ("de", "Der ärztl. Bereitschaftsdienst hilft, auch mit schriftl. Zustimmung."),
        ("de", "Seilwerk GmbH & Co. KG, Industriestr. 8, Kiel."),
        ("sv", "Lagret AB, Industrig. 4, 441 30 Alingsås."),
        ("de", "Am Fr., 20. 3. 2026 um 19.30 Uhr."),
        ("de", "Der Hof öffnet jeden 1. u. 3. Samstag."),
        ("en", "Write to P.O. Box 14, Dunmore, Co. Waterford."),
        ("en", "It was said by ex-Cllr. Pat Lund."),
    ],
)
def test_no_sentence_ends_within(language: str, text: str) -> None:
    assert split(text, language) == [text]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("da", "Telefonerne afleveres.|iPads bruges ikke."),
        ("da", "Bussen kører hver time.|nemlig.com leverer varer."),
        ("no", "Vi hjelper deg hver dag.|e-post besvares."),
        ("nl", "De school is dicht.|'s Middags is er overblijven."),
        ("da", "Du klager efter § 11, stk. 1, 2. pkt.|Du kan også ringe."),
        ("da", "Opsigelse sker pr. tlf.|Har du fastnet?"),
        ("de", "Wir achten auf Allergien, Religion u. a.|Wir backen Brot."),
        ("da", "Kulturhuset ligger 8900 Randers C.|Lånetiden er 30 dage."),
        ("sv", "Adressen är Industrigatan 8 B.|Följ skyltarna."),
        ("da", "Gæsterne parkerer ved hal B.|Hal C er lukket."),
        ("no", "Prisen er inkl. 200 kWh.|Søk i dag."),
        ("nl", "Het geldt voor de 2e klas OV.|Declaraties dient u in."),
        ("nl", "Zondag om 9.30 u.|Het water is warm."),
        ("en", "Park beside St. Mary's.|Dogs on leads, please."),
        ("nl", "Bent u zwanger o.i.d.?|Zeg het."),
        ("no", "Kaffe er ikke lov.|Svar kommer snart."),
    ],
)
def test_a_sentence_ends_at_the_bar(language: str, text: str) -> None:
    assert split(text.replace("|", " "), language) == text.split("|")


def test_a_date_in_a_wrapped_paragraph_is_no_list_item() -> None:
    text = "Utgiften var 3,1 mrd. kr. i 2023, og svar gis innen fre.\n12. juni kl. 15.00."
    assert split(text, "no") == [text]
