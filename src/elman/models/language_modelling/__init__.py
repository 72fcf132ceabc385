"""What language models alone need beside the class that a user holds: preparing, sizing, judging, writing."""
