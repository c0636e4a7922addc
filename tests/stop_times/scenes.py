"""What happens to a stop: one scene for each fault, told to simulator, market and owner.

A scene begins with 100 shares at 60 dollars and a stop at -5 %; then the price falls by 14 % and goes on trading there.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from kis.simulator.market.calendar import new_york
from kis.simulator.options import Holding
from tests.stop_times.stage import CENT, START_DAY, Stage

SELL = "VTTT1001U"
BUY = "VTTT1002U"
PRICE = Decimal("60.00")
QTY = 100
SOON_S, UNKNOWN_S, GIVEN_UP_S = 5, 40, 300
DAY_END, NEXT_OPEN = new_york(START_DAY, time(16, 0)), new_york(START_DAY + timedelta(days=1), time(9, 30))
Act = Callable[[Stage], Awaitable[None]]


async def nothing(_: Stage) -> None:
    return


async def fall(stage: Stage) -> None:
    await stage.print(fallen(stage))


def fallen(stage: Stage) -> Decimal:
    """Return the price after a fall of 14 %."""
    return (stage.price * Decimal("0.86")).quantize(CENT)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One fault and what is asked of the stop."""

    fault: str  # its number in the list of faults
    name: str
    before: Act = nothing  # before the program starts
    trick: Act = nothing  # once it is settled, before the price falls
    at_fall: Act = fall  # the first price at or below the stop that may count
    limit_s: float = SOON_S
    keeps: int = 0  # shares that cannot be sold, or must not be
    sells_only_after_fall: bool = False  # whatever the trick does, no share may be sold for it
    speed: float = 4.0  # market seconds a second while the stop has its time
    later_speed: float = 30.0  # and once it has taken longer than the limit
    broken: str = "-"
    symbol: str = "TQQQ"
    price: Decimal = PRICE
    own_clock: bool = False
    must_keep: bool = False  # it was no fall: nothing may be sold at all
    told: str = ""  # where the stop cannot sell, words with the cause that the owner must see instead
    given_up_s: float = GIVEN_UP_S
    trading: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    kis: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.fault} {self.name}"


def faulty(kind: str, **details: Any) -> Act:
    async def inject(stage: Stage) -> None:
        await stage.fault(kind, **details)

    return inject


def several(*acts: Act) -> Act:
    async def one_after_another(stage: Stage) -> None:
        for act in acts:
            await act(stage)

    return one_after_another


def lost(fault: str, name: str, kind: str, *, limit_s: float = UNKNOWN_S, **details: Any) -> Scene:
    """Return a scene in which the stop's own order gets no usable answer; the client's time limits count too."""
    return Scene(
        fault=fault,
        name=name,
        trick=faulty(kind, tr_id=SELL, **details),
        limit_s=limit_s,
        speed=5.0,
        later_speed=5.0,
        kis={"KIS_TIMEOUT_S": "2", "KIS_READ_TIMEOUT_S": "1"},
    )


def refused(name: str, msg_cd: str, count: int, *, limit_s: float = SOON_S, text: str = "") -> Scene:
    more = {"msg1": text} if text else {}
    trick = faulty("refuse", tr_id=SELL, msg_cd=msg_cd, count=count, **more)
    return Scene(fault="9", name=name, trick=trick, limit_s=limit_s)


# -- acts ------------------------------------------------------------------------------------------------------------


async def restart_without_odd_rows(stage: Stage) -> None:
    await stage.end()
    await stage.clear()
    await stage.begin()


def rest_a_hand_buy(*, heard: bool) -> Act:
    async def rest(stage: Stage) -> None:
        """A buy by hand that rests below the market: the stop's sell would meet it. Nobody may have heard of it."""
        await stage.fault("wash_trades")
        if not heard:
            await stage.fault("notice_lost")
        await stage.sim("order", symbol=stage.symbol, side="buy", qty=7, price=str(fallen(stage) - 3 * CENT))
        await stage.pass_time(1)

    return rest


def halted(*, shown: bool) -> Act:
    async def fall_into_a_halt(stage: Stage) -> None:
        """The price falls, and trading halts with that print, its bid a dollar below; it counts from the reopening."""
        await stage.sim("halt", symbol=stage.symbol, halted=True, shown=shown)
        tape = stage.simulator.market.tape(stage.symbol)
        assert tape is not None
        async with stage.simulator.still():
            stage.price = fallen(stage)
            units = int(stage.price * 10_000)
            stage.simulator.world.print_by_hand(stage.symbol, units, 500, bid=units - 10_000, ask=units, shift=True)
        await stage.pass_time(5 * 60)
        await stage.sim("halt", symbol=stage.symbol, halted=False)
        await stage.print(stage.price)

    return fall_into_a_halt


