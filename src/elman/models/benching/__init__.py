"""What a machine makes of a model: tokens a second by engine, number format, batch and threads."""
