"""A simulated incident served as the real services would: over HTTP, and by a Postgres of its own."""
