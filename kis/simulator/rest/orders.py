"""Orders, amendments and cancellations over REST, day market included (kis-protocol 3.1 to 3.4)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from kis.simulator.books.desk import afflict, carry_out_amend, carry_out_cancel, enter, place
from kis.simulator.books.orders import ALGO, UNPRICED, BookOrder
from kis.simulator.books.rules import OrderWish, check_day_market, check_hours, check_price, refuse
from kis.simulator.clock import to_ms
from kis.simulator.market.calendar import SEOUL, business_date, seoul_at, session_of
from kis.simulator.options import Served
from kis.simulator.rest.calls import Request, RestReply
from kis.simulator.rest.refusals import (
    ALGO_AMEND,
    NOTHING_TO_CHANGE,
    CallRefused,
    CodedText,
    change_kind_missing,
    field_wrong,
    text_of,
)
from kis.simulator.text import kst_hms

SENT = CodedText("0", "APBK0013", "주문 전송 완료 되었습니다.")
_VIRTUAL_SENT: Final = {
    "buy": CodedText("0", "40600000", "모의투자 매수주문이 완료 되었습니다."),
    "sell": CodedText("0", "40590000", "모의투자 매도주문이 완료 되었습니다."),
    "amend": CodedText("0", "40620000", "모의투자 정정주문이 완료 되었습니다."),
    "cancel": CodedText("0", "40630000", "모의투자 취소주문이 완료 되었습니다."),
}
BRANCH: Final = {Served.REAL: "01790", Served.VIRTUAL: "00950"}
BUYS: Final = frozenset({"TTTT1002U", "VTTT1002U", "TTTS6036U", "TTTT3014U", "VTTT3014U"})


def order(request: Request) -> RestReply:
    """Take a regular order; the TR id says buy or sell."""
    return _order(request, day_market=False)


def daytime_order(request: Request) -> RestReply:
    """Take a day-market order."""
    return _order(request, day_market=True)


def change(request: Request) -> RestReply:
    """Amend or cancel a regular order."""
    return _change(request, day_market=False)


def daytime_change(request: Request) -> RestReply:
    """Amend or cancel a day-market order."""
    return _change(request, day_market=True)


def _order(request: Request, *, day_market: bool) -> RestReply:
    account = request.account()
    world = request.world
    side = "buy" if request.tr_id in BUYS else "sell"
    exchange, symbol, _, kind = request.need("OVRS_EXCG_CD", "PDNO", "ORD_SVR_DVSN_CD", "ORD_DVSN")
    wish = OrderWish(exchange, symbol, side, request.qty("ORD_QTY"), request.price("OVRS_ORD_UNPR"), kind)
    rejection = world.faults.use("reject", world.now_ms, request.tr_id, request.endpoint)
    if rejection is not None and rejection.details.get("mode") != "later":
        code = str(rejection.details.get("msg_cd") or ("40250000" if request.virtual else "APBK0918"))
        text = str(rejection.details.get("msg1") or text_of(code))
        status = rejection.details.get("status")
        rt_cd = str(rejection.details.get("rt_cd", "1"))
        raise CallRefused(CodedText(rt_cd, code, text), status=int(status) if status is not None else None)
    placed = place(world, account, wish, day_market=day_market)
    if placed.kind in ALGO:
        _set_window(request, placed)
    partial = world.faults.use("partial_fills", world.now_ms, request.tr_id, request.endpoint)
    afflict(placed, partial, rejection)
    return _acknowledged(request, placed, side, lambda: enter(world, placed))


def _change(request: Request, *, day_market: bool) -> RestReply:
    account = request.account()
    world = request.world
    _, symbol, original = request.need("OVRS_EXCG_CD", "PDNO", "ORGN_ODNO")
    if request.get("RVSE_CNCL_DVSN_CD") not in {"01", "02"}:
        raise change_kind_missing()
    amending = request.get("RVSE_CNCL_DVSN_CD") == "01"
    if not original.isascii() or not original.isdigit():
        raise field_wrong("ORGN_ODNO")
    target = world.broker.check_changeable(account, int(original), day_market=day_market)
    if target.listing.symbol != symbol:
        raise refuse(NOTHING_TO_CHANGE, account.environment)
    qty = request.qty("ORD_QTY")
    if not amending:
        row = world.broker.instruct_cancel(target, qty)
        return _acknowledged(request, row, "cancel", lambda: carry_out_cancel(world, target, row))
    if target.kind in ALGO:
        raise refuse(ALGO_AMEND, account.environment)
    price = 0 if target.kind in UNPRICED else request.price("OVRS_ORD_UNPR")
    check_price(price, target.kind, account.environment)
    if day_market:
        check_day_market(world.options, world.now_ms, account.environment)
    else:
        check_hours(target.kind, world.options, world.now_ms, account.environment)
    row = world.broker.instruct_amend(target, qty, price)
    return _acknowledged(request, row, "amend", lambda: carry_out_amend(world, target, row))


def _acknowledged(request: Request, row: BookOrder, deed: str, afterwards: Callable[[], None]) -> RestReply:
    output = {
        "KRX_FWDG_ORD_ORGNO": BRANCH[request.environment],
        "ODNO": f"{row.odno:010d}",
        "ORD_TMD": kst_hms(row.placed_ms),
    }
    answer = _VIRTUAL_SENT[deed] if request.virtual else SENT
    return RestReply({"output": output}, answer, afterwards=[afterwards])


def _set_window(request: Request, order: BookOrder) -> None:
    """Give a TWAP or VWAP its window: its own times (Korean), or until the regular close."""
    session = session_of(business_date(request.now_ms))
    order.end_ms = session.close_ms
    order.window_text = "장마감까지"
    if request.get("ALGO_ORD_TMD_DVSN_CD") == "02":
        return
    start = _korean_instant(request, "START_TIME")
    end = _korean_instant(request, "END_TIME")
    if end <= start or end > session.close_ms - 5 * 60_000:
        raise field_wrong("END_TIME")
    order.start_ms, order.end_ms = start, end
    order.window_text = f"{request.get('START_TIME')}~{request.get('END_TIME')}"


def _korean_instant(request: Request, name: str) -> int:
    text = request.get(name)
    try:
        at = datetime.strptime(text, "%H%M%S").time()  # noqa: DTZ007 - a time of day; the zone comes next
    except ValueError:
        raise field_wrong(name) from None
    now = seoul_at(request.now_ms)
    instant = SEOUL.localize(datetime.combine(now.date(), at))
    if instant < now - timedelta(hours=12):  # past Korean midnight
        instant += timedelta(days=1)
    return to_ms(instant)
