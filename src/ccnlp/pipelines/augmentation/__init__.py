"""The augmentation pipeline."""
