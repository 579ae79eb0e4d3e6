"""What is known of a culture beside its key: where it lies, its groups, and users' own columns."""
