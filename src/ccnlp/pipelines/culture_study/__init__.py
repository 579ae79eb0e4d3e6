"""The study of culture."""
