"""How long to wait before connecting again: real seconds, with jitter (kis-protocol 6.3, 7.5)."""

import random
from collections import deque

_MEMORY_S = 60.0
_AT_ONCE_S = 0.02
_LONGEST_S = 20.0
_IN_USE_S = 6.7  # at most; twice this, shortened by the jitter, is just past the 12 s a dead session was seen to linger
_IN_USE_SHORTEST = 0.92
_IN_USE_PATIENCE = 8  # attempts before the pauses grow
_IN_USE_LONGEST_S = 30.0


class Backoff:
    """The first drop in a minute is answered at once, repeated ones ever later: KIS blocks connect loops.

    An app key in use elsewhere is asked for every six to seven seconds at first: an unclean exit frees it soon, and
    each attempt costs KIS an approval key.
    """

    def __init__(self, *, scale: float = 1.0) -> None:
        self._scale = scale  # tests make it short
        self._drops: deque[float] = deque()
        self._in_use = 0

    def after_drop(self, now: float) -> float:
        """Return the pause after a lost or failed connection, `now` in loop seconds."""
        self._in_use = 0
        while self._drops and now - self._drops[0] > _MEMORY_S:
            self._drops.popleft()
        repeats = len(self._drops)
        self._drops.append(now)
        pause = _AT_ONCE_S if repeats == 0 else min(_LONGEST_S, 0.5 * 2 ** (repeats - 1))
        return self._jittered(pause)

    def after_in_use(self) -> float:
        """Return the pause after KIS said that another session holds the app key."""
        self._in_use += 1
        grown = _IN_USE_S * 1.5 ** max(0, self._in_use - _IN_USE_PATIENCE)
        return self._jittered(min(_IN_USE_LONGEST_S, grown), _IN_USE_SHORTEST)

    def connected(self) -> None:
        """Note that the app key was free again."""
        self._in_use = 0

    def _jittered(self, pause: float, shortest: float = 0.75) -> float:
        return pause * random.uniform(shortest, 1.0) * self._scale  # noqa: S311 - jitter, not a secret
