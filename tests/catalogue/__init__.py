"""The catalogue of bad inputs beyond the picture, rows 55 to 72: texts, tokens, framing, limits."""
