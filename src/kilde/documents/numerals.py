"""Numbers as a number format shows them: digits in their places, with the signs of a language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import partial

from kilde.documents.conventions import Conventions
from kilde.documents.format_tokens import Token

# Programs show so many digits of a number without a format; the rest is noise of binary fractions.
_GENERAL_DIGITS = 10
_LONGEST_INTEGER = 15
_LARGEST_DENOMINATOR = 99_999
# Beyond this a number has no digits of its own left to show in fixed notation.
_LARGEST_EXPONENT = 300
# Digits that a decimal number of the default context holds.
_PRECISION = 28
_ZERO = Decimal(0)


def general(value: Decimal, own: Conventions) -> str:
    """A number without a format: no thousands signs, no noise of binary fractions."""
    if value == value.to_integral_value() and value.adjusted() < _LONGEST_INTEGER:
        return f"{int(value)}"
    mantissa, _, exponent = f"{value:.{_GENERAL_DIGITS}g}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    if exponent:
        power = int(exponent)
        mantissa += f"E{'-' if power < 0 else '+'}{abs(power):02d}"
    return mantissa.replace(".", own.decimal)


def number_display(tokens: Sequence[Token], own: Conventions) -> Callable[[Decimal], str]:
    """What shows a number in one section of a format: the section is understood once."""
    kinds = [token.kind for token in tokens]
    show: Callable[[Decimal], str]
    if "digit" not in kinds:
        show = partial(_without_digits, tokens=tokens, own=own)
    elif "slash" in kinds:
        show = partial(_fraction, tokens=tokens, own=own)
    elif "exponent" in kinds:
        show = partial(_scientific, tokens=tokens, own=own)
    else:
        show = _Fixed(tokens, own).show

    def bounded(value: Decimal) -> str:
        power = value.adjusted()
        if power > _LARGEST_EXPONENT:
            return general(value, own)
        shown = show(value if power >= -_LARGEST_EXPONENT else _ZERO)
        return " ".join(shown.split()) if " " in shown else shown

    return bounded


def _without_digits(value: Decimal, tokens: Sequence[Token], own: Conventions) -> str:
    sign = "-" if value < 0 and any(token.kind == "general" for token in tokens) else ""
    return sign + "".join(
        general(abs(value), own) if token.kind in ("general", "text") else _literal(token, own)
        for token in tokens
    )


class _Fixed:
    """Digits before and after a decimal sign, the usual kind of a number format."""

    def __init__(self, tokens: Sequence[Token], own: Conventions) -> None:
        digits = [n for n, token in enumerate(tokens) if token.kind == "digit"]
        first, last = digits[0], digits[-1]
        point = next((n for n in range(last) if tokens[n].kind == "point"), last + 1)
        first = min(first, point)  # ".00" has no digit before the point
        before, after = list(tokens[:first]), list(tokens[last + 1 :])
        self._whole, part = list(tokens[first:point]), tokens[point : last + 1]
        # Commas directly behind the last digit on either side of the point divide by thousands.
        thousands = 0
        while self._whole and self._whole[-1].kind == "comma":
            self._whole.pop()
            thousands += 1
        while after and after[0].kind == "comma":
            after.pop(0)
            thousands += 1
        if after and after[0].kind == "point":  # as in "450,-"
            after[0] = Token("literal", own.decimal)
        self._scale = 2 * sum(token.kind == "percent" for token in tokens) - 3 * thousands
        places = "".join(token.text for token in part if token.kind == "digit")
        self._places, self._required = len(places), places.rfind("0") + 1
        if own.symbol_after and not after and [token.kind for token in before] == ["currency"]:
            before, after = [], [Token("literal", " "), *before]
        self._before, self._after = _literals(before, own), _literals(after, own)
        kinds = [token.kind for token in self._whole]
        marks = [token.text for token in self._whole if token.kind == "digit"]
        self._least = len(marks) - marks.index("0") if "0" in marks else 0
        self._grouped = "comma" in kinds
        self._scattered = any(kind not in ("digit", "comma") for kind in kinds)
        self._own = own

    def show(self, value: Decimal) -> str:
        """The text of a number."""
        whole, part = _rounded(value.scaleb(self._scale) if self._scale else value, self._places)
        if self._required < self._places:
            part = part[: max(self._required, len(part.rstrip("0")))]
        sign = "-" if value < 0 and (whole.strip("0") or part.strip("0")) else ""
        whole = whole.lstrip("0").rjust(self._least, "0")
        if self._scattered:
            whole = _scattered(whole, self._whole, self._own)
        elif self._grouped and len(whole) > 3:
            whole = _grouped(whole, self._own.group)
        shown = f"{whole}{self._own.decimal}{part}" if part else whole
        return sign + self._before + shown + self._after


def _rounded(value: Decimal, places: int) -> tuple[str, str]:
    """The digits before and after the point, rounded half up as spreadsheets do."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places and value.adjusted() + places < _PRECISION:
        value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, part = f"{value:.{places}f}".removeprefix("-").partition(".")
    return whole, part


