"""The mathematics: cells, unrolling, stacks, softmax. Knows tensors and sizes; knows no file and no string of text."""
