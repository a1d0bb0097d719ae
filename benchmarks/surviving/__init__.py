"""The parts of ``python -m benchmarks survive``, one file each."""
