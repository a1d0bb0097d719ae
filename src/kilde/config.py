"""The settings of a workspace: ``kilde.toml``, a file for people.

Every setting has a default, so that an empty file is a working one. Secrets are never settings: a
key stands in an environment variable, and its name stands here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kilde.toml import read_toml
from kilde.types import collection_name

CONFIG_FILE = "kilde.toml"


CollectionName = Annotated[str, AfterValidator(collection_name)]


class Strict(BaseModel):
    """Settings in which an unknown key is a fault, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GeneratorConfig(Strict):
    """``[models.NAME]``: a generator under a name of your own, for ``model = "NAME"``.

    ``input_price`` and ``output_price`` are for a million tokens read and written, in the currency
    of ``[costs]``; comparisons reckon with them where they are given.
    """

    backend: Literal["llama_cpp", "openai"]
    model: str = Field(min_length=1)
    base_url: str = ""
    api_key_env: str = Field(default="", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    context: int = Field(default=4096, ge=256)
    threads: int = Field(default=0, ge=0)
    input_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    output_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _endpoint(self) -> GeneratorConfig:
        if self.backend == "openai" and not self.base_url.startswith(("http://", "https://")):
            raise ValueError('base_url must be an http address such as "http://127.0.0.1:8080/v1"')
        if "@" in self.base_url:
            raise ValueError("base_url must not hold a name or password; api_key_env names a key")
        return self


class CostsConfig(Strict):
    """``[costs]``: what an hour of computing costs (energy, rent), in ``currency``."""

    currency: str = Field(default="EUR", min_length=1, max_length=8)
    hour: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class WorkspaceConfig(Strict):
    """``kilde.toml``.

    ``model`` answers where an agent names none: ``"quotes"`` (no model), a name under
    ``[models]``, a model of the catalogue, or the path of a ``.gguf`` file. ``summaries`` are made
    from a document's own sentences, or by that model. ``passage_tokens`` bounds a passage.
    ``keep_days`` is how long untagged past states stay searchable. ``ocr`` is whether scanned
    pages are read: ``"auto"`` where tesseract is installed. ``records`` keeps answers with their
    sources, for feedback and review.
    """

    name: str = ""
    embedder: str = Field(default="minilm-l6-int8", min_length=1)
    passage_tokens: int = Field(default=200, ge=32, le=2000)
    model: str = Field(default="quotes", min_length=1)
    summaries: Literal["extractive", "model"] = "extractive"
    keep_days: int = Field(default=30, ge=1)
    allow_private_urls: bool = False
    ocr: Literal["auto", "off"] = "auto"
    records: bool = True
    models: dict[str, GeneratorConfig] = Field(default_factory=dict)
    costs: CostsConfig = Field(default_factory=CostsConfig)


def load_config(folder: Path) -> WorkspaceConfig:
    """The settings of the workspace in a folder. Raises :class:`ConfigError` with all faults."""
    return read_toml(folder / CONFIG_FILE, WorkspaceConfig)


def new_config(name: str) -> str:
    """The text of a new ``kilde.toml``."""
    shown = json.dumps(name, ensure_ascii=False)  # TOML writes such a text in the same way
    return f"""# Settings of this workspace. All of them are described in docs/settings.md.
name = {shown}

# Who answers: "quotes" repeats the best sentences of your documents and needs no model.
model = "quotes"

# Which model finds passages by their meaning. After a change: kilde reindex
embedder = "minilm-l6-int8"
"""
