"""The command line: words for people in, words for people (or JSON for programs) out.

Each file holds one family of commands and imports what is heavy inside its functions, so that
``kilde --help`` costs no more than reading these files.
"""
