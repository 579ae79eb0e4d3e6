"""The tokenisation pipeline."""
