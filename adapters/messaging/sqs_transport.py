# mypy: disable-error-code="no-untyped-call"
"""
Amazon SQS by Kombu's transport, with what that lacks.

Kombu's own waits for messages in the thread that has to beat, acknowledges in the queue that it
takes a routing key for, gives back a message after its poll time, leaves a rejected one where it
is, and knows neither batches nor renewals. Here, a thread of each queue polls; a message in hand
is unseen for a lease, which `extend` renews; what is rejected goes to the queue of dead letters.

The queues exist already, with a redrive policy from each to its queue of dead letters: this
program creates none and asks for no right to. See `options`.
"""

import select
import socket
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import batched  # type: ignore[attr-defined]
from queue import Empty
from typing import Any

