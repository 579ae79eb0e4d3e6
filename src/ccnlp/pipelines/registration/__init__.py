"""The registration pipeline."""
