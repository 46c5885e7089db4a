"""What is true whoever asks. No clock, no I/O, no framework."""
