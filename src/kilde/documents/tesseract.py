"""The ``tesseract`` program: which languages it has, and the words of one image.

It is a program of the system, never a dependency: where it is missing, scans are named and not
read. It runs without a shell, with an environment of its own, in no folder of documents, and reads
nothing but the image on its standard input.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kilde.documents.page_words import Word

PAGE_SECONDS = 60.0
"""Time limit for one page. A dense page takes about two seconds."""

MIN_NUMBER_CONFIDENCE = 60.0
"""A word with digits of less confidence (0..100) is replaced by ``[…]``."""

ORIENTATION = "osd"
"""The model that detects which way up a page is; tesseract lists it among the languages."""

_LIST_SECONDS = 10.0
# What it needs of the environment: where its models are, and on Windows where the system is.
_KEPT = ("TESSDATA_PREFIX", "SYSTEMROOT")
_DPI = 300


class TesseractError(Exception):
    """The program failed, or took longer than its time limit (``timed_out``)."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class RecognizedPage:
    """The words of an image in reading order, with their boxes in pixels.

    ``confidence`` (0..100) is the mean over the words, 0 where there are none.
    """

    words: tuple[Word, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The words, with blanks between them."""
        return " ".join(word.text for word in self.words)


class Tesseract:
    """The installed program. ``models`` are the names of its language models (``dan``, ``osd``)."""

    def __init__(self, program: Path) -> None:
        self._program = program
        output = self._run(["--list-langs"], b"", _LIST_SECONDS)
        # The first line is a title.
        self.models = frozenset(line.strip() for line in output.splitlines()[1:])

    @classmethod
    def find(cls) -> Tesseract | None:
        """The program on the ``PATH``; ``None`` where there is none. Raises
        :class:`TesseractError` for one that does not work."""
        program = _on_path("tesseract")
        return None if program is None else cls(program)

    def read(self, image: bytes, models: Sequence[str]) -> RecognizedPage:
        """The words of an image file (PNM, PNG, JPEG or TIFF) with these language models.

        Raises :class:`TesseractError`.
        """
        # 1 and 3 both find the columns of a page; 1 also detects which way up it is.
        segmentation = "1" if ORIENTATION in self.models else "3"
        arguments = ["-", "-", "-l", "+".join(models), "--psm", segmentation, "--dpi", str(_DPI)]
        table = self._run([*arguments, "-c", "tessedit_create_tsv=1"], image, PAGE_SECONDS)
        return _page(table)

    def _run(self, arguments: Sequence[str], data: bytes, seconds: float) -> str:
        environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
        try:
            done = subprocess.run(  # noqa: S603  (an absolute path, no shell)
                [str(self._program), *arguments],
                input=data,
                capture_output=True,
                timeout=seconds,
                env={**environment, "OMP_THREAD_LIMIT": "1"},
                cwd=self._program.anchor,  # it looks for settings in its current folder
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            message = f"tesseract took longer than {seconds:g} seconds"
            raise TesseractError(message, timed_out=True) from error
        except OSError as error:
            message = f"tesseract cannot be started ({error.strerror or error})"
            raise TesseractError(message) from error
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "")
            raise TesseractError(f"tesseract failed ({last[:160] or done.returncode})")
        return done.stdout.decode("utf-8", "replace")


def _on_path(name: str) -> Path | None:
    """A program in a folder of the ``PATH`` that is given in full, so never in the current one."""
    for folder in os.get_exec_path():
        if Path(folder).is_absolute():
            program = shutil.which(name, path=folder)
            # On Windows the current folder is searched as well.
            if program is not None and Path(program).parent == Path(folder):
                return Path(program)
    return None


def _page(table: str) -> RecognizedPage:
    """The words of tesseract's table, which has one line per word."""
    lines = (line.split("\t") for line in table.splitlines()[1:])
    rows = [row for row in lines if len(row) == 12 and row[0] == "5" and row[11].strip()]
    words = []
    paragraphs: dict[tuple[str, ...], int] = {}
    for row in rows:
        left, top, width, height = map(int, row[6:10])
        text = row[11].strip()
        doubtful = float(row[10]) < MIN_NUMBER_CONFIDENCE and any(map(str.isdigit, text))
        paragraph = paragraphs.setdefault(tuple(row[1:4]), len(paragraphs))
        words.append(
            Word(
                "[…]" if doubtful else text,
                left, top, left + width, top + height,
                paragraph, int(row[4]),
            )
        )  # fmt: skip
    confidence = sum(float(row[10]) for row in rows) / max(1, len(rows))
    return RecognizedPage(tuple(words), confidence)
