"""Zip archives of XML files, which word processors and e-books write, read without risk.

The size of the archive is checked first (:func:`kilde.documents.extract.check_archive`), and
document type declarations are refused, so that no entity can expand.
"""

from __future__ import annotations

import codecs
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring

from kilde.documents.extract import check_archive, damaged
from kilde.errors import LoadError


class XmlArchive:
    """The files in an archive, each read when it is asked for.

    Raises :class:`LoadError` for an archive that is locked, damaged or larger than allowed.
    """

    def __init__(self, data: bytes, name: str) -> None:
        check_archive(data, name)
        self._name = name
        self._archive = zipfile.ZipFile(BytesIO(data))

    def file(self, path: str) -> bytes | None:
        """The content of a file, ``None`` where the archive has no such file."""
        try:
            return self._archive.read(path)
        except KeyError:
            return None
        except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError) as error:
            raise damaged(self._name, error) from error

    def xml(self, path: str, prepare: Callable[[bytes], bytes] | None = None) -> Element | None:
        """The root element of a file, ``None`` where the archive has no such file.

        ``prepare`` changes the content, in UTF-8, before it is parsed.
        """
        content = self.file(path)
        if content is None:
            return None
        content = _utf8(content)
        if b"<!DOCTYPE" in content:
            raise LoadError(
                self._name,
                "it declares XML entities, which no office program does",
                hint="If it came from a stranger, do not open it.",
            )
        if prepare is not None:
            content = prepare(content)
        try:
            # Without a document type there are no entities to expand.
            return fromstring(content, XMLParser(encoding="utf-8"))  # noqa: S314
        except (ParseError, ValueError) as error:
            raise damaged(self._name, error) from error


def _utf8(content: bytes) -> bytes:
    """XML in one encoding, whatever it declares, so that nothing in it can be overlooked."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode("utf-8")
    return content
