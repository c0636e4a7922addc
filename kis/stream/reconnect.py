"""How long to wait before connecting again: real seconds, with jitter (kis-protocol 6.3, 7.5)."""

from strategy.runtime import Backoff

_PROVEN_S = 60.0  # a connection that lived so long was a success
_AT_ONCE_S = 0.02
_JITTER = (0.75, 1.0)
_UNREACHABLE = Backoff.growing(0.5, 20.0, jitter=_JITTER)
_FLAPPING = Backoff((_AT_ONCE_S, _AT_ONCE_S, 0.5, 2.0, 8.0, 32.0, 40.0), _JITTER)  # to be connected within a minute
_IN_USE_S = 6.7  # at most; twice this, shortened by the jitter, is just past the 12 s a dead session was seen to linger
_IN_USE = Backoff((*[_IN_USE_S] * 7, *Backoff.growing(_IN_USE_S, 30.0, factor=1.5).pauses_s), (0.92, 1.0))


class ReconnectPauses:
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
        return _FLAPPING.pause(self._flaps) * self._scale

    def after_failure(self) -> float:
        """Return the pause after an attempt that led to no connection that served."""
        self._in_use = 0
        self._failed += 1
        return _UNREACHABLE.pause(self._failed - 1) * self._scale

    def after_in_use(self) -> float:
        """Return the pause after KIS said that another session holds the app key."""
        self._in_use += 1
        return _IN_USE.pause(self._in_use - 1) * self._scale

    def connected(self) -> None:
        """Note that the app key was free again."""
        self._in_use = 0
