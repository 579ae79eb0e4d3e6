"""What a round trip must keep; each filter is one module here."""
