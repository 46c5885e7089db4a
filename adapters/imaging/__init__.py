"""Pictures: their headers read in plain Python, their pixels drawn by sandboxed renderers."""
