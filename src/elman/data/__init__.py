"""From files to batches: readers, corpora of ids, batches of lines and segments of running text. Knows no network."""
