"""The example: a health centre's documents in Danish and in English, its agents, and a script.

The documents, ``facts.toml`` and ``questions.toml`` also serve tests; :mod:`kilde.demo.run` plays
the script.
"""
