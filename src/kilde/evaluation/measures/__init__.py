"""Measures: each takes a question, what an arm said to it, and the setting, and gives a score."""
