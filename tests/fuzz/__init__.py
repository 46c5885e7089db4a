"""Damaged pictures by the thousand, through the real renderers: `make fuzz`."""
