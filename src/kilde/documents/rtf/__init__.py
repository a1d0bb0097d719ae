"""Rich Text Format (.rtf), read so that the text is what Word shows."""
