"""The parts of a seq2seq model: how it is prepared, decoded, judged, and how files are filled in."""
