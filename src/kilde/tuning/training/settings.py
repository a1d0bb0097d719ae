"""How a model is tuned: the few numbers that matter, with defaults that were measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kilde.tuning.data.rows import Method

# Preferences are learnt in small steps: large ones make a model forget how to write.
_LEARNING_RATES: dict[Method, float] = {"sft": 1e-3, "kto": 2e-4, "dpo": 1e-4}


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """The settings of one training.

    ``epochs`` is the number of times that every row is seen, at most; training stops early when
    the held-out rows get no better. ``batch`` is the number of rows per step; ``at_once`` of them
    are computed together, which costs memory and changes nothing else (0: as their length allows).
    ``rank`` is the rank of the LoRA, whose scale is
    ``alpha / rank``. ``learning_rate`` 0 is the default of the method. ``max_steps`` 0 means no
    limit. ``document_tokens`` bounds the documents in a prompt where rows are trained with context;
    ``declining`` is the share (0..1) of such rows from which the right passage is taken away.
    ``bfloat16`` computes in it where the machine does: twice as fast, and exact enough.
    """

    method: Method = "sft"
    epochs: float = 3.0
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
        """Raises ``ValueError`` for a number out of its range."""
        for name, least in (
            ("epochs", 0),
            ("batch", 1),
            ("rank", 1),
            ("alpha", 1),
            ("patience", 1),
        ):
            if getattr(self, name) < least or (least == 0 and getattr(self, name) <= 0):
                raise ValueError(f"{name} must be {'above 0' if least == 0 else 'at least 1'}")
        if self.at_once < 0 or (self.at_once and self.batch % self.at_once):
            raise ValueError("at_once must be 0, or divide batch")
        if not 0 <= self.declining < 1:
            raise ValueError("declining must be at least 0 and below 1")

    @property
    def rate(self) -> float:
        """The learning rate at its highest."""
        return self.learning_rate or _LEARNING_RATES[self.method]

    def to_json(self) -> dict[str, Any]:
        """All settings by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What the training process is told, beside its rows: ``plan.json`` of a run's folder.

    ``base`` is the GGUF file that is tuned, and ``pad`` a token that fills up short rows. ``start``
    is the folder of an adapter (as PEFT writes it) that training goes on from; preferences are
    learnt against it. ``left_out`` rows of the dataset are not among the rows, for no document of
    the agent answers them.
    """

    base: Path
    pad: int
    settings: TuneSettings
    start: Path | None = None
    left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON data."""
        return {
            "base": str(self.base),
            "pad": self.pad,
            "settings": self.settings.to_json(),
            "start": str(self.start) if self.start else None,
            "left_out": self.left_out,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainingPlan:
        """The plan of JSON data as :meth:`to_json` makes it."""
        start = Path(data["start"]) if data["start"] else None
        settings = TuneSettings(**data["settings"])
        return cls(Path(data["base"]), data["pad"], settings, start, data["left_out"])
