"""The REST API: read, structure, call, represent."""
