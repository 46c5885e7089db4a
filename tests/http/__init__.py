"""The HTTP edge: what each request and each refusal looks like from outside."""
