"""What is printed where the console cannot show it."""

import io

import pytest

from strategy.runtime.console import speak

BOTH = "멈췄습니다. 점검 3회.\nStopped. 3 checks."


def console(encoding: str) -> tuple[io.TextIOWrapper, io.BytesIO]:
    raw = io.BytesIO()
    return io.TextIOWrapper(raw, encoding=encoding), raw


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [
        ("utf-8", BOTH, BOTH),
        ("euc-kr", BOTH, BOTH),
        ("ascii", BOTH, "Stopped. 3 checks."),
        ("latin-1", BOTH, "Stopped. 3 checks."),
        ("ascii", "✓ 설정 / settings", "? ?? / settings"),
        ("ascii", "멈췄습니다", "?????"),
        ("utf-8", "a\udc80b", "a?b"),
    ],
)
def test_what_a_console_can_show_is_shown(encoding: str, text: str, shown: str) -> None:
    stream, raw = console(encoding)
    speak(text, stream)
    assert raw.getvalue().decode(encoding) == shown + "\n"


def test_a_console_that_is_closed_takes_nothing_and_breaks_nothing() -> None:
    stream, _ = console("utf-8")
    stream.close()
    speak(BOTH, stream)
