"""Text ↔ ids: tokenizers and vocabularies. Each knows strings and numpy arrays, no file and no network."""
