"""What the use cases need from the world, one capability a file, its values and errors with it."""
