"""What the sources hold now, and what of them cannot be seen at the moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from kilde.documents.formats import format_of
from kilde.documents.sources import Found, Skipped, Source, document_name, expand
from kilde.errors import LoadError, SourceMissing
from kilde.knowledge.sources import covers
from kilde.types import Failure, Omission

_PRUNE = (
    "If it is on a drive that is not connected, connect it and sync again. "
    "If the files were deleted on purpose: kilde sync --prune"
)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in the sources, by name; the sources and the folders or files that could not
    be looked at: their documents are kept; and what was passed over."""

    found: dict[str, Found]
    unreadable: list[Source]
    hidden: list[str]
    omitted: list[Omission]

    def hides(self, document_source: str) -> bool:
        """Whether the document may still be there, where nobody can look."""
        return any(covers(source, document_source) for source in self.unreadable) or any(
            document_source == name or document_source.startswith(name + "/")
            for name in self.hidden
        )


def look(
    sources: list[Source],
    excluded: frozenset[str],
    stored: Collection[str],
    failed: list[Failure],
    root: Path,
    *,
    prune: bool,
) -> Look:
    """All things to read, each once: the source registered last has it.

    ``stored`` are the sources of the documents that are stored. A folder or a pattern that had
    documents and has no file that can be read now is likely a drive that is not connected, so it
    counts as unreadable, unless ``prune`` says that what is missing is gone.
    """
    found: dict[str, Found] = {}
    unreadable: list[Source] = []
    hidden: list[str] = []
    skipped: Counter[tuple[str, str]] = Counter()
    for source in reversed(sources):
        empty = True
        try:
            for thing in expand(source, root):
                empty = empty and isinstance(thing, Skipped)
                if isinstance(thing, Failure):
                    failed.append(thing)
                    hidden.append(document_name(root / thing.source, root))
                elif isinstance(thing, Skipped):
                    skipped[source.location, thing.kind] += 1
                elif thing.document_source not in excluded:
                    first = found.setdefault(thing.document_source, thing)
                    if not _same_file(first, thing):
                        failed.append(_second(first, thing))
        except SourceMissing as error:
            lost = _documents_of(source, stored)
            if not (prune and lost) and not _deleted_file(source, root, stored):
                unreadable.append(source)
                hint = _PRUNE if lost else error.hint
                failed.append(Failure(error.source, f"{error.reason}{_kept(lost)}", hint))
        except LoadError as error:
            unreadable.append(source)
            failed.append(Failure(error.source, error.reason, error.hint))
        else:
            lost = _documents_of(source, stored) if empty and not prune else 0
            if lost:
                unreadable.append(source)
                reason = f"it holds no file that can be read{_kept(lost)}"
                failed.append(Failure(source.location, reason, _PRUNE))
    omitted = [Omission(*key, count) for key, count in sorted(skipped.items())]
    return Look(dict(sorted(found.items())), unreadable, hidden, omitted)


def _documents_of(source: Source, stored: Iterable[str]) -> int:
    return sum(covers(source, name) for name in stored)


def _kept(count: int) -> str:
    if not count:
        return ""
    return f"; {count} stored document{' is' if count == 1 else 's are'} kept"


def _deleted_file(source: Source, root: Path, stored: Collection[str]) -> bool:
    """Whether a source is a file, deleted from a folder that is still there.

    A folder that is gone may be a drive that is not connected, so its documents are kept.
    """
    path = root / source.location
    below = source.location.rstrip("/") + "/"
    # A pattern may look like a file: "docs/*.md" is one, "price[1].md" need not be.
    is_pattern = bool(set("*?[") & set(source.location)) and source.location not in stored
    return (
        source.kind == "path"
        and not is_pattern
        and format_of(path.name) is not None
        and path.parent.is_dir()
        and not path.exists()
        and not any(name.startswith(below) for name in stored)
    )


def _same_file(one: Found, other: Found) -> bool:
    if one.path is None or other.path is None or one.path == other.path:
        return True
    try:
        return one.path.samefile(other.path)
    except OSError:
        return True  # one of them went meanwhile


def _second(first: Found, second: Found) -> Failure:
    return Failure(
        second.document_source,
        f"two files have this name ({first.path!s} and {second.path!s}); the first one is read",
        "Rename one of them.",
    )
