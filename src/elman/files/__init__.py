"""Files that hold models: read under limits, written whole or not at all. Knows bytes and names, no model."""
