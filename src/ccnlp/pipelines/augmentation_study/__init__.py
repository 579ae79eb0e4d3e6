"""The study of augmentation."""
