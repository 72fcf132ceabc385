"""The engines that run a trained network, with numpy arrays at their doors."""
