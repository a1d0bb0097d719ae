"""PDF: pages of placed words and lines turned into running text with headings, lists and tables."""
