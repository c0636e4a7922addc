"""Why a stream connection ended, told in both languages (kis-protocol 7.5)."""

from enum import StrEnum

from strategy.model import Said


class KeyNote(StrEnum):
    IN_USE = "key.in_use"


class StreamLost(Exception):
    """The connection is of no more use: connect again."""

    def __init__(self, reason: Said, *, after_ping: bool = False, silent: bool = False) -> None:
        """`after_ping`: the server closed right when it was pinged; `silent`: nothing came for too long."""
        super().__init__(str(reason))
        self.reason = reason
        self.after_ping = after_ping
        self.silent = silent


class KeyInUse(StreamLost):
    """Another session holds the app key (OPSP8996)."""

    def __init__(self) -> None:
        super().__init__(Said(KeyNote.IN_USE))
