"""Tuning: rows to learn from, training on them, and the adapters that come of it."""
