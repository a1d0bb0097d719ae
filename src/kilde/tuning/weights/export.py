"""A tuned adapter for other programs: vLLM, transformers, llama.cpp and Ollama.

Everything is made in a folder beside the target, which becomes the target when it is complete.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from kilde.errors import ModelError
from kilde.generation.gguf_header import read_header
from kilde.tuning.weights.architectures import architecture_of
from kilde.tuning.weights.chat_templates import chat_templates, recognise
from kilde.tuning.weights.peft_adapter import CONFIG, WEIGHTS, read_adapter
from kilde.tuning.weights.writing import appearing

Format = Literal["peft", "safetensors", "gguf-f16", "gguf-q8_0", "ollama"]
FORMATS: tuple[Format, ...] = get_args(Format)

_NAME = re.compile(r"\w[\w.-]{0,63}")


def export(
    adapter_folder: Path, base: Path, target: Path, *, format: Format, name: str
) -> tuple[Path, ...]:
    """Write a tuned adapter into the folder ``target``; the paths of the files, sorted.

    ``adapter_folder`` holds the adapter as PEFT writes it, ``base`` is the GGUF model that it was
    trained on, and ``name`` what the tuned model is to be called. The formats:

    - ``peft``: the adapter, as vLLM loads it beside the base (``--lora-modules``)
    - ``safetensors``: the whole model, for transformers and vLLM
    - ``gguf-f16`` and ``gguf-q8_0``: the whole model in one file, for llama.cpp
    - ``ollama``: the same as Q8_0, with a ``Modelfile`` for ``ollama create``

    Raises :class:`ModelError` if the target holds something already, if the adapter does not fit
    the base, if the format cannot express it, and if the disk is full; nothing is left behind then.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot be the name of a model.",
            hint="Use letters, digits, dots, hyphens and underscores; 64 at most.",
        )
    _refuse_used(target)
    write = _WRITERS[format]
    with appearing(target) as part:
        write(adapter_folder, base, part, name)
        files = sorted(path.relative_to(part) for path in part.rglob("*") if path.is_file())
    return tuple(target / file for file in files)


def _refuse_used(target: Path) -> None:
    try:
        used = target.exists() and (not target.is_dir() or any(target.iterdir()))
    except OSError as error:
        raise ModelError(
            f"{target} cannot be looked into: {error.strerror}.", hint="Choose another folder."
        ) from error
    if used:
        raise ModelError(
            f"{target} exists already and is not an empty folder.",
            hint="Choose another folder, or move what is there out of the way.",
        )


def _peft(adapter_folder: Path, base: Path, folder: Path, _: str) -> None:
    read_adapter(adapter_folder, base)  # what does not fit is not exported
    folder.mkdir()
    config = json.loads((adapter_folder / CONFIG).read_text("utf-8"))
    config |= {"base_model_name_or_path": _base_name(base), "inference_mode": True}
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    (folder / WEIGHTS).write_bytes((adapter_folder / WEIGHTS).read_bytes())


def _base_name(base: Path) -> str:
    """The base as others may know it; a path of this computer would mean nothing to them."""
    header = read_header(base)
    for key in ("general.source.repo_url", "general.repo_url", "general.source.url"):
        if hub := re.fullmatch(r"https://huggingface\.co/([^/]+/[^/]+)/?", header.text(key)):
            return hub.group(1)
    return base.stem


def _safetensors(adapter_folder: Path, base: Path, folder: Path, _: str) -> None:
    from kilde.tuning.weights.merge import (
        merge,  # torch takes seconds to load, and only this needs it
    )

    merge(base, adapter_folder, folder)


def _gguf(
    adapter_folder: Path, base: Path, folder: Path, name: str, *, precision: Literal["f16", "q8_0"]
) -> None:
    from kilde.tuning.weights.merged_gguf import merged_gguf

    merged_gguf(base, adapter_folder, folder / f"{name}.gguf", precision=precision, name=name)


def _ollama(adapter_folder: Path, base: Path, folder: Path, name: str) -> None:
    modelfile = _modelfile(base, name)
    _gguf(adapter_folder, base, folder, name, precision="q8_0")
    (folder / "Modelfile").write_text(modelfile, "utf-8")


def _modelfile(base: Path, name: str) -> str:
    jinja = read_header(base).text("tokenizer.chat_template")
    template = recognise(jinja) if jinja else chat_templates()[architecture_of(base).chat]
    if template is None:
        raise ModelError(
            f"{base} marks turns in a way that Kilde cannot write down for Ollama.",
            hint="Export as gguf-q8_0, and write a Modelfile with the model's own TEMPLATE.",
        )
    return (
        f"FROM ./{name}.gguf\n"
        f'TEMPLATE """{template.go(jinja)}"""\n'
        f'PARAMETER stop "{template.stop}"\n'
        "PARAMETER temperature 0\n"
    )


_WRITERS: dict[Format, Callable[[Path, Path, Path, str], None]] = {
    "peft": _peft,
    "safetensors": _safetensors,
    "gguf-f16": partial(_gguf, precision="f16"),
    "gguf-q8_0": partial(_gguf, precision="q8_0"),
    "ollama": _ollama,
}
