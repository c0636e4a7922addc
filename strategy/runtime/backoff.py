"""How long to wait before something that failed is tried again: ever longer, up to a longest pause."""

import random
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses in seconds, the last one again and again; which clock they run on is for whoever waits."""

    pauses_s: tuple[float, ...]
    jitter: tuple[float, float] = (1.0, 1.0)  # each pause is made longer or shorter by a factor between these

    @classmethod
    def growing(
        cls, first_s: float, longest_s: float, *, factor: float = 2.0, jitter: tuple[float, float] = (1.0, 1.0)
    ) -> Self:
        """Return pauses that begin with `first_s` seconds and grow by `factor` up to `longest_s`."""
        pauses = [first_s]
        while pauses[-1] < longest_s:
            pauses.append(min(pauses[-1] * factor, longest_s))
        return cls(tuple(pauses), jitter)

    def pause(self, tries: int) -> float:
        """Return the seconds to wait after so many tries in vain before this one (0: this was the first)."""
        pause = self.pauses_s[min(max(0, tries), len(self.pauses_s) - 1)]
        shortest, longest = self.jitter
        return pause if shortest == longest == 1 else pause * random.uniform(shortest, longest)  # noqa: S311 - no secret
