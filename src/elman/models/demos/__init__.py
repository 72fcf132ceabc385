"""The demos: one file a kind of model, on text that every Python has."""
