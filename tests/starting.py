"""New interpreters, as a user starts them."""

import os

COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An environment in which modules are compiled once, as those of an installed package are, not at every start."""