async def sleep_over(stage: Stage, meanwhile: Act) -> None:
    """Let the program see the evening and its close, end it, and begin it anew five minutes before the next open."""
    await stage.pace(60)
    await stage.jump(DAY_END - timedelta(minutes=2))
    await stage.pass_time(5 * 60)
    await stage.end()
    await meanwhile(stage)
    await stage.jump(NEXT_OPEN - timedelta(minutes=5))
    await stage.begin()
    await stage.pace(30)


def split_overnight(ratio: str, price: str) -> Act:
    async def declare(stage: Stage) -> None:
        await stage.fault("split", symbol=stage.symbol, ratio=ratio, balance_after_s=None)
        stage.price = Decimal(price)

    async def split(stage: Stage) -> None:
        """The previous close is adjusted, the balance never follows: nothing may be sold, the owner must be asked."""
        await sleep_over(stage, declare)
        await stage.pass_time(8 * 60)

    return split


async def quiet_night(stage: Stage) -> None:
    """Nothing happens until the open: the first price of the morning is the one that counts."""
    await sleep_over(stage, nothing)
    stage.pulsing = False
    left_s = (NEXT_OPEN - stage.now()).total_seconds()
    await stage.pass_time(left_s + 1)
    await stage.pace(4)
    stage.pulsing = True


async def crash_by_a_third(stage: Stage) -> None:
    await stage.print(Decimal("40.00"))


async def bad_print(stage: Stage) -> None:
    await stage.sim("tick", symbol=stage.symbol, last="54.00", volume=500, alone=True)
    await stage.pass_time(20)


async def old_print(stage: Stage) -> None:
    await stage.sim(
        "tick", symbol=stage.symbol, last="54.00", bid="53.99", ask="54.01", volume=500, alone=True, stamp_s=-7200
    )
    await stage.pass_time(20)


def flapping(kind: str, **details: Any) -> Act:
    async def flap(stage: Stage) -> None:
        await stage.fault(kind, **details)
        await stage.pass_time(60)

    return flap


def unanswered_buy(kind: str) -> Act:
    async def buy(stage: Stage) -> None:
        await stage.fault(kind, tr_id=BUY, hold_s=0.05)
        await stage.confirmed(f"/buy {stage.symbol} 5")
        await stage.pass_time(20, until=lambda: not stage.in_force(kind))
        await stage.pass_time(1)

    return buy


async def clock_back(stage: Stage) -> None:
    await stage.set_clock(back=True)


async def clock_forward(stage: Stage) -> None:
    await stage.set_clock(back=False)


async def moved(stage: Stage) -> None:
    await stage.fault("venue_move", symbol=stage.symbol, exchange="NYSE")
    await stage.pass_time(60)


async def bought_by_the_bot(stage: Stage) -> None:
    """Ten shares of its own at the market beside a hundred of the owner's at 80 dollars: nothing to sell in that."""
    await stage.confirmed(f"/buy {stage.symbol} 10")
    await stage.pass_time(30)


