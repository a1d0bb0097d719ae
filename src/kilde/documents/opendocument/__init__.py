"""OpenDocument texts (.odt), read from their XML so that the text is what LibreOffice shows."""
