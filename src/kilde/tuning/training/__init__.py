"""Training: rows become tokens, and a process learns them."""
