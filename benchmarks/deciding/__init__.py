"""The parts of ``python -m benchmarks decide``, one file each."""
