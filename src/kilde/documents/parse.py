"""From the bytes of a file to its contents, by the reader that its format names.

Attachments of mails are read in the same way as files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from kilde.documents.content import Content
from kilde.documents.extract import damaged
from kilde.documents.formats import Format
from kilde.errors import LoadError


def parse(data: bytes, name: str, form: Format, **options: int) -> list[Content]:
    """The contents of a file in the format ``form``.

    ``name`` is the source in errors, and ``options`` are keyword arguments of the reader. Raises
    :class:`LoadError` for whatever cannot be read.
    """
    if not data.strip():
        raise LoadError(name, "it is empty", hint="Fill it or leave it out.")
    with translated_errors(name):
        reader = import_module(f"kilde.documents.readers.{form.reader}")
        contents: list[Content] = reader.read(data, name, form.mime, **options)
    return contents


@contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Raise :class:`LoadError` for every error but ``MemoryError``, with ``name`` as the source.

    Readers translate the errors that they know; but files come from anywhere, parsers raise what
    they like, and one bad file must not end a sync of a thousand.
    """
    try:
        yield
    except (LoadError, MemoryError):
        raise
    except ImportError as error:
        raise LoadError(
            name,
            f"a library that reads it cannot be loaded ({error})",
            hint="The file is fine; install Kilde again: pip install --force-reinstall kilde",
        ) from error
    except Exception as error:
        raise damaged(name, error) from error
