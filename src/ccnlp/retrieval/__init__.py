"""An index of passages that is asked in any language."""
