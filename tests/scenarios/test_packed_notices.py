"""Row S86 through the real client: an order's notice and its fill's share a frame and have different lengths."""

from decimal import Decimal
from pathlib import Path

import pytest

from kis.simulator.demo import demo
from strategy.model import Amount, AmountKind, OrderChanged, Side
from tests.scenarios.client_world import TQQQ, running
from tests.scenarios.test_socket_kills import IDLE
from tests.support.engine_bench import OWNER


@pytest.mark.parametrize("lengths", [[24, 25], [21, 25], [25, 24], [21, 21]])
async def test_the_fill_is_told_from_a_frame_of_mixed_records_s86(tmp_path: Path, lengths: list[int]) -> None:
    day = demo()
    async with running(tmp_path, replay=day.path, start=day.start, trading=IDLE) as world:
        await world.pass_time(60)
        await world.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.00")
        await world.control("fault", kind="notice_packed", lengths=lengths)
        await world.fault("empty_output", tr_id="trading/inquire-ccnl")  # what is not read is not found otherwise
        one = Amount(kind=AmountKind.SHARES, value=Decimal(3))
        preview = await world.drive(
            world.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, one, Decimal("60.50"))
        )
        assert preview.ticket is not None, preview.refusals
        await world.drive(world.core.control.confirmations.confirm(preview.ticket, OWNER))
        await world.pass_time(1)
        filled = [event for event in await world.news(OrderChanged) if event.last_fill is not None]
        assert [event.order.filled_qty for event in filled] == [3]
        assert [event.last_fill.source for event in filled if event.last_fill is not None] == ["notice"]
        assert world.kis.account_stream.counts.garbage == 0
