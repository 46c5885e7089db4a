"""
The composition root: which adapter stands behind which port, and what each process is made of.

`adapters.py` has the ports; for each folder of `application/` there is a room of its use cases;
`platform.py` joins them. Everything is built once a process, on first use.
"""

from entrypoints.container.adapters import Adapters
from entrypoints.container.platform import Platform, UseCases

__all__ = ["Adapters", "Platform", "UseCases"]
