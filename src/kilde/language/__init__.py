"""What Kilde knows about languages: telling them apart, sentences, and words in search form."""
