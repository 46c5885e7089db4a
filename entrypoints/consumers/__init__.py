"""Processes that hear messages, and the one that carries them from the outbox."""
