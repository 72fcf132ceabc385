"""The models that a user holds, and the engines that run them."""
