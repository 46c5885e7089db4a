"""The API told to machines: OpenAPI 3.1, made of what handlers read and answer by."""
