"""Whether one kind of row drowns the others: thumbs, labels, and rows that decline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kilde.tuning.checks.compare import imitated, normalised
from kilde.tuning.checks.findings import Finding, count, listed, percent, shortened
from kilde.tuning.data.rows import Method, Row

# TRL's guide to KTO asks for weights that bring good against bad to between 1:1 and 4:3; beyond
# this ratio each row of the rarer judgement would have to weigh four times another or more.
KTO_RATIO = 4
# What answers must be like for a label: few distinct, short, each of them several times.
LABELS = 100
LABEL_ROWS = 50
LABEL_LENGTH = 60  # characters
_ROWS_PER_LABEL = 3
# With fewer rows than this a label can hardly be both learnt and held out.
RARE = 5
# A label with so many times the rows of the rarest is guessed before it is understood.
SKEW = 10
# Beyond this share of rows that decline, declining is the safe guess.
DECLINING = 0.5


def check_balance(rows: Sequence[Row], method: Method) -> Iterator[Finding]:
    """The balance of thumbs (``kto``), of labels where the answers are such, and of declining."""
    if method == "kto":
        yield from _thumbs(rows)
    yield from _labels(rows)
    yield from _declines(rows)


def _thumbs(rows: Sequence[Row]) -> Iterator[Finding]:
    good = tuple(index for index, row in enumerate(rows) if row.good)
    bad = tuple(index for index, row in enumerate(rows) if not row.good)
    if not rows:
        return
    fewer = min(good, bad, key=len)
    if not fewer:
        yield Finding(
            "one-sided",
            "refuse",
            f"All {count(len(rows))} are judged {'good' if good else 'bad'}: there is nothing to "
            "tell apart.",
            "Add rows of the other judgement, or train the good ones with sft.",
        )
    elif max(len(good), len(bad)) > KTO_RATIO * len(fewer):
        yield Finding(
            "thumbs-balance",
            "warn",
            f"{len(good):,} good and {len(bad):,} bad rows: more than {KTO_RATIO} to 1.",
            "Add rows of the rarer judgement, or take some of the other out.",
        )


def _labels(rows: Sequence[Row]) -> Iterator[Finding]:
    shown: dict[str, str] = {}
    members: dict[str, list[int]] = {}
    total = 0
    for index, row in imitated(rows):
        if len(row.answer) > LABEL_LENGTH:
            return
        total += 1
        label = normalised(row.answer)
        shown.setdefault(label, row.answer)
        members.setdefault(label, []).append(index)
    few = len(members) <= LABELS and _ROWS_PER_LABEL * len(members) <= total
    if total < LABEL_ROWS or not few:
        return
    counts = Counter({label: len(indexes) for label, indexes in members.items()})
    ordered = sorted(counts, key=lambda label: (counts[label], label))
    rarest = listed([f"{shortened(shown[label])!r} {counts[label]}" for label in ordered])
    rare = [label for label in ordered if counts[label] < RARE]
    skewed = counts[ordered[-1]] > SKEW * counts[ordered[0]]
    alone = len(ordered) == 1
    if alone:
        message = f"All {total:,} answers are the label {shortened(shown[ordered[0]])!r}."
    else:
        message = f"The answers are {len(ordered)} labels; the rarest of {total:,}: {rarest}."
    yield Finding(
        "labels",
        "warn" if rare or skewed or alone else "note",
        message,
        "Add rows of the rare labels: the frequent ones are guessed in their place."
        if rare or skewed or alone
        else "Nothing to do: every label has rows enough to be learnt.",
        tuple(sorted(index for label in rare for index in members[label])),
    )


def _declines(rows: Sequence[Row]) -> Iterator[Finding]:
    declining = tuple(index for index, row in enumerate(rows) if row.declines)
    if not declining:
        return
    much = len(declining) > DECLINING * len(rows)
    yield Finding(
        "declining",
        "warn" if much else "note",
        f"{percent(len(declining), len(rows))} of the rows ({len(declining):,} of {len(rows):,}) "
        "decline to answer.",
        "Add rows that answer: an agent that mostly declines in training declines too much."
        if much
        else "Compare it with how often the agent's questions have no answer.",
        declining if much else (),
    )
