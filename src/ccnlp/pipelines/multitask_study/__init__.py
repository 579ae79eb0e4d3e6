"""The study of several tasks."""
