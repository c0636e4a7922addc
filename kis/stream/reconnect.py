"""How long to wait before connecting again: real seconds, with jitter (kis-protocol 6.3, 7.5)."""

import random

_PROVEN_S = 60.0  # a connection that lived so long was a success
_AT_ONCE_S = 0.02
_FIRST_S = 0.5
_UNREACHABLE_LONGEST_S = 20.0
_FLAPPING_LONGEST_S = 40.0  # with the time to connect still within a minute
_IN_USE_S = 6.7  # at most; twice this, shortened by the jitter, is just past the 12 s a dead session was seen to linger
_IN_USE_SHORTEST = 0.92
_IN_USE_PATIENCE = 8  # attempts before the pauses grow
_IN_USE_LONGEST_S = 30.0


class Backoff:
    """The first drop is answered at once; what fails or drops again and again is tried ever later, since KIS blocks
    connect loops.

    A connection that drops soon after it was made counts as another drop of the same trouble, however often it came
    about. An app key in use elsewhere is asked for every six to seven seconds at first: an unclean exit frees it soon,
    and each attempt costs KIS an approval key.
    """

    def __init__(self, *, scale: float = 1.0) -> None:
        self._scale = scale  # tests make it short
        self._failed = 0  # attempts in a row without a connection
        self._flaps = 0  # connections in a row that did not last
        self._in_use = 0

    def after_drop(self, lived_s: float) -> float:
        """Return the pause after a connection that served for so long."""
        self._in_use = self._failed = 0
        self._flaps = 0 if lived_s >= _PROVEN_S else self._flaps + 1
        grown = _FIRST_S * 4 ** min(self._flaps - 2, 10)
        return self._jittered(_AT_ONCE_S if self._flaps < 2 else min(_FLAPPING_LONGEST_S, grown))

    def after_failure(self) -> float:
        """Return the pause after an attempt that led to no connection that served."""
        self._in_use = 0
        self._failed += 1
        return self._jittered(min(_UNREACHABLE_LONGEST_S, _FIRST_S * 2 ** min(self._failed - 1, 10)))

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
