"""Metrics: sums that become scores. Each knows numbers only, no model and no file."""
