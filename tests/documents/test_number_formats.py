"""Numbers and dates are shown as a spreadsheet program shows them in the language of the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.documents.conventions import built_in, conventions, language_of_code
from kilde.documents.number_formats import NumberFormat, languages_of

ACCOUNTING = (
    '_-* #,##0.00\\ "kr."_-;-* #,##0.00\\ "kr."_-;_-* "-"??\\ "kr."_-;_-@_-'  # as Excel writes it
)


@pytest.mark.parametrize(
    ("code", "language", "value", "shown"),
    [
        ('#,##0.00 "kr."', "da", 599.95, "599,95 kr."),
        ("#,##0", "da", 1250, "1.250"),
        ("#,##0", "sv", 53629, "53 629"),
        ("#,##0.00", "en", 1250, "1,250.00"),
        ("#,##0.00", "de-CH", 1250.5, "1’250.50"),
        ('"€" #,##0.00', "nl", 1839.26, "€ 1.839,26"),
        ("€#,##0.00", "en", 24, "€24.00"),
        ("€0.00", "da", 8.3, "8,30 €"),
        ("€0.00", "nl", 8.3, "€8,30"),
        ("#,##0.00 [$kr.-406]", "en", 1234.5, "1.234,50 kr."),
        ("[$$-409]#,##0.00", "da", 1234.5, "$1.234,50"),
        ("[$€-2] #,##0.00", "da", 8.3, "€ 8,30"),
        ("#,##0.-", "da", 450, "450,-"),
        ("#,##0 kr.", "da", 1250, "1.250 kr."),
        ("0.00 DKK", "da", 5, "5,00 DKK"),
        ('#,##0.0,"k"', "en", 123456, "123.5k"),
        ('0.0,,"M"', "da", 12345678, "12,3M"),
        ("0000", "da", 800, "0800"),
        ("#.##", "da", 5, "5"),
        (".00", "da", 1.5, "1,50"),
        ("0.0#", "da", 5.25, "5,25"),
        ("0.0#", "da", 5, "5,0"),
        ("0.00", "da", 2.675, "2,68"),  # half up, unlike the binary number
        ("0", "da", -0.2, "0"),
        ("0.00", "da", -0.5, "-0,50"),
        ('"€" 0', "nl", -5, "-€ 5"),
        ("#,##0", "da", 1e22, "10.000.000.000.000.000.000.000"),
        ("0.00", "da", 1e-320, "0,00"),
        ("## ## ## ##", "da", 33124567, "33 12 45 67"),
        ("00\\ 00\\ 00\\ 00", "da", 1234567, "01 23 45 67"),
        ("000000-0000", "da", 101701234, "010170-1234"),
    ],
)
def test_numbers(code: str, language: str, value: float, shown: str) -> None:
    assert NumberFormat(code, language).number(value) == shown


@pytest.mark.parametrize(
    ("language", "shown"), [("da", "15 %"), ("de", "15 %"), ("nl", "15%"), ("en", "15%")]
)
def test_percent(language: str, shown: str) -> None:
    assert NumberFormat("0%", language).number(0.15) == shown
    assert NumberFormat("0 %", language).number(0.15) == "15 %"
    assert NumberFormat('0"%"', language).number(15) == "15%"


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('0.00;[Red]-0.00;"nul"', 0, "nul"),
        ("0.00;[Red]-0.00", -5, "-5,00"),
        ("0.00%;(0.00%)", -0.5, "(50,00 %)"),
        (ACCOUNTING, 1250, "1.250,00 kr."),
        (ACCOUNTING, -3, "-3,00 kr."),
        (ACCOUNTING, 0, "- kr."),
        ('[>=1000]#,##0" stk";0" st."', 1250, "1.250 stk"),
        ('[>=1000]#,##0" stk";0" st."', 12, "12 st."),
        ("[<0]0;0.0", -5, "5"),
        ("[<=99999999]## ## ## ##;+## ## ## ## ##", 4533124567, "+45 33 12 45 67"),
        (";;;", 5, ""),
        ("0;-0;", 0, ""),
    ],
)
def test_sections_and_conditions(code: str, value: float, shown: str) -> None:
    assert NumberFormat(code, "da").number(value) == shown


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("# ?/?", 2.5, "2 1/2"),
        ("# ??/??", 0.3333, "1/3"),
        ("# ?/8", 2.375, "2 3/8"),
        ("# ?/8", 2.999, "3"),
        ("?/?", 1.5, "3/2"),
        ("0.00E+00", 12345.678, "1,23E+04"),
        ("0.00E+00", 9.999, "1,00E+01"),
        ("##0.0E+0", 123456, "123,5E+3"),
    ],
)
def test_fractions_and_powers(code: str, value: float, shown: str) -> None:
    assert NumberFormat(code, "da").number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1 + 0.2, "0,3"),
        (1234.5, "1234,5"),
        (1e18 / 3, "3,333333333E+17"),
        (5701234567890, "5701234567890"),
        (1.23e-7, "1,23E-07"),
        (-0.0, "0"),
        (float("nan"), ""),
    ],
)
def test_general(value: float, shown: str) -> None:
    assert NumberFormat("General", "da").number(value) == shown
    assert NumberFormat("@", "da").number(value) == shown


@pytest.mark.parametrize(
    ("code", "language", "value", "shown"),
    [
        ("dd-mm-yyyy", "da", 46203, "30-06-2026"),
        ("DD/MM/YYYY", "en", 46203, "30/06/2026"),
        ("d. mmmm yyyy", "da", 46203, "30. juni 2026"),
        ("[$-406]d. mmmm yyyy", "en", 46203, "30. juni 2026"),
        ("[$-409]mmmm d, yyyy", "da", 46203, "June 30, 2026"),
        ("dddd d. mmm", "de", 46203, "Dienstag 30. Jun"),
        ("[$-F800]dddd\\, mmmm dd\\, yyyy", "da", 46203, "30. juni 2026"),
        ("yyyy-mm-dd hh:mm", "da", 46082.60416666666, "2026-03-01 14:30"),
        ("h:mm", "da", 0.3263888888888889, "07:50"),
        ("h:mm", "en", 0.3263888888888889, "7:50"),
        ("h:mm AM/PM", "en", 0.75, "6:00 PM"),
        ("[h]:mm", "da", 1.086805555555556, "26:05"),
        ("[hh]:mm:ss", "da", 1.086805555555556, "26:05:00"),
        ("[h]:mm", "da", -0.5, "-12:00"),
        ("[mm]:ss", "da", 0.0625, "90:00"),
        ("mm:ss.0", "da", 0.0012345, "01:46,7"),
        ("yyyy", "da", 1, "1900"),
        ("d/m", "da", -5, "-5"),
    ],
)
def test_dates_and_times(code: str, language: str, value: float, shown: str) -> None:
    assert NumberFormat(code, language).number(value) == shown


@pytest.mark.parametrize(
    ("number", "value", "shown"),
    [
        (2, 1250.5, {"da": "1250,50", "en": "1250.50"}),
        (3, 1250, {"da": "1.250", "en": "1,250"}),
        (7, 5, {"da": "5,00 kr.", "nl": "€ 5,00", "en-GB": "£5.00"}),
        (9, 0.15, {"da": "15 %", "en": "15%"}),
        (10, 0.155, {"da": "15,50 %", "en": "15.50%"}),
        (14, 46203, {"da": "30-06-2026", "de": "30.06.2026", "sv": "2026-06-30"}),
        (14, 46203, {"en-US": "6/30/2026", "en-GB": "30/06/2026", "en": "2026-06-30"}),
        (15, 46203, {"da": "30-jun-26", "en": "30-Jun-26"}),
        (17, 46203, {"da": "jun-26", "de": "Jun-26"}),
        (18, 0.75, {"en": "6:00 PM"}),
        (20, 0.3263888888888889, {"da": "07:50", "en": "7:50"}),
        (22, 46203.5, {"da": "30-06-2026 12:00", "en-US": "6/30/2026 12:00"}),
        (38, -1250, {"da": "-1.250"}),
        (44, -5, {"da": "-5,00 kr.", "de": "-5,00 €"}),
        (44, 0, {"da": "-"}),
        (46, 1.086805555555556, {"da": "26:05:00"}),
        (999, 5, {"da": "5"}),
    ],
)
def test_formats_that_files_do_not_spell_out(
    number: int, value: float, shown: dict[str, str]
) -> None:
    assert {tag: NumberFormat(built_in(number, tag), tag).number(value) for tag in shown} == shown


def test_texts_have_a_section_of_their_own() -> None:
    assert NumberFormat('0;-0;0;"Rum "@', "da").text("12") == "Rum 12"
    assert NumberFormat("0.00", "da").text("efter aftale") == "efter aftale"
    assert NumberFormat(";;;", "da").text("hemmelig") == ""


def test_seconds_can_be_left_out() -> None:
    shorter = NumberFormat("[hh]:mm:ss", "da").without_seconds()
    assert shorter is not None and shorter.number(1.086805555555556) == "26:05"
    assert NumberFormat("mm:ss", "da").without_seconds() is None
    assert NumberFormat("dd-mm-yyyy", "da").without_seconds() is None


def test_languages() -> None:
    assert language_of_code(0x414) == "no"
    assert language_of_code(0x809) == "en-GB"
    assert language_of_code(0x400) == ""
    assert conventions("nb-NO") == conventions("no")
    assert conventions("xx") == conventions("en")
    assert languages_of('#,##0.00 "kr."') == ["da"]
    assert languages_of("[$-407]d. mmmm") == ["de"]
    assert languages_of("[$$-409]0.00") == languages_of("yyyy-mm-dd") == []


@given(
    st.text('0#?.,;:[]"\\\\_*%/@EeGymdhsAPM$-€ 18<>=+', max_size=24) | st.text(max_size=12),
    st.floats() | st.integers(-10, 100_000).map(float),
)
def test_any_code_shows_something_of_any_number(code: str, value: float) -> None:
    made = NumberFormat(code, "da")
    for form in (made, made.without_seconds() or made):
        assert isinstance(form.number(value), str)
    assert isinstance(made.text("x"), str)
