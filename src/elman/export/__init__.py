"""Trained weights as ONNX graphs that run without torch, put together by hand. Knows arrays and configs, no engine."""
