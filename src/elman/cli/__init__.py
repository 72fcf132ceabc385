"""The command line: a thin skin over the models. Knows options and the terminal; computes nothing."""
