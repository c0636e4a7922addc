"""Real trading, restarted and not armed: the chat says which orders leave, and those leave (spec section 7, S102)."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Environment, Language, Mode, ModeState, Side
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import ARM_SECRET, OPEN, OWNER, TQQQ, World
from tests.support.real_chat import real_chat

QUIET = {"rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600", "stop_loss_rate": "-5"}
STOP_LEAVES: dict[Language, str] = {"ko": "손절은 나갑니다", "en": "the stop-loss does"}
NOTHING_LEAVES: dict[Language, str] = {"ko": "손절을 포함해 어떤 주문도", "en": "not even the stop-loss"}


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_not_armed_the_chat_says_of_each_kind_of_order_what_is_true_of_it(
    tmp_path: Path, language: Language
) -> None:
    world, settings = World.at(OPEN + timedelta(minutes=10)), trading_settings(**QUIET)
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    real = Environment.REAL
    async with real_chat(tmp_path, world, settings=settings, language=language, environment=real) as room:
        assert NOTHING_LEAVES[language] in (await room.owner.ask("/status"))["text"]
        room.bench.price(TQQQ, "94")
        await room.bench.pass_time(61)
        assert not world.broker.submitted, "nobody has ever put these shares in its care"
        world.price(TQQQ, "100")
        arming, modes = room.bench.core.control.arming, room.bench.core.base.modes
        await arming.accept_disclaimer(OWNER)
        await arming.arm(OWNER, ARM_SECRET)
        now = room.bench.clock.now()
        await modes.set(ModeState(mode=Mode.RUN, symbol=None, set_by=OWNER, set_at=now, reason="chat", until=None))
    async with real_chat(tmp_path, world, settings=settings, language=language, environment=real) as room:
        status = (await room.owner.ask("/status"))["text"]
        assert STOP_LEAVES[language] in status
        assert NOTHING_LEAVES[language] not in status
        assert "/arm" in (await room.owner.ask("/sell TQQQ 1"))["text"]
        room.bench.price(TQQQ, "94")
        await room.bench.pass_time(5)
        assert [order.request.side for order in await room.bench.orders()] == [Side.SELL]
