"""What is true whoever asks: images, tasks, users, notifications. No clock, no I/O, no framework."""
