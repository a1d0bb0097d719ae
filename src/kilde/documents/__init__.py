"""From what an organisation has (files, pages, tables) to texts with exact offsets.

``sources`` says what there is to read, ``load`` reads one thing of it, ``split`` cuts a document
into passages. Whatever cannot be read is a :class:`kilde.errors.LoadError` or a
:class:`kilde.types.Failure` that names the source; the others are read all the same.
"""
