"""Why a stream connection ended, told in both languages."""

from strategy.model import Text


class StreamLost(Exception):
    """The connection is of no more use: connect again."""

    def __init__(self, reason: Text, *, after_ping: bool = False, silent: bool = False) -> None:
        """`after_ping`: the server closed right when it was pinged; `silent`: nothing came for too long."""
        super().__init__(reason.en)
        self.reason = reason
        self.after_ping = after_ping
        self.silent = silent


class KeyInUse(StreamLost):
    """Another session holds the app key (OPSP8996)."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "다른 프로그램이 같은 앱키로 실시간 접속 중입니다 (OPSP8996). 그 프로그램을 끄거나 잠시 기다리세요.",
                "Another program holds the real-time session of this app key (OPSP8996). Stop it, or wait a while.",
            )
        )


def shown(reason: Text) -> str:
    """Return a reason as one line for a reader of either language."""
    return reason.on_one_line()
