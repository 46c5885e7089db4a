"""What the product does: one use case a file, and the ports through which it reaches the world."""
