"""Evaluation: how good an answer is, and why."""
