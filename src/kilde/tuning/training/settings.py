"""How a model is tuned: the few numbers that matter. All defaults but DPO's were measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from kilde.errors import ConfigError, TuningError
from kilde.tuning.data.rows import Method

# Preferences are learnt in small steps: large ones make a model forget how to write.
_LEARNING_RATES: dict[Method, float] = {"sft": 1e-3, "kto": 3e-5, "dpo": 3e-5}
# So many rows are seen in all, each so often at least and at most. Rows to imitate: a dozen minutes
# with the example's. Judged ones: of 200 thumbs a style is learnt when each was seen once; what
# follows costs facts.
_SEEN: dict[Method, tuple[float, float, float]] = {
    "sft": (1600, 2, 6),
    "kto": (200, 1, 3),
    "dpo": (200, 1, 3),
}


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """The settings of one training.

    ``epochs`` is the number of times that every row is seen, at most: training stops early when the
    held-out rows get no better. None sees 1,600 rows in all, each 2 to 6 times; of rows that are
    judged (``kto``, ``dpo``) 200, each 1 to 3 times. ``batch`` is the number of rows per step, on
    all GPUs together; ``at_once`` of them are computed together (0: as their length allows), which
    costs memory. It changes nothing else for ``sft`` and ``dpo``. With ``kto`` an answer is
    measured against those that are computed with it, so there are at least two, and more of them
    measure better. ``rank`` is the rank of the LoRA, whose scale is ``alpha / rank``.
    ``learning_rate`` 0 is the default of the method. ``max_steps`` 0 means no limit.
    ``document_tokens`` bounds the documents in a prompt where rows are trained with context;
    ``declining`` is the share (0..1) of such rows that decline: where fewer do, the right passage
    is taken away from others. ``bfloat16`` computes in it where the machine does: twice as fast,
    and exact enough.
    """

    method: Method = "sft"
    epochs: float | None = None
    learning_rate: float = 0.0
    batch: int = 4
    at_once: int = 0
    rank: int = 16
    alpha: int = 32
    seed: int = 0
    max_steps: int = 0
    patience: int = 3
    beta: float = 0.1
    with_context: bool = False
    document_tokens: int = 400
    declining: float = 0.25
    bfloat16: bool = True

    def __post_init__(self) -> None:
        """Raises :class:`ConfigError` with all numbers that are out of their range."""
        whole = ("batch", "rank", "alpha", "patience")
        faults = [f"{name} must be at least 1" for name in whole if getattr(self, name) < 1]
        if self.epochs is not None and not self.epochs > 0:
            faults.append("epochs must be above 0")
        if self.at_once < 0 or (self.at_once and self.batch % self.at_once):
            faults.append(f"at_once must be 0, or divide batch ({self.batch})")
        if not 0 <= self.declining < 1:
            faults.append("declining must be at least 0 and below 1")
        if self.method == "kto" and 1 in (self.batch, self.at_once):
            faults.append(
                "batch and at_once must be at least 2 for thumbs (kto): an answer is measured "
                "against others that are computed with it"
            )
        if faults:
            raise ConfigError(faults, hint="Give other numbers, or leave them out.")

    @property
    def rate(self) -> float:
        """The learning rate at its highest."""
        return self.learning_rate or _LEARNING_RATES[self.method]

    def settled(self, rows: int) -> TuneSettings:
        """The same, with the numbers for ``rows`` rows that were left open."""
        seen, least, most = _SEEN[self.method]
        epochs = self.epochs or round(min(max(seen / max(1, rows), least), most), 2)
        return replace(self, learning_rate=self.rate, epochs=epochs)

    @property
    def least_at_once(self) -> int:
        """As many rows are computed together at least."""
        return self.at_once or (2 if self.method == "kto" else 1)

    def to_json(self) -> dict[str, Any]:
        """All settings by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TuneSettings:
        """The settings of JSON data as :meth:`to_json` makes it.

        Raises :class:`TuningError` for what another version of Kilde wrote.
        """
        if data.keys() != {field.name for field in fields(cls)}:
            raise _other_version()
        try:
            return cls(**data)
        except (ConfigError, TypeError) as error:
            raise _other_version() from error


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What the training process is told, beside its rows: ``plan.json`` of a run's folder.

    ``base`` is the GGUF file that is tuned, and ``pad`` a token that fills up short rows. ``start``
    is the folder of an adapter (as PEFT writes it) that training goes on from; preferences are
    learnt against it. ``left_out`` rows of the dataset are not among the rows, for no document of
    the agent answers them. ``base_sha256`` and ``agent_sha256`` (hex) are those of the base's file
    and of what shapes the agent's prompts, when the rows became tokens.
    """

    base: Path
    pad: int
    settings: TuneSettings
    start: Path | None = None
    left_out: int = 0
    base_sha256: str = ""
    agent_sha256: str = ""

    @classmethod
    def read(cls, folder: Path) -> TrainingPlan:
        """The plan of a run's folder. Raises as :meth:`from_json`, and ``OSError``."""
        return cls.from_json(json.loads((folder / "plan.json").read_text(encoding="utf-8")))

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON data."""
        return {
            "base": str(self.base),
            "pad": self.pad,
            "settings": self.settings.to_json(),
            "start": str(self.start) if self.start else None,
            "left_out": self.left_out,
            "base_sha256": self.base_sha256,
            "agent_sha256": self.agent_sha256,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrainingPlan:
        """The plan of JSON data as :meth:`to_json` makes it.

        Raises :class:`TuningError` for what another version of Kilde wrote.
        """
        if data.keys() != {field.name for field in fields(cls)}:
            raise _other_version()
        given = dict(data)
        given["base"] = Path(data["base"])
        given["start"] = Path(data["start"]) if data["start"] else None
        given["settings"] = TuneSettings.from_json(data["settings"])
        return cls(**given)


def _other_version() -> TuningError:
    return TuningError(
        "This run was prepared by another version of Kilde.", hint="Train anew: kilde tune AGENT"
    )
