"""One module a format: what its first bytes declare, read with a bounded number of reads."""
