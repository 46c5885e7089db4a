"""
How adapters are built from settings; nothing else here imports adapters.

A file for each folder of adapters. Factories import what they build, so that a process loads what
it uses and nothing else: the API never loads libvips or Apprise.
"""

from entrypoints.factories import (
    identity,
    imaging,
    messaging,
    notification,
    persistence,
    policies,
    scanning,
    security,
    storage,
    system,
    telemetry,
)

__all__ = [
    "identity",
    "imaging",
    "messaging",
    "notification",
    "persistence",
    "policies",
    "scanning",
    "security",
    "storage",
    "system",
    "telemetry",
]
