"""Reserved orders: entered during the Korean day, sent at the US open (kis-protocol 3.5 to 3.7)."""

from datetime import date, time

from kis.simulator.books.desk import enter, place
from kis.simulator.books.orders import UNPRICED, Kind, Reservation
from kis.simulator.books.rules import OrderWish, check_price, refuse
from kis.simulator.market.calendar import is_summer_time, seoul_at, session_of, session_on_or_after
from kis.simulator.market.listings import BY_PRODUCT_TYPE
from kis.simulator.rest.calls import Request, RestReply, Row, paged
from kis.simulator.rest.orders import BRANCH, BUYS, SENT
from kis.simulator.rest.refusals import (
    NO_RESERVED,
    ORDER_KIND,
    RESERVED_HOURS,
    UNKNOWN_SYMBOL,
    CallRefused,
    CodedText,
    field_wrong,
)
from kis.simulator.text import kst_hms, kst_ymd, parse_ymd, price4, ymd
from kis.simulator.world import SimWorld

CANCELED = CodedText("0", "APBK1711", "취소주문이 접수되었습니다.")
_ALLOWED = {"buy": {Kind.LIMIT, Kind.TWAP, Kind.VWAP}, "sell": {Kind.LIMIT, Kind.TWAP, Kind.VWAP, Kind.MOO}}


def reserve(request: Request) -> RestReply:
    """Keep an order for the next US open; cash and holdings are looked at only then."""
    account = request.account()
    symbol, exchange = request.need("PDNO", "OVRS_EXCG_CD")
    qty, price = request.qty("FT_ORD_QTY"), request.price("FT_ORD_UNPR3")
    side = "buy" if request.tr_id in BUYS else "sell"
    kind = _kind(request, side)
    listing = request.world.market.listings.ordered(exchange, symbol)
    if listing is None:
        raise refuse(UNKNOWN_SYMBOL, request.environment)
    if qty <= 0:
        raise field_wrong("FT_ORD_QTY")
    check_price(price, kind, request.environment)
    if not _window_open(request.now_ms):
        raise refuse(RESERVED_HOURS, request.environment)
    world = request.world
    reservation = Reservation(
        number=world.broker.next_number(request.environment),
        account=account,
        listing=listing,
        side=side,
        qty=qty,
        price=0 if kind in UNPRICED else price,
        kind=kind,
        received_ms=request.now_ms,
        send_day=session_on_or_after(seoul_at(request.now_ms).date()),
    )
    world.broker.reservations.append(reservation)
    world.timeline.at(session_of(reservation.send_day).open_ms, lambda: _send(world, reservation))
    return RestReply({"output": {"ODNO": f"{reservation.number:010d}"}}, SENT)


def cancel(request: Request) -> RestReply:
    """Withdraw a reserved order that was not sent yet."""
    account = request.account()
    received, text = request.need("RSVN_ORD_RCIT_DT", "OVRS_RSVN_ODNO")
    found = next(
        (
            r
            for r in request.world.broker.reservations
            if r.account is account and text.isdigit() and r.number == int(text) and kst_ymd(r.received_ms) == received
        ),
        None,
    )
    if found is None or found.canceled or found.sent is not None or found.failure:
        raise refuse(NO_RESERVED, request.environment)
    found.canceled = True
    return RestReply({"output": {"OVRS_RSVN_ODNO": f"{found.number:010d}"}}, CANCELED)


def listing(request: Request) -> RestReply:
    """List reserved orders by the Korean date they were entered on."""
    account = request.account()
    start, end, _, product, exchange = request.need(
        "INQR_STRT_DT", "INQR_END_DT", "INQR_DVSN_CD", "PRDT_TYPE_CD", "OVRS_EXCG_CD"
    )
    first, last = parse_ymd(start), parse_ymd(end)
    if first is None or last is None:
        raise field_wrong("INQR_STRT_DT")
    rows = [
        r
        for r in request.world.broker.reservations
        if r.account is account and first <= _received_on(r) <= last and _fits(r, product, exchange)
    ]
    condition = f"{account.cano}^{account.product}^{start}^{end}^00^"
    page, tr_cont, context = paged(request, rows, 20, lambda r: f"{r.number:010d}", condition)
    answer = request.inquired() if rows else request.empty()
    return RestReply({**context, "output": [_row(r) for r in page]}, answer, tr_cont)


