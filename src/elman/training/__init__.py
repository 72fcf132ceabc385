"""Training: the loop, its optimizer, schedule and history. Knows networks and numbers, no file and no kind of model."""
