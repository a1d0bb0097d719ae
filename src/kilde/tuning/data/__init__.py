"""Rows to learn from: read, made, kept and split."""