SCENES: tuple[Scene, ...] = (
    Scene(fault="-", name="nothing wrong"),
    Scene(fault="1", name="no orders, as one object", before=faulty("empty_object")),
    Scene(fault="2", name="nothing found, rt_cd 7", before=faulty("empty_code", rt_cd="7", msg_cd="KIOK0560")),
    Scene(fault="2", name="nothing found, rt_cd 1", before=faulty("empty_code", rt_cd="1", msg_cd="APBK1631")),
    Scene(
        fault="3",
        name="list of orders fails",
        before=faulty("http_500", tr_id="trading/inquire-ccnl", seconds=86_400),
    ),
    Scene(fault="4", name="part of a share of another", before=faulty("odd_rows", rows=["fraction"])),
    Scene(
        fault="4",
        name="unreadable rows of others",
        before=faulty("odd_rows", rows=["blank", "letters", "keyless"]),
    ),
    Scene(fault="5", name="a bond in the account", before=faulty("odd_rows", rows=["bond"])),
    Scene(
        fault="5",
        name="a bond among the holdings",
        before=faulty("odd_rows", rows=["bond"], tr_id="trading/inquire-balance"),
    ),
    Scene(
        fault="5",
        name="a bond once, restarted without it",
        before=faulty("odd_rows", rows=["bond"], tr_id="trading/inquire-balance"),
        trick=restart_without_odd_rows,
    ),
    Scene(fault="6", name="a failing listener", broken="bars"),
    Scene(fault="8", name="clock 8 s ahead", before=faulty("clock_offset", offset_s=-8)),
    refused("EGW00201 once", "EGW00201", 1),
    refused("EGW00201 three times", "EGW00201", 3),
    refused("EGW00201 five times", "EGW00201", 5, limit_s=8),
    refused("EGW00215 three times", "EGW00215", 3),
    refused("EGW00121 once: a dead token", "EGW00121", 1),
    refused("IGW00017 once, not on the list", "IGW00017", 1, limit_s=UNKNOWN_S, text="처리 중 오류가 발생했습니다."),
    refused("KIER2810 once, not on the list", "KIER2810", 1, limit_s=UNKNOWN_S, text="처리 중 오류가 발생했습니다."),
    Scene(fault="10", name="40 of 100 orderable", before=faulty("withhold", symbol="TQQQ", qty=60), keeps=60),
    Scene(fault="11", name="halted for 5 min, told", at_fall=halted(shown=True)),
    Scene(fault="11", name="halted for 5 min, not told", at_fall=halted(shown=False)),
    Scene(fault="12", name="valued at nothing", before=faulty("zero_valuation"), sells_only_after_fall=True),
    Scene(fault="13", name="a buy by hand rests, known", trick=rest_a_hand_buy(heard=True)),
    Scene(fault="13", name="a buy by hand rests, unheard of", trick=rest_a_hand_buy(heard=False)),
    Scene(
        fault="14",
        name="split 3:2",
        trick=split_overnight("3/2", "40.00"),
        at_fall=nothing,
        must_keep=True,
    ),
    Scene(
        fault="14",
        name="split 5:4",
        trick=split_overnight("5/4", "48.00"),
        at_fall=nothing,
        must_keep=True,
    ),
    Scene(fault="14", name="a fall of 33 % that is none", at_fall=crash_by_a_third),
    Scene(fault="14", name="a fall of 33 % overnight", trick=quiet_night, at_fall=crash_by_a_third),
    Scene(
        fault="15",
        name="BRK.B held as BRK/B",
        symbol="BRK/B",
        price=Decimal("471.50"),
        trading={"trading_tickers": "NYSE:BRK.B"},
    ),
    Scene(fault="15", name="listing moves to NYSE", trick=moved, told="NYSE:TQQQ"),
    Scene(fault="16", name="two notices in a frame", trick=faulty("notice_packed", count=20)),
    Scene(fault="17", name="stream drops on pings", trick=flapping("ws_ping_drop")),
    Scene(fault="17", name="stream drops every 8 s", trick=flapping("ws_flap", every_s=8)),
    Scene(fault="22", name="one bad print, then a gap", trick=bad_print, sells_only_after_fall=True),
    Scene(fault="22", name="a print of 2 h ago, then a gap", trick=old_print, sells_only_after_fall=True),
    Scene(
        fault="23",
        name="clock put back an hour",
        trick=clock_back,
        own_clock=True,
        speed=1,
        later_speed=1,
        given_up_s=60,
    ),
    Scene(
        fault="23",
        name="clock put on an hour",
        trick=clock_forward,
        own_clock=True,
        speed=1,
        later_speed=1,
        given_up_s=60,
    ),
    Scene(fault="24", name="unanswered buy, not arrived", trick=unanswered_buy("timeout_before"), speed=5.0),
    Scene(fault="24", name="unanswered buy, filled", trick=unanswered_buy("timeout_after_accept"), speed=5.0),
    Scene(
        fault="25",
        name="own lots beside dear ones",
        options={"holdings": (Holding(symbol="TQQQ", qty=QTY, average=Decimal(80)),)},
        trading={"position_scope": "bot"},
        trick=bought_by_the_bot,
        sells_only_after_fall=True,
        keeps=QTY,
    ),
    Scene(fault="32", name="stream 15 min old by its stamps", trick=flapping("ws_stale", age_s=900)),
    Scene(fault="33", name="somebody else's fill under our number", trick=faulty("notice_foreign", symbol="KO")),
    lost("34", "connection reset", "reset"),
    lost("34", "HTTP 500", "http_500"),
    lost("34", "HTML 503", "http_html"),
    lost("34", "no reply, nothing there", "timeout_before", hold_s=3),
    lost("34", "no reply, order taken", "timeout_after_accept", hold_s=3),
)
