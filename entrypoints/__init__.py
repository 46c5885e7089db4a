"""Where the outside comes in: HTTP, queue consumers, the command line."""
