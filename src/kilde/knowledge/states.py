"""Which past states there are, and which version of the table shows each of them.

The table's version rises with every commit, also with those that only tidy up. A state is
therefore named by the commit that made it, and any version between that commit and the next shows
it: when clean-up drops one, another may still be there, such as one that is tagged.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kilde.errors import NotFound
from kilde.knowledge.history import Entry
from kilde.types import Version

_HINT = "kilde history lists the states that can be searched."


class States:
    """The states of one table.

    ``stored`` are the table's versions with their times, ``tags`` the versions that tags name,
    ``entries`` the commits written down.
    """

    def __init__(
        self,
        stored: Mapping[int, datetime],
        tags: Mapping[str, int],
        entries: Mapping[int, Entry],
    ) -> None:
        self._stored = stored
        self._tags = tags
        self._entries = entries
        self._commits = sorted(entries)

    def name(self, version: int) -> int:
        """The number of the commit whose state a version shows."""
        return named(version, self._commits)

    def versions(self) -> list[Version]:
        """The states that can be searched, oldest first."""
        tags: dict[int, list[str]] = {}
        for tag, version in self._tags.items():
            tags.setdefault(self.name(version), []).append(tag)
        times: dict[int, datetime] = {}
        for version in sorted(self._stored):
            times.setdefault(self.name(version), self._stored[version])
        found = []
        for number in sorted(times.keys() | tags.keys()):
            entry = self._entries.get(number)
            at = entry.at if entry else times.get(number)
            # Before the first commit there is an empty table: no state to go back to.
            if at is None or (self._commits and number < self._commits[0]):
                continue
            found.append(
                Version(
                    version=number,
                    at=at,
                    action=entry.action if entry else "",
                    tags=tuple(sorted(tags.get(number, ()))),
                    documents=entry.documents if entry else None,
                    passages=entry.passages if entry else None,
                )
            )
        return found

    def find(self, as_of: str | int | datetime) -> Place:
        """Where the state is to be read. Raises :class:`NotFound`."""
        if isinstance(as_of, str):
            if as_of in self._tags:
                return Place(self.name(self._tags[as_of]), self._tags[as_of])
            raise NotFound("tag", as_of, self._tags, hint=_HINT)
        if isinstance(as_of, int):
            return self._by_number(as_of)
        return self._by_time(as_of)

    def _by_number(self, number: int) -> Place:
        if number in self._stored:
            return Place(self.name(number), number)
        last = max([*self._stored, *self._tags.values()], default=0)
        wanted = self.name(number)
        if number <= last and (not self._commits or wanted >= self._commits[0]):
            for version in sorted({*self._stored, *self._tags.values()}, reverse=True):
                if self.name(version) == wanted:
                    return Place(wanted, version)
        known = [str(version.version) for version in self.versions()]
        raise NotFound("version", str(number), known, hint=_HINT)

    def _by_time(self, as_of: datetime) -> Place:
        moment = _aware(as_of)
        times = {number: entry.at for number, entry in self._entries.items()}
        times = times or {version.version: version.at for version in self.versions()}
        before = [number for number, at in times.items() if at <= moment]
        known = [version.at.astimezone().isoformat(" ", "seconds") for version in self.versions()]
        if not before:
            raise NotFound("state of the knowledge base", as_of.isoformat(), known, hint=_HINT)
        try:
            return self._by_number(max(before))
        except NotFound:
            # Another state near it would answer with documents that were not in force then.
            raise NotFound(
                "state of the knowledge base",
                as_of.isoformat(),
                known,
                hint="The state of that time was cleaned up; tag a state to keep it for good.",
            ) from None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state is read: ``number`` names it; ``version`` of the table shows it."""

    number: int
    version: int


def named(version: int, commits: list[int]) -> int:
    """The last of the commits up to a version, or the version itself where none is known."""
    place = bisect_right(commits, version)
    return commits[place - 1] if place else version


def _aware(moment: datetime) -> datetime:
    """A moment with its time zone; without one, it is in that of this computer."""
    if moment.tzinfo is not None:
        return moment
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        # At the ends of the calendar, where a local time can lie outside it.
        return moment.replace(tzinfo=UTC)
