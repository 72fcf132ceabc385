"""From a trained model to a folder that runs without torch: what to write for each kind, and whether it holds."""
