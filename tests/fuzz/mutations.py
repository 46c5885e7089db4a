"""Ways to damage a picture, each as likely as it is to find something."""

import random
from collections.abc import Callable
from typing import Final

from tests.fuzz.anatomy import Field, anatomy, mended

MAX_BYTES: Final = 512 * 1024
"""Beyond it damage is cut off: thousands of files are to take minutes."""

_EDGES: Final = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 127, 128, 255)


def damaged(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return *data* damaged in one to four ways; *other* is what a splice is made with."""
    for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3, 4))):
        (way,) = chance.choices(_WAYS, _WEIGHTS)
        data = way(data, other, chance)[:MAX_BYTES]
    return mended(data) if chance.random() < 0.7 else data


def _flip_bits(data: bytes, other: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwrite(data: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    length = end - start
    run = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
    return data[:start] + run + data[end:]


def _remove(data: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def _repeat(data: bytes, other: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 1, 3, 30)) + data[end:]


def _cut(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _extend(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data + chance.choice((bytes(5000), chance.randbytes(500), other, data))


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _transplant(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Put a part of one picture into another."""
    theirs, ours = anatomy(other).parts, anatomy(data).parts
    if not (theirs and ours):
        return _splice(data, other, chance)
    start, end = chance.choice(theirs)
    at, behind = chance.choice(ours)
    return data[:at] + other[start:end] + data[chance.choice((at, behind)) :]


def _change_number(data: bytes, other: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    fields = anatomy(data).fields
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if fields:
            _set(changed, chance.choice(fields), chance)
    return bytes(changed)


def _change_any_number(data: bytes, other: bytes, chance: random.Random) -> bytes:
    if len(data) < 8:
        return data
    changed = bytearray(data)
    reach = len(data) if chance.random() < 0.5 else min(len(data), 300)
    width = chance.choice((1, 2, 4))
    offset = chance.randrange(reach - width + 1) if reach > width else 0
    _set(changed, Field(offset, width, chance.choice("<>")), chance)
    return bytes(changed)


def _set(changed: bytearray, field: Field, chance: random.Random) -> None:
    start, end = field.offset, field.offset + field.width
    order = "little" if field.order == "<" else "big"
    before, most = int.from_bytes(changed[start:end], order), (1 << 8 * field.width) - 1
    value = chance.choice(
        (
            chance.choice(_EDGES),
            most,
            most >> 1,
            (most >> 1) + 1,
            most - chance.choice(_EDGES),
            before + chance.choice((-2, -1, 1, 2, 100)),
            before * chance.choice((2, 3, 10)),
            before // 2,
            before ^ 1 << chance.randrange(8 * field.width),
            chance.randrange(most + 1),
            chance.randrange(300),
        )
    )
    changed[start:end] = (value & most).to_bytes(field.width, order)


def _drop_part(data: bytes, other: bytes, chance: random.Random) -> bytes:
    parts = anatomy(data).parts
    if not parts:
        return _remove(data, other, chance)
    start, end = chance.choice(parts)
    return data[:start] + data[end:]


def _repeat_part(data: bytes, other: bytes, chance: random.Random) -> bytes:
    parts = anatomy(data).parts
    if not parts:
        return _repeat(data, other, chance)
    start, end = chance.choice(parts)
    return data[:end] + data[start:end] * chance.choice((1, 1, 2, 40)) + data[end:]


def _swap_parts(data: bytes, other: bytes, chance: random.Random) -> bytes:
    parts = anatomy(data).parts
    if len(parts) < 2:
        return data
    (first, first_end), (second, second_end) = sorted(chance.sample(parts, 2))
    if first_end > second:  # one lies in the other
        return data[:first] + data[second:second_end] + data[first_end:]
    return (
        data[:first]
        + data[second:second_end]
        + data[first_end:second]
        + data[first:first_end]
        + data[second_end:]
    )


def _damage_part(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Damage the inside of one part, whose length then fits no longer, or does."""
    parts = anatomy(data).parts
    if not parts:
        return _flip_bits(data, other, chance)
    start, end = chance.choice(parts)
    way = chance.choice((_flip_bits, _overwrite, _remove, _repeat))
    return data[:start] + way(data[start:end], other, chance) + data[end:]


def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 2, 4, 16, 64, 256)))


_Way = Callable[[bytes, bytes, random.Random], bytes]
_WEIGHTED: Final[tuple[tuple[_Way, int], ...]] = (
    (_change_number, 30),
    (_flip_bits, 16),
    (_damage_part, 10),
    (_change_any_number, 8),
    (_overwrite, 6),
    (_drop_part, 5),
    (_repeat_part, 5),
    (_swap_parts, 4),
    (_transplant, 4),
    (_splice, 4),
    (_cut, 4),
    (_remove, 3),
    (_repeat, 3),
    (_extend, 2),
)
_WAYS: Final = tuple(way for way, _ in _WEIGHTED)
_WEIGHTS: Final = tuple(weight for _, weight in _WEIGHTED)
