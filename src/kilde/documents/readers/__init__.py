"""One module per family of formats, each with one function:

    read(data: bytes, name: str, mime: str) -> list[Content]

``name`` names the source in errors. A reader raises :class:`kilde.errors.LoadError` for whatever
it cannot read, never an error of the library it stands on. ``formats.toml`` says which module
reads what; ``kilde.documents.load`` calls them.
"""
