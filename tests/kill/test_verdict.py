"""The judge of the kill test sees what it is there to see."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from strategy.model import OrderStatus
from tests.kill.books import Row, Stored, Truth
from tests.kill.verdict import Verdict, at_death, recovered, told

AT = datetime(2026, 11, 18, 15, 0, tzinfo=UTC).isoformat()
ICONS = {str(status): str(status) for status in OrderStatus}


def order(no: int = 1, **changes: Any) -> Row:
    asked = {"symbol": "NASDAQ:TQQQ", "side": "buy", "qty": 10, "asked_price": "61.20", "origin": "manual"}
    stands = {"status": "filled", "filled_qty": 10, "filled_amount": "612.00", "reason": "", "decision_id": None}
    return {"no": no, "created_at": AT, **asked, **stands, **changes}


def number(venue_no: int, no: int = 1) -> Row:
    return {"venue_no": f"{venue_no:010d}", "order_no": no}


def fill(qty: int, price: str = "61.20", no: int = 1) -> Row:
    return {"order_no": no, "qty": qty, "price": price}


def alert(row_id: int, no: int = 1, *, filled: int = 0, status: str = "filled", **changes: Any) -> Row:
    body = {"order": {"status": status}, "last_fill": {"qty": filled} if filled else None}
    told = {"done_at": AT, "gave_up": 0, "message_id": 7}
    return {"id": row_id, "kind": "order_changed", "order_no": no, "body": json.dumps(body), **told, **changes}


def stored(**tables: list[Row]) -> Stored:
    none = ("decisions", "orders", "order_venue_nos", "fills", "outbox", "chat_messages", "stop_runs")
    empty: dict[str, list[Row]] = {table: [] for table in none}
    return Stored({**empty, "positions_agreed": [{"symbol": "NASDAQ:TQQQ", "qty": 10, "net": 10}], **tables})


def placed(odno: int, **changes: Any) -> Row:
    asked = {"symbol": "TQQQ", "side": "buy", "qty": 10, "price": "61.2000", "change": "new", "original": None}
    return {"odno": f"{odno:010d}", "status": "filled", "medium": "OpenAPI", "placed_at": AT, **asked, **changes}


def truth(*orders: Row, fills: tuple[tuple[int, int], ...] = ((5, 10),), cash: str = "388.00") -> Truth:
    told = [{"odno": odno, "qty": qty, "price": "61.20", "fee": "0.00"} for odno, qty in fills]
    positions = [{"symbol": "TQQQ", "qty": sum(qty for _, qty in fills)}]
    return Truth.of({"orders": orders, "fills": told, "positions": positions, "cash": cash})


def after(program: Stored, broker: Truth) -> Verdict:
    return recovered(program, broker, held_before={}, cash_before=Decimal(1000))


WELL = {"orders": [order()], "order_venue_nos": [number(5)], "fills": [fill(10)]}


def test_equal_books_are_fine() -> None:
    assert at_death(stored(**WELL), truth(placed(5))).faults == []
    assert after(stored(**WELL), truth(placed(5))).faults == []


def test_an_order_placed_twice_is_seen() -> None:
    found = at_death(stored(**WELL), truth(placed(5), placed(6)))
    assert found.duplicates == 1


def test_an_order_whose_reply_is_missing_may_be_at_the_broker_once() -> None:
    sent = stored(orders=[order(status="unknown", filled_qty=0, filled_amount="0")])
    assert at_death(sent, truth(placed(5))).faults == []
    assert at_death(sent, truth(placed(5), placed(6))).duplicates == 1
    assert at_death(sent, truth(placed(5, qty=11))).duplicates == 1


def test_our_order_taken_for_a_hand_made_one_is_seen_and_the_other_way_round() -> None:
    as_hand_made = stored(**{**WELL, "orders": [order(origin="external")]})
    assert at_death(as_hand_made, truth(placed(5))).unowned == 1
    assert at_death(stored(**WELL), truth(placed(5, medium="HTS"))).unowned == 1


def test_an_order_nobody_took_up_is_seen() -> None:
    sent = stored(orders=[order(status="unknown", filled_qty=0, filled_amount="0")])
    assert after(sent, truth(placed(5))).unowned == 1


def test_a_stop_whose_end_is_untold_or_told_twice_is_seen() -> None:
    fired = {"symbol": "NASDAQ:TQQQ", "action": "stop"}
    told_end = alert(1, kind="stop_finished", body=json.dumps({"symbol": {"ticker": "TQQQ"}}))
    for ends, fault in ((0, True), (1, False), (2, True)):
        found = after(stored(**WELL, decisions=[fired], outbox=[told_end] * ends), truth(placed(5)))
        assert any("ends told" in text for text in found.faults) is fault


def test_lost_and_made_up_fills_are_seen() -> None:
    half = stored(**{**WELL, "orders": [order(filled_qty=4, filled_amount="244.80")], "fills": [fill(4)]})
    assert after(half, truth(placed(5))).lost == 6
    assert at_death(stored(**WELL), truth(placed(5), fills=((5, 4),))).faults
    dearer = stored(**{**WELL, "orders": [order(filled_amount="613.00")], "fills": [fill(10, "61.30")]})
    assert after(dearer, truth(placed(5))).faults


def test_an_amended_order_is_one_order() -> None:
    numbers = [number(5), number(6)]
    broker = truth(placed(5), placed(6, change="amend", original="0000000005"), fills=((5, 4), (6, 6)))
    assert after(stored(**{**WELL, "order_venue_nos": numbers}), broker).faults == []


def test_cash_and_position_must_be_equal() -> None:
    assert after(stored(**WELL), truth(placed(5), cash="387.99")).faults
    assert after(stored(**WELL, positions_agreed=[]), truth(placed(5))).faults


def said(row_id: int, text: str = "체결", *, reply: bool = False) -> dict[str, Any]:
    return {"text": f"{text}\n‹{row_id}›", "message_id": 7, "reply_parameters": "{}" if reply else None}


def test_alerts_are_told_once_or_marked() -> None:
    program = stored(**WELL, outbox=[alert(1, filled=10)])
    screen = {7: {"text": "filled"}}
    once = [said(1), said(1, reply=True)]
    assert told(program, once, screen, icons=ICONS).faults == []
    assert told(program, [*once, said(1)], screen, icons=ICONS).faults
    assert told(program, [*once, said(1, "♻️ 재전송")], screen, icons=ICONS).faults == []
    assert told(program, [said(1)], screen, icons=ICONS).faults  # the fill was not said
    assert told(program, once, {}, icons=ICONS).faults  # the message is not there


def test_facts_without_an_alert_are_seen() -> None:
    screen = {7: {"text": "filled"}}
    assert told(stored(**WELL), [], screen, icons=ICONS).faults
    untold = stored(**WELL, outbox=[alert(1, filled=10, done_at=None)])
    assert told(untold, [said(1), said(1, reply=True)], screen, icons=ICONS).faults
    message = [{"kind": "order", "of": "1", "message_id": 7}]
    stale = stored(**WELL, outbox=[alert(1, filled=10)], chat_messages=message)
    assert told(stale, [said(1), said(1, reply=True)], {7: {"text": "accepted"}}, icons=ICONS).faults


def test_a_stop_whose_run_has_no_end_is_seen() -> None:
    decisions = [{"id": 1, "symbol": "NASDAQ:TQQQ", "action": "stop"}]
    end = {"id": 1, "kind": "stop_finished", "body": json.dumps({"symbol": {"ticker": "TQQQ"}}), "done_at": AT}
    for ended_at, faults in ((AT, 0), (None, 1)):
        run = {"decision_id": 1, "ended_at": ended_at, "outcome": ended_at and "flat"}
        program = stored(**WELL, decisions=decisions, outbox=[end], stop_runs=[run])
        assert len(after(program, truth(placed(5))).faults) == faults
