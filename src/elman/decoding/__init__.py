"""Decoding: from distributions to text. Knows `step(state, ids)` and numbers (numpy), no network and no vocabulary."""
