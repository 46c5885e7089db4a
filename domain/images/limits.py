"""Ceilings that bind every picture, whoever asks."""

MAX_SIDE_PX = 16_384
"""Longest side of a result, and of an accepted upload unless the policy is stricter."""
