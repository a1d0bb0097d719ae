"""Secrets and personal numbers: found, masked, and not seen where there are none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.tuning.checks.personal import masked, patterns, scan

from .check_rows import filler, find, row

FOUND = [
    ("CPR 010190-1234", "cpr", "0101**-****"),
    ("Født 290204-4000.", "cpr", "2902**-****"),
    ("Han har 0707614285", "cpr", "0707******"),
    ("Han har 070761 4285", "cpr", "0707** ****"),
    ("CPR-nummer: 0101901234", "cpr", "0101******"),  # no check digit, but called by its name
    ("Personnummer 811218-9876", "personnummer", "8112**-****"),
    ("19811218-9876", "personnummer", "1981****-****"),
    ("198112189876", "personnummer", "1981********"),
    ("8112189876", "personnummer", "8112******"),
    ("Hon fyllde hundra: 121212+1212", "personnummer", "1212**+****"),
    ("701063-2391", "personnummer", "7010**-****"),  # samordningsnummer: the 3rd of October
    ("BSN: 111222333", "bsn", "111******"),
    ("Mijn burgerservicenummer is 111.222.333.", "bsn", "111.***.***"),
    ("IBAN DK50 0040 0440 1162 43 BIC DABADKKK", "iban", "DK50 **** **** **** **"),
    ("NL91ABNA0417164300", "iban", "NL91**************"),
    ("4111 1111 1111 1111", "payment-card", "4111 **** **** ****"),
    ("5555555555554444", "payment-card", "5555************"),
    ("378282246310005", "payment-card", "3782***********"),
    ("Skriv til anna.berg@lund.se.", "email", "an**.****@****.**"),
    ("Ring på 86 12 34 56", "phone", "86 12 ** **"),
    ("Skriv til Anna, 26 71 83 94", "phone", "26 71 ** **"),
    ("Tlf. 86123456", "phone", "8612****"),
    ("Mit nummer er 86123456", "phone", "8612****"),
    ("telefon 8612 3456", "phone", "8612 ****"),
    ("+45 86 12 34 56", "phone", "+45 86 ** ** **"),
    ("+4586123456", "phone", "+4586******"),
    ("(+45) 86123456", "phone", "+45) 86******"),
    ("Ring 0045 86 12 34 56", "phone", "0045 ** ** ** **"),
    ("070-123 45 67", "phone", "070-1** ** **"),
    ("08-123 456 78", "phone", "08-12* *** **"),
    ("06-12345678", "phone", "06-12******"),
    ("Bel 0612345678", "phone", "0612******"),
    ("020-1234567", "phone", "020-1******"),
    ("020 7946 0958", "phone", "020 7*** ****"),
    ("Call 01632 960001", "phone", "0163* ******"),
    ("+44 (0)20 7946 0958", "phone", "+44 (0)2* **** ****"),
    ("password=hunter2x", "secret", "password=****"),
    ("DB_PASSWORD=korrekthest", "secret", "PASSWORD=****"),
    ("Adgangskode: Hest1234", "secret", "Adgangskode: ****"),
    ('"api_key": "abcd1234efgh"', "secret", 'api_key": "****'),
    ("The password is Summer2024!", "secret", "password is ****"),
    ("postgres://anna:hest99x@db/x", "secret", "postgres://anna:****"),
    ("sk-abcdefghijklmnopqrstuvwx", "secret", "sk-ab*******************…"),
    ("ghp_" + "a1B2" * 9, "secret", "ghp_a*******************…"),
    ("AKIAIOSFODNN7EXAMPLE", "secret", "AKIA****************"),
    ("Bearer abcDEF0123456789abcdEFGH", "secret", "Bearer *****************…"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/=\n-----END", "secret", "-----BEGIN RSA PRIVATE K…"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "shown"), FOUND)
def test_found_and_masked(text: str, kind: str, shown: str) -> None:
    assert [(match.pattern.kind, match.shown) for match in scan(text)] == [(kind, shown)]
    found = find([*filler(2), row("And?", text)])[kind]
    assert found.rows == (2,)
    assert shown in found.message
    assert found.level == ("warn" if kind in ("email", "phone", "iban") else "refuse")


QUIET = """
Åbent man-fre 8.00-16.00 og 08.00-12.00
Lægehuset åbner kl. 08-16 på hverdage, 10-14 om lørdagen
Åbent fra 08 30 til 16 00
Ferie i uge 32 33 34 35
Ferien ligger i uge 29, 30, 31 og 32.
I uge 22 20 21 19 er der lukket
Vecka 27 28 29 30 är det stängt
Uge 32: mandag svømning 10.15-11.00, onsdag styrke 17.30-18.15
Varenr. 5701234567
Varenummer 1234567890 koster 199,95 kr.
Produkt 9876543210
EAN 5701234567899
Prisen er 12.000.000 kr.
Budgettet er 12 345 678 kr
Budgettet er +12.000.000 kr.
Prisen steg fra 2.000 til 3.500 kr. i 2024-2025
36 25 14 10 kr
Rum 12 14 16 18
Lokale 21 40 35 22
I årene 2021 2022 2023 2024
Ring i 2024 2025
Ring senest 2024-01-31
Ring den 31.12.2024 kl. 08.30
Ring inden 20240131
Møde den 01-02-2024 og 03-04-2025
CVR 12345678
CVR-nr. 26 71 83 94
ISBN 978-3-16-148410-0
Bus 22 55 33 44
Sagsnummer 111222333
Saksnummer 123456789
De 311390-1234 er ingen dato
Den 3112991235 er ingen dato med kontrolciffer
811218-9877
811318-9876
BSN 111222334
DK50 0040 0440 1162 44
DKXX 0040 0440 1162 43
4111 1111 1111 1112
1111 2222 3333 4444
5701234567890123
Adgangskode: mindst 8 tegn og et tal
Password: at least 12 characters
Adgangskoden er hemmelig
Kodeord er glemt, hvad gør jeg?
password=<your-password>
password=$DB_PASS
password=********
token = get_token()
Token: se side 12
Secret: vi bager i ovnen
Bearer of good news from the authorities
sk-learn er et bibliotek
Skriv til info@kommune.dk
Skriv til bruger@example.com
Se https://example.com:8080/a@b
3 x 100 mg, 4 x 25 mg, 10-20-30 mg
Versionen er 10.12.14.16
IP 192.168.10.12
Postnummer 8000, konto 1234 1234567
Temperaturen er +10 til +15 grader
100 000 000 kr
Jobnummer 0701-0830-1530
Tilmelding 010190-1234567
Ring 112 eller 1813
Sagen har nummer 12345678
Tell me about 87654321
"""


@pytest.mark.parametrize("text", [line for line in QUIET.splitlines() if line])
def test_nothing_is_seen_where_nothing_is(text: str) -> None:
    assert [(match.pattern.kind, match.shown) for match in scan(text)] == []


def test_random_numbers_of_ten_digits_hardly_ever_alarm() -> None:
    chance = random.Random(7)
    numbers = [f"{chance.randrange(10**10):010d}" for _ in range(3000)]
    alarms = [number for number in numbers if scan(f"Varen hedder {number}.")]
    # A date and a check digit pass by chance: CPR 0.3 %, personnummer 0.4 %.
    assert len(alarms) < 0.015 * len(numbers)


def test_a_bare_bsn_is_only_possible_and_only_in_dutch() -> None:
    dutch = find([row("Wie?", "Het is 111222333.", language="nl"), *filler(1)])
    assert dutch["possible-bsn"].level == "warn"
    assert "bsn" not in dutch
    assert not {"bsn", "possible-bsn"} & set(find([row("Who?", "It is 111222333."), *filler(1)]))
    order = row("Wie?", "Ordernummer 111222333.", language="nl")
    assert "possible-bsn" not in find([order, *filler(1)])


def test_the_question_names_what_the_answer_holds() -> None:
    found = find(
        [row("Hvad er telefonnummeret?", "86123456."), row("Hvad koster det?", "86123456")]
    )
    assert found["phone"].rows == (0,)


def test_every_turn_and_both_answers_are_read() -> None:
    rows = [
        row("My number is 010190-1234", "Thanks."),
        row("And?", "Yes.", history=("I am 010190-1235", "Hello.")),
        row("And?", "Yes.", method="dpo", rejected="You are 010190-1236."),
    ]
    found = find(rows)["cpr"]
    assert found.rows == (0, 1, 2)
    assert "row 1 (0101**-****)" in found.message


def test_secrets_of_all_sorts_are_one_finding() -> None:
    found = find([row("The key?", "AKIAIOSFODNN7EXAMPLE"), row("And?", "password=hunter2x")])
    assert found["secret"].rows == (0, 1)
    assert "an access token or a password or key" in found["secret"].message


def test_masking_leaves_the_rest() -> None:
    text = "Anna (010190-1234, anna@lund.se) har password=abc123 med."
    assert masked(text) == "Anna (0101**-****, an**@****.**) har password=**** med."
    assert masked("Åbent 8-16.") == "Åbent 8-16."


def test_no_break_spaces_part_numbers_too() -> None:
    assert [match.pattern.kind for match in scan("Ring 86\u00a012\u202f34\u00a056")] == ["phone"]


@given(st.text(st.sampled_from("0123456789 -+.@:=/abcABCæ\n"), max_size=80))
def test_spans_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    matches = scan(text, "nl")
    end = 0
    for match in matches:
        assert end <= match.start < match.end <= len(text)
        end = match.end
    masked(text)


@pytest.mark.parametrize(
    "piece", ["a", "1", "1 ", "+1", "a@", "a.", "0-", "-", "A1 ", "\n", "\ud83d"]
)
def test_long_runs_take_no_longer_than_long_texts(piece: str) -> None:
    scan(piece * (100_000 // len(piece)))


def test_every_kind_is_tested_and_has_one_level() -> None:
    kinds = {pattern.kind for pattern in patterns()}
    assert len({(pattern.kind, pattern.level) for pattern in patterns()}) == len(kinds)
    assert kinds == {kind for _, kind, _ in FOUND} | {"possible-bsn"}
