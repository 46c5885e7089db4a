"""The one client for what is not ours: customers' URLs, identity providers."""
