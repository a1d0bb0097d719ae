"""The arithmetic of national numbers, accounts and cards. All take digits without separators.

None proves that a number was given to anybody: it says that the number could have been.
"""

from __future__ import annotations

from datetime import date

_CPR_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def cpr_date(digits: str) -> bool:
    """Whether the first six of a CPR number's ten digits are a date, in the century that the
    seventh tells. Source: CPR-kontoret, "Personnummeret i CPR", section 2.

    >>> cpr_date("2902000000"), cpr_date("2902004000")
    (False, True)
    """
    day, month, year, seventh = (
        int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
    )  # fmt: skip
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    return _is_date(century + year, month, day)


def cpr_mod11(digits: str) -> bool:
    """Whether ten digits pass the CPR's modulus 11, which numbers since October 2007 need not.
    Source: CPR-kontoret, "Personnumre uden kontrolciffer (modulus 11 kontrol)".

    >>> cpr_mod11("0707614285")
    True
    """
    return _weighted(digits, _CPR_WEIGHTS) % 11 == 0


def personnummer(digits: str, *, coordination: bool = True) -> bool:
    """Whether ten or twelve digits are a Swedish personnummer, or a samordningsnummer (day + 60)
    where these are allowed: a date and the Luhn digit. Source: Skatteverket, SKV 704 and SKV 707.

    >>> personnummer("8112189876"), personnummer("8112189877")
    (True, False)
    """
    if len(digits) not in (10, 12) or not luhn(digits[-10:]):
        return False
    month, day = int(digits[-8:-6]), int(digits[-6:-4])
    if coordination and day > 60:
        day -= 60
    if len(digits) == 12:
        return _is_date(int(digits[:4]), month, day)
    # The century is not told: a 29 February is right in one of them.
    return any(_is_date(century + int(digits[:2]), month, day) for century in (1900, 2000))


def bsn(digits: str) -> bool:
    """Whether nine digits pass the 11-test of the Dutch BSN. Source: RvIG, Logisch Ontwerp BSN.

    >>> bsn("111222333"), bsn("111222334")
    (True, False)
    """
    return len(digits) == 9 and digits.strip("0") != "" and not _weighted(digits, _BSN_WEIGHTS) % 11


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit. Source: ISO/IEC 7812-1, annex B.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def iban(text: str) -> bool:
    """Whether an IBAN in capitals passes modulus 97. Source: ISO 13616-1, ISO/IEC 7064 MOD 97-10.

    >>> iban("DK5000400440116243"), iban("DK5000400440116244")
    (True, False)
    """
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
