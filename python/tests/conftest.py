from __future__ import annotations

from hypothesis import settings

settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.register_profile("quick", max_examples=60, deadline=None)
settings.load_profile("quick")
