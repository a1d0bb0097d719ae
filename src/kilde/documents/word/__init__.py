"""Word files (.docx), read from their XML so that the text is what Word shows.

``blocks`` and ``arrange`` also serve the other formats of word processors.
"""
