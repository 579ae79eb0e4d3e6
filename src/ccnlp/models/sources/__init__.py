"""Where an encoder comes from; each source is one module here."""
