"""``python -m kilde`` is ``kilde``."""

from kilde.cli.main import main

main()
