"""Which models can be tuned, and what of their layout a tuned adapter has to follow.

llama.cpp keeps the rows of some models' query and key matrices in another order than the training
libraries do: the two halves of each head's rotary dimensions are interleaved. An adapter has to be
put into the same order, and forgetting it gives no error but a model that writes nonsense.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kilde.errors import ModelError
from kilde.generation.gguf_header import read_header


@dataclass(frozen=True, slots=True)
class Architecture:
    """A family of models.

    ``name`` is the ``general.architecture`` of its GGUF files, ``model_type`` what transformers
    calls it, ``permuted`` whether llama.cpp reorders the rows of the query and key matrices, and
    ``chat`` the entry of ``chat_templates.toml`` for a model that brings no chat template along.
    """

    name: str
    model_type: str
    permuted: bool
    chat: Literal["chatml", "gemma"]


ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture("llama", "llama", permuted=True, chat="chatml"),
        Architecture("qwen2", "qwen2", permuted=False, chat="chatml"),
        Architecture("qwen3", "qwen3", permuted=False, chat="chatml"),
        Architecture("gemma3", "gemma3_text", permuted=False, chat="gemma"),
    )
}


def architecture_of(path: Path) -> Architecture:
    """The architecture of a GGUF model.

    Raises :class:`ModelError` for a file that is no GGUF model, or one of an architecture that
    Kilde does not tune.
    """
    header = read_header(path)
    if header.metadata.get("general.type") == "adapter":
        raise ModelError(
            f"{path} is an adapter, not a model.",
            hint="Name the model that the adapter was trained on.",
        )
    name = header.text("general.architecture")
    if name not in ARCHITECTURES:
        raise ModelError(
            f"The model {path} is of the architecture {name!r}, which Kilde does not tune.",
            hint=f"Take a model of one of these: {', '.join(ARCHITECTURES)}.",
        )
    return ARCHITECTURES[name]


def check_positions(path: Path, *, hint: str) -> None:
    """Raise :class:`ModelError` if a GGUF model's position scaling gets lost on the way to torch.

    transformers reads no ``rope.scaling`` and no ``rope_freqs`` from a GGUF file, and would load
    such a model (Llama 3.1 and later) with other positions than llama.cpp, without an error.
    """
    header = read_header(path)
    kind = header.text(f"{header.text('general.architecture')}.rope.scaling.type")
    if kind in ("", "none") and "rope_freqs.weight" not in header.shapes:
        return
    raise ModelError(
        f"{path} scales its positions ({kind or 'rope_freqs'}), which is lost when it is "
        "loaded for training or merging.",
        hint=hint,
    )
