"""The behaviour pipeline."""
