"""Seeded chance: the same seed and the same question always get the same answer."""

import random

_MASK = (1 << 64) - 1


def generator(*parts: object) -> random.Random:
    """Return a generator that depends on nothing but its arguments."""
    return random.Random("|".join(str(part) for part in parts))  # noqa: S311 - a simulated market, not a secret


def mix(seed: int, number: int) -> int:
    """Return 64 well-mixed bits (splitmix64), for the hot path where a generator object costs too much."""
    z = (seed + number * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def digits(rng: random.Random, alphabet: str, count: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(count))
