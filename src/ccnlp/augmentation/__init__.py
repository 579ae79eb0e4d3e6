"""More training rows by back-translation, each suspect until its filters let it pass."""
