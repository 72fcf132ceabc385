"""What taggers alone need beside the class that a user holds: preparing, judging, decoding, predicting."""
