"""Calls to customers' URLs, tried in a network of their own where every address is a canary."""
