"""Requests drawn from the API's own document, sent to a platform that runs."""
