"""Tensors on their way into a GGUF file, one at a time, and not without noticing a full disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from kilde.errors import MissingExtra

try:
    import numpy as np
    import numpy.typing as npt
except ImportError as error:
    raise MissingExtra("tune", "Writing models") from error


def write_file(writer: Any, tensors: Iterable[npt.NDArray[np.generic]]) -> None:
    """Write all of a ``gguf.GGUFWriter``'s file, and close it.

    ``tensors`` are the data of those that were announced with ``add_tensor_info``, in that order;
    each is asked for when the one before has been written. The writer's own methods go through
    ``numpy.ndarray.tofile``, which loses the last bytes on a full disk without a word.
    """
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        (stream,) = writer.fout
        writer.write_padding(stream, stream.tell())
        for tensor in tensors:
            stream.write(np.ascontiguousarray(tensor).data.cast("B"))
            writer.write_padding(stream, tensor.nbytes)
        stream.flush()
        os.fsync(stream.fileno())  # a rename must not reach the disk before what is renamed
    finally:
        writer.close()
