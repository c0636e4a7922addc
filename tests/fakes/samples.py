"""Sample facts for views, fakes and events; every helper takes what a test wants different."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from strategy.model import (
    BarsProgress,
    BarsSeen,
    BothSignals,
    BrokerOrder,
    CalendarNotice,
    CashGate,
    CrossGate,
    CrossView,
    DayResult,
    Decision,
    DecisionAction,
    DecisionReason,
    DelayGate,
    Environment,
    Event,
    FetchedSessions,
    Fill,
    FiredBy,
    Gate,
    GateKey,
    GateSide,
    HandOrder,
    HealthLine,
    Holdings,
    HoldingsView,
    Indicators,
    Kept,
    Known,
    Mode,
    ModeChanged,
    ModeState,
    Notable,
    Order,
    OrderChanged,
    OrderNo,
    OrderRequest,
    OrderStatus,
    OrderView,
    Origin,
    PanicLine,
    PanicProgress,
    Position,
    PriceAlert,
    PriceAlertHit,
    Proposal,
    ProposalClosed,
    Proposed,
    Protection,
    ReadyCheck,
    Recovered,
    RsiGate,
    Said,
    SaleEnd,
    SellConfirm,
    SessionClosed,
    SessionOpened,
    SessionPhase,
    SessionView,
    SettingChange,
    SettingChanged,
    SettingSource,
    SettingView,
    Side,
    SignalBlocked,
    Started,
    StatusView,
    StopFinished,
    StopPriceSource,
    StopsOff,
    StopState,
    StopTrigger,
    StopTriggered,
    StreamState,
    Symbol,
    TickerLock,
    TickerLocked,
    TickerView,
    Trouble,
    UnprotectedShares,
    VenueNo,
)
from tests.support.words import made_up

TQQQ = Symbol.parse("NASDAQ:TQQQ")
O = Symbol.parse("NYSE:O")  # noqa: E741 - the ticker's name
XLF = Symbol.parse("AMEX:XLF")
AAPL = Symbol.parse("NASDAQ:AAPL")  # held, but not watched
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # KST 2026-11-21 00:00, ET 10:00, the market is open
OWNER = 1_000_001
MASKED = "12****78-01"
_D = Decimal
STOPS_OFF = StopsOff(
    shares=(UnprotectedShares(symbol=TQQQ, qty=10, value=_D("612.00"), stop_price=_D("57.95")),),
)


def indicators(**changes: Any) -> Indicators:
    made = Indicators(
        rsi=48.2,
        rsi_interval="day",
        rsi_bars=250,
        macd=0.1234,
        macd_signal=0.1,
        macd_histogram=0.0234,
        macd_interval="1",
        macd_bars=250,
        golden_cross=CrossView(age=2, holds=True),
        dead_cross=None,
        bars_used="closed",
        newest_bar_at=NOW - timedelta(minutes=1),
    )
    return replace(made, **changes)


def gates() -> tuple[Gate, ...]:
    return (
        RsiGate(
            key=GateKey.RSI_OVERSOLD,
            side=GateSide.BUY,
            passed=True,
            observed=48.2,
            threshold=_D(50),
            bars=BarsSeen(interval="day", count=250),
        ),
        DelayGate(
            key=GateKey.BUY_DELAY,
            side=GateSide.BUY,
            passed=False,
            observed=Known(timedelta(minutes=3, seconds=10)),
            threshold=5,
        ),
        CashGate(
            side=GateSide.BUY, passed=None, observed=None, threshold=_D("0.30"), asked=True, bound=None, wanted=None
        ),
        RsiGate(
            key=GateKey.RSI_OVERBOUGHT,
            side=GateSide.SELL,
            passed=False,
            observed=48.2,
            threshold=_D(60),
            bars=BarsSeen(interval="day", count=250),
        ),
        CrossGate(
            side=GateSide.SELL,
            passed=True,
            observed=Known(CrossView(age=2, holds=True)),
            wanted=SellConfirm.GOLDEN,
            within=5,
            bars=BarsSeen(interval="1", count=250),
        ),
    )


def decision(**changes: Any) -> Decision:
    made = Decision(
        symbol=TQQQ,
        decided_at=NOW,
        action=DecisionAction.BUY,
        reason=DecisionReason.BUY,
        gates=gates(),
        indicators=indicators(),
        last=_D("61.20"),
        bid=_D("61.19"),
        ask=_D("61.21"),
        quote_age_s=0.8,
        position_qty=10,
        average_cost=_D("60.00"),
        return_percent=_D("2.00"),
        cash=_D("1234.56"),
        qty=10,
        limit_price=_D("61.21"),
        id=7,
    )
    return replace(made, **changes)


def order(no: int = 12, status: OrderStatus = OrderStatus.ACCEPTED, **changes: Any) -> Order:
    """Return a buy of 10 TQQQ at 61.20; `side` and `origin` change the request."""
    side, origin = changes.pop("side", Side.BUY), changes.pop("origin", Origin.SIGNAL)
    qty, symbol = changes.pop("qty", 10), changes.pop("symbol", TQQQ)
    made = Order(
        no=OrderNo(no),
        request=OrderRequest(symbol=symbol, side=side, qty=qty, limit_price=_D("61.20"), origin=origin, created_at=NOW),
        status=status,
        venue_no=VenueNo("30123"),
        limit_price=_D("61.20"),
        filled_qty=0,
        filled_amount=_D(0),
        reason=None,
        updated_at=NOW,
    )
    return replace(made, **changes)


def filled_order(no: int = 12, **changes: Any) -> Order:
    return order(no, OrderStatus.FILLED, filled_qty=10, filled_amount=_D("611.90"), **changes)


def fill(qty: int = 10, price: str = "61.19", **changes: Any) -> Fill:
    made = Fill(
        key=f"k{qty}{price}",
        order_no=OrderNo(12),
        venue_no=VenueNo("30123"),
        symbol=TQQQ,
        side=Side.BUY,
        qty=qty,
        price=_D(price),
        filled_at=NOW,
        fees=_D("1.53"),
        realized=None,
        source="notice",
    )
    return replace(made, **changes)


def position(**changes: Any) -> Position:
    made = Position(
        symbol=TQQQ,
        name="PROSHARES ULTRAPRO QQQ",
        qty=10,
        sellable_qty=8,
        average_cost=_D("60.00"),
        last=_D("61.20"),
        profit_rate=_D("2.00"),
    )
    return replace(made, **changes)


def holdings(*positions: Position, cash: str | None = "1234.56") -> Holdings:
    return Holdings(
        positions=positions or (position(),),
        cash=_D(cash) if cash else None,
        fx_rate=_D("1390.50"),
        taken_at=NOW,
        buyable=_D("1200.00"),
    )


def day_result(**changes: Any) -> DayResult:
    made = DayResult(session_on=NOW.date(), start=_D("1850.00"), amount=_D("-3.20"), limit_pct=_D("5"))
    return replace(made, **changes)


def holdings_view(**changes: Any) -> HoldingsView:
    made = HoldingsView(
        holdings=holdings(),
        problem=None,
        resting_buys=_D("34.56"),
        today=day_result(),
        locks=(),
        stop_prices=((TQQQ, _D("57.00")),),
    )
    return replace(made, **changes)


def mode(kind: Mode = Mode.RUN, **changes: Any) -> ModeState:
    made = ModeState(mode=kind, symbol=None, set_by=OWNER, set_at=NOW, reason="", until=None)
    return replace(made, **changes)


def lock(**changes: Any) -> TickerLock:
    return replace(TickerLock(symbol=TQQQ, reason="stop_loss", locked_at=NOW, until=None), **changes)


def ticker(symbol: Symbol = TQQQ, **changes: Any) -> TickerView:
    made = TickerView(
        symbol=symbol,
        last=_D("61.20"),
        price_age_s=1.2,
        rsi=48.2,
        position_qty=10,
        return_percent=_D("2.00"),
        mode=mode(symbol=symbol),
        lock=None,
        stop=StopState.TICKS,
        warm=True,
        last_decision=None,
    )
    return replace(made, **changes)


def session(**changes: Any) -> SessionView:
    made = SessionView(
        phase=SessionPhase.OPEN,
        opens_at=NOW - timedelta(minutes=30),
        closes_at=NOW + timedelta(hours=6),
        half_day=False,
        next_open=NOW + timedelta(days=3),
    )
    return replace(made, **changes)


def status(**changes: Any) -> StatusView:
    made = StatusView(
        environment=Environment.VIRTUAL,
        armed=True,
        account=MASKED,
        mode=mode(),
        session=session(),
        holdings=holdings(),
        today=day_result(),
        tickers=(ticker(), ticker(O, position_qty=0), ticker(XLF, position_qty=None, warm=False, rsi=None)),
        open_orders=1,
        unknown_orders=0,
        reconciled=True,
        reconciled_at=NOW,
        stream_up=True,
        stream_reason=None,
        calls_used="3/s of 18",
        orders_today=2,
        max_orders_per_day=50,
        cycles=30,
        overruns=0,
        next_check_at=NOW + timedelta(minutes=1),
        outbox_waiting=0,
        started_at=NOW - timedelta(hours=1),
        now=NOW,
    )
    return replace(made, **changes)


def order_view(shown: Order | None = None) -> OrderView:
    return OrderView(
        order=shown or filled_order(),
        history=(
            (NOW - timedelta(seconds=2), OrderStatus.INTENDED, None),
            (NOW - timedelta(seconds=1), OrderStatus.ACCEPTED, None),
            (NOW, OrderStatus.FILLED, None),
        ),
        fills=(fill(),),
        decision=decision(),
    )


def setting(name: str = "RSI_OVERSOLD", **changes: Any) -> SettingView:
    made = SettingView(
        name=name,
        group="rsi",
        value="50",
        source=SettingSource.ENV,
        allowed=made_up("0 이상 100 이하", "0 to 100"),
        choices=None,
        step=_D(1),
        changeable=True,
        of_ticker=True,
        until=None,
        per_ticker=(),
    )
    return replace(made, **changes)


def change(**changes: Any) -> SettingChange:
    made = SettingChange(
        name="RSI_OVERSOLD", symbol=None, old="50", new="45", set_by=OWNER, set_at=NOW, until=None, id=1
    )
    return replace(made, **changes)


def broker_order() -> BrokerOrder:
    return BrokerOrder(
        venue_no=VenueNo("30999"),
        symbol=TQQQ,
        side=Side.SELL,
        qty=5,
        limit_price=_D("62.00"),
        filled_qty=2,
        filled_amount=_D("124.00"),
        open_qty=3,
        status=OrderStatus.PARTIALLY_FILLED,
        ordered_at=NOW,
        traded_on=NOW.date(),
        reason="",
    )


def stop_triggered(**changes: Any) -> StopTriggered:
    made = StopTriggered(
        at=NOW,
        symbol=TQQQ,
        trigger=StopTrigger.STOP_LOSS,
        rate=_D("-5.013"),
        broker_rate=_D("-5.01"),
        threshold=_D("-5"),
        average_cost=_D("60.00"),
        price=_D("56.99"),
        qty=10,
        source=FiredBy.TICK,
    )
    return replace(made, **changes)


def stop_finished(**changes: Any) -> StopFinished:
    made = StopFinished(
        at=NOW,
        symbol=TQQQ,
        trigger=StopTrigger.STOP_LOSS,
        sold=10,
        left=0,
        average_price=_D("56.95"),
        realized=_D("-31.93"),
        result=_D("-38.12"),
        fees=_D("1.43"),
        reason=SaleEnd.FLAT,
    )
    return replace(made, **changes)


def started(**changes: Any) -> Started:
    made = Started(
        at=NOW,
        tickers=((TQQQ, _D("61.20")), (O, None)),
        warmup=((TQQQ, "day", 250, 100), (O, "1", 40, 100)),
        stream=made_up("연결됨, 체결통보 구독됨", "connected, notices subscribed"),
        mode=mode(),
        session=made_up("개장", "open"),
        holdings=holdings(),
        notes=(made_up("REST_URL_BASE 가 바뀌었습니다", "REST_URL_BASE is overridden"),),
    )
    return replace(made, **changes)


def trouble(key: str = "quote", at: datetime = NOW, **changes: Any) -> Trouble:
    made = Trouble(at=at, key=key, what=made_up("시세를 받지 못했습니다.", "No quote came."), symbol=TQQQ)
    return replace(made, **changes)


def blocked(at: datetime = NOW) -> SignalBlocked:
    return SignalBlocked(
        at=at,
        decision=decision(action=DecisionAction.NONE, reason=DecisionReason.BLOCKED_BY_BUY_DELAY),
        side=Side.BUY,
        guards=(GateKey.BUY_DELAY,),
    )


def mode_changed(kind: Mode, **changes: Any) -> ModeChanged:
    return replace(ModeChanged(at=NOW, state=mode(kind), previous=mode()), **changes)


def setting_changed(**changes: Any) -> SettingChanged:
    return SettingChanged(at=NOW, change=change(**changes))


def panic_line(**changes: Any) -> PanicLine:
    return replace(PanicLine(symbol=TQQQ, watched=True, qty=10), **changes)


def panic(**changes: Any) -> PanicProgress:
    made = PanicProgress(
        at=NOW,
        run="p1",
        started_at=NOW - timedelta(seconds=75),
        asked_by=OWNER,
        canceled=1,
        cancels_left=2,
        lines=(panic_line(sold=3), panic_line(symbol=O)),
        done=False,
        flat=None,
    )
    return replace(made, **changes)


def proposal(**changes: Any) -> Proposal:
    made = Proposal(
        id="card1",
        symbol=TQQQ,
        side=Side.BUY,
        qty=10,
        limit_price=_D("61.20"),
        decision=decision(),
        ticket="ticket0001",
        expires_at=NOW + timedelta(minutes=5),
        drift_pct=_D("0.5"),
    )
    return replace(made, **changes)


def closed_proposal(how: Any, **changes: Any) -> ProposalClosed:
    return replace(ProposalClosed(at=NOW, proposal=proposal(), how=how), **changes)


def health(**changes: Any) -> HealthLine:
    made = HealthLine(
        name=made_up("접근 토큰", "access token"), ok=True, detail=made_up("23시간 남음", "23 hours left")
    )
    return replace(made, **changes)


def ready_check(**changes: Any) -> ReadyCheck:
    made = ReadyCheck(
        at=NOW,
        session_on="2026-11-20",
        opens_at=NOW + timedelta(minutes=10),
        half_day=False,
        lines=(health(), health(name=made_up("실시간 연결", "live stream"), detail=made_up("", ""))),
    )
    return replace(made, **changes)


def price_alert(*, above: bool = True) -> PriceAlertHit:
    wanted = PriceAlert(symbol=TQQQ, above=above, price=_D("61.00"), set_by=OWNER, set_at=NOW, id=3)
    return PriceAlertHit(at=NOW, alert=wanted, last=_D("61.02"))


def bars_progress(*, kept: int = 10, done: bool = False, why: Said | None = None) -> BarsProgress:
    tickers = (FetchedSessions(symbol=TQQQ, kept=kept, of=21), FetchedSessions(symbol=XLF, kept=21, of=21))
    return BarsProgress(at=NOW, run="2026-09-15", tickers=tickers, done=done, why=why)


def every_event() -> list[Event]:
    """Return events of every kind, in their variants that look different."""
    half = order(status=OrderStatus.PARTIALLY_FILLED, filled_qty=3, filled_amount=_D("183.57"))
    sell = order(13, OrderStatus.ACCEPTED, side=Side.SELL)
    return [
        started(),
        started(holdings=None, notes=(), warmup=()),
        Recovered(at=NOW, trigger="start", lines=(made_up("주문 #3 체결됨", "order #3 filled"),), clean=True),
        Recovered(at=NOW, trigger="reconnect", lines=(), clean=False),
        SessionOpened(
            at=NOW,
            session_on="2026-11-20",
            closes_at=NOW + timedelta(hours=6),
            half_day=True,
            holdings=holdings(),
            open_orders=1,
            mode=mode(),
        ),
        SessionClosed(
            at=NOW,
            session_on="2026-11-20",
            orders=3,
            fills=2,
            bought=_D("611.90"),
            sold=_D("300.00"),
            fees=_D("2.10"),
            realized=_D("12.34"),
            result=_D("6.15"),
            checks=390,
            overruns=1,
            holdings=holdings(),
            open_orders=(order(),),
            next_open=NOW + timedelta(days=3),
            today=day_result(),
        ),
        OrderChanged(at=NOW, order=order(), decision=decision(), cash_before=_D("1234.56")),
        OrderChanged(at=NOW, order=half, decision=decision(), last_fill=fill(3), fees=_D("0.46")),
        OrderChanged(at=NOW, order=sell, decision=decision(), position_qty_before=30, average_cost=_D("60.00")),
        *(
            OrderChanged(at=NOW, order=order(status=each, reason=Said(Kept.WORDS, words="이유 <b>&")))
            for each in OrderStatus
        ),
        *(OrderChanged(at=NOW, order=order(side=Side.SELL, origin=each)) for each in Origin),
        blocked(),
        BothSignals(at=NOW, decision=decision(reason=DecisionReason.BOTH_SIGNALS)),
        stop_triggered(),
        stop_triggered(broker_rate=None, source=FiredBy.POLL, trigger=StopTrigger.TRAILING_STOP),
        stop_finished(),
        stop_finished(sold=0, left=10, average_price=None, realized=None, fees=None, reason=SaleEnd.SESSION_END),
        Protection(at=NOW, armed=True, source=StopPriceSource.TICKS, symbols=(TQQQ,), reason=made_up("", "")),
        Protection(
            at=NOW, armed=False, source=StopPriceSource.NONE, symbols=(), reason=made_up("시세 없음", "no quotes")
        ),
        StreamState(at=NOW, up=True, reason=made_up("", ""), since=NOW - timedelta(seconds=75)),
        StreamState(at=NOW, up=False, reason=made_up("연결이 끊겼습니다", "connection lost")),
        StreamState(at=NOW, up=False, reason=made_up("연결이 끊겼습니다", "connection lost"), drops=7),
        trouble(),
        Notable(at=NOW, key="overrun", what=made_up("점검이 늦었습니다", "a check was late")),
        ModeChanged(at=NOW, state=mode(Mode.PAUSE_BUYS, until=NOW + timedelta(hours=2)), previous=mode()),
        ModeChanged(at=NOW, state=mode(Mode.HALTED, symbol=TQQQ, set_by=None, reason="x"), previous=None),
        TickerLocked(at=NOW, lock=lock()),
        TickerLocked(at=NOW, lock=lock(blocks_stop=True, until=NOW + timedelta(days=1))),
        SettingChanged(at=NOW, change=change()),
        SettingChanged(at=NOW, change=change(symbol=TQQQ, new=None, set_by=None, until=NOW)),
        HandOrder(at=NOW, found=broker_order(), order=order(15, origin=Origin.EXTERNAL)),
        HandOrder(at=NOW, found=broker_order(), order=None),
        panic(),
        panic(done=True, flat=True, lines=(panic_line(sold=10, reason=SaleEnd.FLAT),)),
        panic(
            done=True,
            flat=False,
            cancels_left=1,
            lines=(
                panic_line(sold=4, last=_D("56.10"), reason=SaleEnd.SESSION_END),
                panic_line(symbol=O, reason=SaleEnd.CLOSED),
            ),
            note=made_up("장이 끝났습니다.", "The session has ended."),
        ),
        Proposed(at=NOW, proposal=proposal()),
        Proposed(at=NOW, proposal=proposal(side=Side.SELL, ticket=None, expires_at=None)),
        *(closed_proposal(how) for how in ("dismissed", "expired", "drifted", "changed")),
        closed_proposal("taken", order_no=OrderNo(12)),
        ready_check(),
        ready_check(half_day=True, lines=(*ready_check().lines, health(ok=False), health(ok=None))),
        CalendarNotice(
            at=NOW,
            on="2026-11-26",
            closed=True,
            closes_at=None,
            note=made_up("추수감사절", "Thanksgiving"),
            next_open=NOW + timedelta(days=7),
        ),
        CalendarNotice(
            at=NOW,
            on="2026-11-27",
            closed=False,
            closes_at=NOW + timedelta(days=7, hours=3),
            note=made_up("추수감사절 다음 날", "day after Thanksgiving"),
            next_open=NOW + timedelta(days=7),
        ),
        price_alert(),
        price_alert(above=False),
        bars_progress(),
        bars_progress(kept=21, done=True),
        bars_progress(kept=20, done=True),
        bars_progress(done=True, why=made_up("KIS 가 답하지 않습니다.", "KIS does not answer.")),
    ]
