"""Every sentence of an answer is a claim, and every claim is held against the documents."""

from kilde.grounding.check import Grounded, ground
from kilde.grounding.claims import claim_spans

__all__ = ["Grounded", "claim_spans", "ground"]
