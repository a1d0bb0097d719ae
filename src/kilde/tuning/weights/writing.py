"""Files and folders that appear whole or not at all, and a full disk said in words."""

from __future__ import annotations

import errno
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kilde.errors import ModelError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# numpy and safetensors say a full disk in words only.
_NO_ROOM_WORDS = re.compile(r"\d+ requested and \d+ written|os error (28|122|27)\b")


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A path to write a file or a folder at, which becomes ``target`` when all went well.

    It lies beside the target, so that it takes its place in one step; a file, or an empty folder,
    that is there gives way to it. Raises :class:`ModelError` where the disk is full or may not be
    written, and then leaves nothing behind.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".kilde-") as beside:
            part = Path(beside) / target.name
            yield part
            if part.is_dir() and target.is_dir():
                target.rmdir()
            part.replace(target)
    except OSError as error:
        raise Unwritable(target, error) from error
    except Unwritable as error:  # of a part, which is not what the caller asked for
        raise Unwritable(target, error.reason) from error


class Unwritable(ModelError):
    """``target`` could not be written. ``reason`` is the error behind it."""

    def __init__(self, target: Path, reason: Exception) -> None:
        self.reason = reason
        number = getattr(reason, "errno", None)
        if number in _NO_ROOM or _NO_ROOM_WORDS.search(str(reason)):
            super().__init__(
                f"{target} cannot be written: the disk is full.",
                hint="Make room, or choose a place on another disk. Nothing was left behind.",
            )
        else:
            super().__init__(
                f"{target} cannot be written: {getattr(reason, 'strerror', None) or reason}.",
                hint="Choose another place, or check that your user may write there.",
            )
