"""The arithmetic of national numbers: what it promises, for any digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilde.tuning.checks import checksums

DIGITS = st.text(st.sampled_from("0123456789"), min_size=9, max_size=9)


@given(DIGITS, st.integers(0, 8), st.integers(1, 9))
def test_checksums_see_every_single_wrong_digit(digits: str, place: int, change: int) -> None:
    wrong = digits[:place] + str((int(digits[place]) + change) % 10) + digits[place + 1 :]
    # Modulus 11 and Luhn both promise this; at most one last digit is right for the rest.
    for right in (checksums.luhn, checksums.cpr_mod11):
        for last in "0123456789":
            assert not (right(digits + last) and right(wrong + last))
    assert not (checksums.bsn(digits) and checksums.bsn(wrong))


@given(st.integers(0, 99999999))
def test_exactly_one_last_digit_passes_luhn(number: int) -> None:
    assert sum(checksums.luhn(f"{number:08d}{last}") for last in range(10)) == 1


@given(st.integers(0, 10**14 - 1))
def test_exactly_one_pair_of_check_digits_passes_an_iban(account: int) -> None:
    right = [n for n in range(2, 99) if checksums.iban(f"DK{n:02d}{account:014d}")]
    assert len(right) == 1


@pytest.mark.parametrize(
    ("digits", "right"),
    [
        ("2902000000", False),  # 1900 was no leap year
        ("2902004000", True),  # 2000 was
        ("2902003000", False),
        ("3104501234", False),
        ("0013501234", False),
        ("0100501234", False),
        ("2902965000", True),  # 1896, by the 5
    ],
)
def test_dates_of_cpr_numbers(digits: str, right: bool) -> None:
    assert checksums.cpr_date(digits) is right
