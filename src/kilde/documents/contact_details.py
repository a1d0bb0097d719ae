"""Lines that hold a telephone number, an address, a date or opening hours.

The header and the footer of a web page are links and advertising but for these.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

_TELEPHONE = re.compile(r"(?<![\w.,])(?:\+|\(\+?)?\d(?:[ ()./–-]{0,2}\d){5,14}(?![\w,])")
_DATES = re.compile(
    r"\b[0-3]?\d[./-][01]?\d[./-](?:20)?\d\d\b|\b(?:19|20)\d\d(?:\s?[–/-]\s?(?:19|20)?\d\d)?\b"
)
_MAIL = re.compile(r"[\w.+-]@[\w-]+\.\w")
_OTHER = re.compile(
    r"\b[0-2]?\d[.:][0-5]\d\b"  # 8.30
    r"|\b[0-2]?\d(?:[.:][0-5]\d)?\s?[–-]\s?[0-2]?\d\b"  # 8-16
    r"|\b[0-3]?\d\.?\s?[^\W\d_]{3,12}\s(?:19|20)\d\d\b"  # 19 February 2026
    r"|\b[0-3]?\d[./-][01]?\d[./-](?:20)?\d\d\b"
    r"|\b(?:19|20)\d\d-[01]\d-[0-3]\d\b"
)


def has_contact_details(text: str) -> bool:
    """Whether a line says how or when somebody can be reached, or from when it is.

    >>> has_contact_details("Åbrinken 14, 8999 Kærsholm"), has_contact_details("© 2020–2026 X")
    (True, False)
    """
    return has_telephone_or_mail(text) or bool(_OTHER.search(text) or _words().search(text))


def has_telephone_or_mail(text: str) -> bool:
    """Whether a line holds a telephone number or an e-mail address.

    >>> has_telephone_or_mail("Tlf. 33 12 45 67"), has_telephone_or_mail("Referat 12.03.26")
    (True, False)
    """
    return bool(_MAIL.search(text) or _TELEPHONE.search(_DATES.sub("", text)))


@cache
def _words() -> re.Pattern[str]:
    table = tomllib.loads((files("kilde.documents") / "contact_details.toml").read_text("utf-8"))
    streets = "|".join(map(re.escape, table["streets"]))
    hours = "|".join(map(re.escape, table["hours"]))
    return re.compile(
        rf"(?:{streets})\s\d{{1,4}}\s?[a-z]?\b"
        rf"|\b\d{{1,4}}\s(?:[^\W\d_]+\s){{0,3}}(?:{streets})\b"
        rf"|(?<!\w)(?:{hours})\s\d|\b\d{{1,2}}\s?(?:{hours})(?!\w)",
        re.IGNORECASE,
    )
