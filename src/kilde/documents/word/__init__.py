"""Word files (.docx), read from their XML so that the text is what Word shows."""
