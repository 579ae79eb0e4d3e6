"""The datasets that kedro-datasets lacks."""