def _send(world: SimWorld, reservation: Reservation) -> None:
    if reservation.canceled:
        return
    wish = OrderWish(
        reservation.listing.exchange.order,
        reservation.listing.symbol,
        reservation.side,
        reservation.qty,
        reservation.price,
        Kind.LIMIT if reservation.kind is Kind.MOO else reservation.kind,
    )
    if reservation.kind is Kind.MOO:  # sent at the open itself, where the opening price is the market's
        tape = world.market.tape(reservation.listing.symbol)
        wish = OrderWish(
            wish.exchange, wish.symbol, wish.side, wish.qty, tape.bid if tape is not None else 0, wish.kind
        )
    try:
        reservation.sent = place(world, reservation.account, wish)
    except CallRefused as refused:
        reservation.failure = refused.answer.msg1
        return
    reservation.sent.medium = "예약주문"
    enter(world, reservation.sent)


def _kind(request: Request, side: str) -> Kind:
    try:
        kind = Kind(request.get("ORD_DVSN") or "00")
    except ValueError:
        raise refuse(ORDER_KIND, request.environment) from None
    if kind not in _ALLOWED[side] or (request.virtual and kind is not Kind.LIMIT):
        raise refuse(ORDER_KIND, request.environment)
    return kind


def _window_open(now_ms: int) -> bool:
    """Return whether reservations are taken: 10:00 to 23:20 Korean time (22:20 in summer), less a system pause."""
    now = seoul_at(now_ms)
    end = time(22, 20) if is_summer_time(now.date()) else time(23, 20)
    return time(10, 0) <= now.time() < end and not time(16, 30) <= now.time() < time(16, 45)


def _received_on(reservation: Reservation) -> date:
    return seoul_at(reservation.received_ms).date()


def _fits(reservation: Reservation, product: str, exchange: str) -> bool:
    if product and product in BY_PRODUCT_TYPE and reservation.listing.exchange.product_type != product:
        return False
    return not exchange or reservation.listing.exchange.order == exchange


def _row(reservation: Reservation) -> Row:
    sent, listed = reservation.sent, reservation.listing
    status = ("02", "전송") if sent is not None else ("03", "미전송") if reservation.failure else ("01", "접수")
    if reservation.canceled:
        status = ("04", "취소")
    return {
        "cncl_yn": "Y" if reservation.canceled else "N",
        "rsvn_ord_rcit_dt": kst_ymd(reservation.received_ms),
        "ovrs_rsvn_odno": f"{reservation.number:010d}",
        "ord_dt": ymd(sent.day) if sent is not None else "",
        "ord_gno_brno": BRANCH[reservation.account.environment] if sent is not None else "",
        "odno": f"{sent.odno:010d}" if sent is not None else "",
        "sll_buy_dvsn_cd": "02" if reservation.side == "buy" else "01",
        "sll_buy_dvsn_cd_name": "매수" if reservation.side == "buy" else "매도",
        "ovrs_rsvn_ord_stat_cd": status[0],
        "ovrs_rsvn_ord_stat_cd_name": status[1],
        "pdno": listed.symbol,
        "prdt_type_cd": listed.exchange.product_type,
        "prdt_name": listed.korean_name,
        "ord_rcit_tmd": kst_hms(reservation.received_ms),
        "ord_fwdg_tmd": kst_hms(sent.placed_ms) if sent is not None else "",
        "tr_dvsn_name": status[1],
        "ovrs_excg_cd": listed.exchange.order,
        "tr_mket_name": listed.exchange.korean,
        "ord_stfno": "999999",
        "ft_ord_qty": str(reservation.qty),
        "ft_ord_unpr3": price4(reservation.price) + "0000",
        "ft_ccld_qty": str(sent.shown_filled if sent is not None else 0),
        "ft_ccld_unpr3": f"{sent.shown_average:.8f}" if sent is not None else "0.00000000",
        "nprc_rson_text": reservation.failure,
        "splt_buy_attr_name": "",
    }
