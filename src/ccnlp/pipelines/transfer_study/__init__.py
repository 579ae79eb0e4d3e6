"""The study of transfer."""
