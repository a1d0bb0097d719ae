"""Measurements of Kilde that anybody can repeat: ``python -m benchmarks --help``."""
