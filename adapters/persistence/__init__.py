"""Everything that is remembered: repositories written once in portable SQL, a file per dialect."""
