"""Settings of the whole suite: how long a drawn example takes depends on the machine, and is no fault."""

from hypothesis import settings

settings.register_profile("elman", deadline=None)
settings.load_profile("elman")
