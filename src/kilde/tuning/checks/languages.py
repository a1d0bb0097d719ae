"""Which languages the rows teach, beside those that the agent and its base model speak."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from kilde.agents.definition import AgentDefinition
from kilde.language.detect import detect
from kilde.language.table import languages
from kilde.tuning.checks.compare import question
from kilde.tuning.checks.findings import Finding, count, percent, places
from kilde.tuning.data.rows import Row, language_code
from kilde.types import UNKNOWN_LANGUAGE

# Letters from which an answer alone tells its language; a shorter one is read with its question.
_ENOUGH = 60
_LEAST = 20
# Of 681 Danish sentences of the demo's pages, 20 letters or longer, 14 % were taken for Norwegian
# or Swedish, of 702 English ones none for anything else. So one of these detected in a row of fewer
# letters than this is believed only where it has more than a chance share of the rows of its kin.
_KIN = frozenset({"da", "no", "sv"})
_SURE = 200
_CHANCE = 0.3


def check_languages(
    rows: Sequence[Row], definition: AgentDefinition, model_languages: frozenset[str] | None
) -> Iterator[Finding]:
    """The mix of languages, and rows in one that the agent or the base model does not speak.

    ``model_languages`` are ISO 639-1 codes; ``None`` means that they are not known. A row whose
    language cannot be told (a price, a code) is not held against anybody.
    """
    spoken = dict(enumerate(spoken_languages(rows, definition.language)))
    mix = Counter(code for code in spoken.values() if code != UNKNOWN_LANGUAGE)
    if len(mix) > 1:
        shares = ", ".join(
            f"{_name(code)} {percent(number, len(rows))}" for code, number in mix.most_common()
        )
        yield Finding(
            "language-mix",
            "note",
            f"The rows are in {len(mix)} languages: {shares}.",
            "Compare it with the languages that the agent is asked in.",
        )
    own = definition.language
    learnt = {language_code(row.language) for row in rows} - {UNKNOWN_LANGUAGE}
    if own and learnt and own not in learnt:
        # An adapter answers in the languages of its rows, compared code by code.
        other = language_code(own)
        if other in learnt:
            hint = f'Write language = "{other}" into the agent\'s file.'
        else:
            hint = "Bring rows in that language, or change language in the agent's file."
        yield Finding(
            "language-never-met",
            "warn",
            f"{definition.name!r} always answers in {_name(own)} ({own}), and no row is in it: an "
            "adapter that is trained on them will never be asked.",
            hint,
        )
    yield from _outside(
        rows,
        [index for index, code in spoken.items() if own and code not in (own, UNKNOWN_LANGUAGE)],
        "foreign-language",
        f"not in {_name(own)}, which {definition.name!r} answers in",
        "Translate them or take them out; or leave language out of the agent's file.",
    )
    if model_languages is not None:
        known = {language_code(code) for code in model_languages} | {UNKNOWN_LANGUAGE}
        yield from _outside(
            rows,
            [index for index, code in spoken.items() if code not in known],
            "model-language",
            "in a language that the base model does not know",
            "Choose a base model for the language: a tuning teaches a form, hardly a language.",
        )


def spoken_languages(rows: Sequence[Row], own: str = "") -> list[str]:
    """The language of each row's answer: as declared, else as detected, else ``"und"``.

    ``own`` is the agent's language, for which a doubtful detection is decided.
    """
    found: list[str] = []
    doubtful: list[int] = []
    for index, row in enumerate(rows):
        if row.language != UNKNOWN_LANGUAGE:
            found.append(language_code(row.language))
            continue
        text = _prose(row.answer)
        if _letters(text) < _ENOUGH:
            text = f"{text}\n{question(row)}"
        letters = _letters(text)
        found.append(detect(text) if letters >= _LEAST else UNKNOWN_LANGUAGE)
        if letters < _SURE and found[-1] in _KIN:
            doubtful.append(index)
    kin = Counter(code for code in found if code in _KIN)
    for index in doubtful:
        if kin[found[index]] < _CHANCE * kin.total():
            found[index] = own if own in _KIN else kin.most_common(1)[0][0]
    return found


def _prose(answer: str) -> str:
    """The texts of a form, without the names of its fields, which are in no language; else all."""
    if not answer.lstrip().startswith(("{", "[")):
        return answer
    try:
        return "\n".join(_strings(json.loads(answer)))
    except (ValueError, RecursionError):
        return answer


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for item in value.values():
                yield from _strings(item)


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text[:1000]))


def _outside(
    rows: Sequence[Row], found: Sequence[int], kind: str, what: str, hint: str
) -> Iterator[Finding]:
    if found:
        message = f"{count(len(found))} {what}: {places(rows, found)}."
        yield Finding(kind, "warn", message, hint, tuple(found))


def _name(code: str) -> str:
    return languages()[code].name if code in languages() else code
