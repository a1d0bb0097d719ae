"""Workbooks: each file format becomes the same sheets of cells as a person sees them."""
