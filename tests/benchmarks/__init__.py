"""Measurements of speed and memory beside plain ways of doing the same; see `__main__.py`."""
