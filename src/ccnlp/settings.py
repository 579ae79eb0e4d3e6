"""Kedro's settings: hooks, configuration loader and the values it takes from the environment."""
