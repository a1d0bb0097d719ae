"""The parts of ``python -m benchmarks tune``, one file each."""