def _scattered(digits: str, tokens: Sequence[Token], own: Conventions) -> str:
    """The digits before the point in their places: ``00 00 00 00`` has blanks between them."""
    places = [token.text for token in tokens if token.kind == "digit"]
    shown: list[str] = []
    left = list(digits)
    remaining = len(places)
    for token in reversed(tokens):
        if token.kind == "digit":
            remaining -= 1
            if not remaining:  # the first place takes all digits that are left
                shown.append("".join(left))
                left = []
            elif left:
                shown.append(left.pop())
        elif token.kind != "comma" and (left or remaining == len(places)):
            shown.append(_literal(token, own))
    return "".join(reversed(shown))


def _grouped(digits: str, group: str) -> str:
    head = len(digits) % 3
    groups = [digits[:head], *(digits[n : n + 3] for n in range(head, len(digits), 3))]
    return group.join(filter(None, groups))


def _fraction(value: Decimal, tokens: Sequence[Token], own: Conventions) -> str:
    """A number as a common fraction; programs write ``2 1/2`` for the format ``# ?/?``."""
    slash = next(n for n, token in enumerate(tokens) if token.kind == "slash")
    start, end = slash, slash + 1
    while start and tokens[start - 1].kind == "digit":
        start -= 1
    while end < len(tokens) and (tokens[end].kind == "digit" or tokens[end].text.isdecimal()):
        end += 1
    denominator = "".join(token.text for token in tokens[slash + 1 : end])
    whole_part = [n for n in range(start) if tokens[n].kind == "digit"]
    amount = Fraction(abs(value))
    whole = int(amount) if whole_part else 0
    rest = amount - whole
    if any(sign in "#?" for sign in denominator) or not denominator.strip("0"):
        largest = min(10 ** max(1, len(denominator)) - 1, _LARGEST_DENOMINATOR)
        rest = rest.limit_denominator(largest)
        top, bottom = rest.numerator, rest.denominator
    else:
        bottom = int(denominator)
        top = round(rest * bottom)
    if whole_part and top == bottom:
        whole, top = whole + 1, 0
    shown = " ".join(
        [*([str(whole)] if whole or not top else []), *([f"{top}/{bottom}"] if top else [])]
    )
    before = tokens[: whole_part[0] if whole_part else start]
    sign = "-" if value < 0 else ""
    return sign + _literals(before, own) + shown + _literals(tokens[end:], own)


def _scientific(value: Decimal, tokens: Sequence[Token], own: Conventions) -> str:
    mark = next(n for n, token in enumerate(tokens) if token.kind == "exponent")
    digits = [n for n, token in enumerate(tokens) if token.kind == "digit"]
    first = digits[0]
    last = max((n for n in digits if n > mark), default=mark)
    point = next((n for n in range(mark) if tokens[n].kind == "point"), mark)
    step = max(1, sum(first <= n < point for n in digits))
    places = "".join(tokens[n].text for n in digits if point < n < mark)
    power = value.adjusted() if value else 0
    power -= power % step if step > 1 else 0
    whole, part = _rounded(value.scaleb(-power), len(places))
    if len(whole) > step:  # rounded up to the next power
        power += step
        whole, part = _rounded(value.scaleb(-power), len(places))
    part = part[: max(places.rfind("0") + 1, len(part.rstrip("0")))]
    width = sum(mark < n <= last for n in digits)
    sign = "-" if power < 0 else tokens[mark].text[1].replace("-", "")
    shown = whole + (own.decimal + part if part else "") + f"E{sign}{abs(power):0{width}d}"
    minus = "-" if value < 0 else ""
    return minus + _literals(tokens[:first], own) + shown + _literals(tokens[last + 1 :], own)


def _literals(tokens: Sequence[Token], own: Conventions) -> str:
    texts: list[str] = []
    for token in tokens:
        text = _literal(token, own)
        # A blank that the format has of its own stands for the one of the language.
        texts.append(text.lstrip() if texts and texts[-1].endswith(" ") else text)
    shown = "".join(texts)
    # Between a minus sign and its number lies only what fills the cell.
    return "-" if shown.strip() == "-" else shown


def _literal(token: Token, own: Conventions) -> str:
    if token.kind == "percent":
        return own.percent
    return "" if token.kind in ("locale", "bracket", "digit", "general", "text") else token.text
