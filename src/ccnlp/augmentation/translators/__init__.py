"""The translation engines; each is one module here."""
