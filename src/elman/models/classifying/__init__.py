"""What classifiers alone need beside the class that a user holds: labels, reading, preparing, judging, predicting."""
