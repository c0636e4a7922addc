"""What must be true of a program that was killed: at any moment, and once it has had time to recover."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.kill.books import OPEN, UNSURE, Placed, Row, Stored, Truth

Json = dict[str, Any]

NOT_FOUND = "order.not_found"
SENT_AGAIN = "♻️"
_OF_STOPS = ("stop_loss", "take_profit", "trailing_stop")
_CLOCKS = timedelta(seconds=15)  # the broker's clock and the program's may be eight seconds apart


@dataclass(slots=True)
class Verdict:
    """Faults found, in words, and how many of each kind the promise names."""

    faults: list[str] = field(default_factory=list)
    duplicates: int = 0
    unowned: int = 0
    lost: int = 0  # shares
    stops: int = 0  # that fired
    ends: int = 0  # of stops, told

    def blame(self, text: str) -> None:
        self.faults.append(text)


def at_death(stored: Stored, truth: Truth) -> Verdict:
    """Judge what a killed program left: each order at the broker was intended first, and no fill is made up."""
    verdict = Verdict()
    waiting = [row for row in stored.orders if _may_be_lost(row) and row["no"] not in stored.owners.values()]
    seen: dict[int, Placed] = {}
    for placed in truth.placed:
        row = _owner(stored, placed, verdict)
        if row is None:
            if not placed.by_hand:
                _intended(placed, waiting, verdict)
            continue
        if row["no"] in seen:
            verdict.duplicates += 1
            verdict.blame(f"order {row['no']} was placed twice: {seen[row['no']]} and {placed}")
        seen[row["no"]] = placed
        if placed.by_hand is not (row["origin"] == "external"):
            verdict.unowned += 1
            verdict.blame(f"order {row['no']} ({row['origin']}) owns {placed}, by hand: {placed.by_hand}")
        if (row["symbol"].partition(":")[2], row["side"], row["qty"]) != (placed.symbol, placed.side, placed.qty):
            verdict.blame(f"order {row['no']} is not {placed}")
        qty, amount = stored.filled(row["no"])
        if qty > placed.filled or (qty == placed.filled and amount != placed.amount):
            verdict.blame(f"order {row['no']} has fills of {qty} ({amount}), the broker {placed.filled}")
        if (row["filled_qty"], Decimal(row["filled_amount"])) != (qty, amount):
            verdict.blame(f"order {row['no']} tells {row['filled_qty']} filled, its fills {qty}")
    for number, no in stored.owners.items():
        if number not in truth.by_number:
            verdict.blame(f"order {no} carries a number the broker never gave: {number}")
    _decisions(stored, verdict)
    return verdict


def recovered(stored: Stored, truth: Truth, *, held_before: Mapping[str, int], cash_before: Decimal) -> Verdict:
    """Judge a program that has had time: everything equal, nothing in doubt, nothing untold."""
    verdict = at_death(stored, truth)
    by_no = {row["no"]: row for row in stored.orders}
    for row in stored.orders:
        if row["status"] in UNSURE:
            verdict.blame(f"order {row['no']} is still {row['status']}")
    for placed in truth.placed:
        no = next((stored.owners[number] for number in placed.numbers if number in stored.owners), None)
        if no is None:
            verdict.unowned += 1
            verdict.blame(f"nobody owns {placed}")
            continue
        row = by_no[no]
        qty, amount = stored.filled(no)
        verdict.lost += max(0, placed.filled - qty)
        if (qty, amount) != (placed.filled, placed.amount):
            verdict.blame(f"order {no}: {qty} filled for {amount}, at the broker {placed.filled} for {placed.amount}")
        if (row["status"] in OPEN) is not placed.works:
            verdict.blame(f"order {no} is {row['status']}, working at the broker: {placed.works}")
    _account(stored, truth, held_before, cash_before, verdict)
    _stops(stored, verdict)
    untold = [row["id"] for row in stored.outbox if row["done_at"] is None]
    if untold:
        verdict.blame(f"alerts not delivered: {untold}")
    return verdict


def pace_of_signals(truth: Truth, stored: Stored, *, delay: timedelta) -> list[str]:
    """Return where the rule ordered twice within its delay (D5): the same signal acted on by two lives."""
    origins = {row["no"]: row["origin"] for row in stored.orders}
    newest: dict[tuple[str, str], datetime] = {}
    found = []
    for placed in truth.placed:
        no = next((stored.owners[number] for number in placed.numbers if number in stored.owners), None)
        if no is None or origins[no] != "signal" or (stored.filled(no)[0] == 0 and not placed.works):
            continue  # refused ones do not count
        key = (placed.symbol, placed.side)
        if key in newest and placed.placed_at - newest[key] < delay:
            found.append(f"order {no} {placed} came {placed.placed_at - newest[key]} after another of the rule")
        newest[key] = placed.placed_at
    return found


def _owner(stored: Stored, placed: Placed, verdict: Verdict) -> Row | None:
    owners = {stored.owners[number] for number in placed.numbers if number in stored.owners}
    if len(owners) > 1:
        verdict.blame(f"orders {sorted(owners)} share {placed}")
    return next((row for row in stored.orders if row["no"] in owners), None)


def _may_be_lost(row: Row) -> bool:
    return row["status"] in ("sent", "unknown") or (row["status"] == "rejected" and NOT_FOUND in row["reason"])


def _intended(placed: Placed, waiting: list[Row], verdict: Verdict) -> None:
    """Find the one intent an order without an owner can have come from."""
    for row in waiting:
        asked = (row["symbol"].partition(":")[2], row["side"], row["qty"], Decimal(row["asked_price"]))
        in_time = placed.placed_at >= datetime.fromisoformat(row["created_at"]) - _CLOCKS
        if in_time and asked == (placed.symbol, placed.side, placed.qty, placed.price):
            waiting.remove(row)
            return
    verdict.duplicates += 1
    verdict.blame(f"no intent is left that {placed} can have come from")


def _decisions(stored: Stored, verdict: Verdict) -> None:
    """One decision of the rule leads to one order at most; a stop's ladder may place several."""
    signals = Counter(row["decision_id"] for row in stored.orders if row["origin"] == "signal" and row["decision_id"])
    for decision, count in signals.items():
        if count > 1:
            verdict.duplicates += 1
            verdict.blame(f"decision {decision} led to {count} orders")


def _stops(stored: Stored, verdict: Verdict) -> None:
    """Each stop that fired has its end told once, whichever life it came to it in."""
    fired = Counter(row["symbol"].partition(":")[2] for row in stored.tables["decisions"] if row["action"] == "stop")
    bodies = [json.loads(row["body"]) for row in stored.outbox if row["kind"] == "stop_finished"]
    ended = Counter(body["symbol"]["ticker"] for body in bodies)
    verdict.stops, verdict.ends = fired.total(), ended.total()
    if fired != ended:
        verdict.blame(f"stops fired {dict(fired)}, ends told {dict(ended)}")
    runs = stored.tables["stop_runs"]
    if len(runs) != fired.total() or any(row["ended_at"] is None for row in runs):
        verdict.blame(
            f"{fired.total()} stops fired, their runs: {[(row['decision_id'], row['outcome']) for row in runs]}"
        )


def _account(
    stored: Stored, truth: Truth, held_before: Mapping[str, int], cash_before: Decimal, verdict: Verdict
) -> None:
    held, spent = Counter(held_before), Decimal(0)
    for row in stored.orders:
        qty, amount = stored.filled(row["no"])
        buying = row["side"] == "buy"
        held[row["symbol"].partition(":")[2]] += qty if buying else -qty
        spent += amount if buying else -amount
    positions = {symbol: qty for symbol, qty in held.items() if qty}
    if positions != truth.positions:
        verdict.blame(f"held by the fills {positions}, at the broker {truth.positions}")
    if cash_before - spent - truth.fees != truth.cash:
        verdict.blame(f"cash by the fills {cash_before - spent - truth.fees}, at the broker {truth.cash}")
    known = {row["symbol"].partition(":")[2]: row["qty"] for row in stored.tables["positions_agreed"] if row["qty"]}
    if known != truth.positions:
        verdict.blame(f"agreed on {known}, at the broker {truth.positions}")


# alerts


@dataclass(slots=True)
class Told:
    """The alerts of a group, as the chat has them."""

    expected: int = 0
    delivered: int = 0
    repeated: int = 0  # said twice, and said so
    faults: list[str] = field(default_factory=list)


def told(stored: Stored, sends: Sequence[Json], screen: Mapping[int, Json], *, icons: Mapping[str, str]) -> Told:
    """Judge the chat: every alert is there, once, or again with the remark that it may be a repeat."""
    result = Told(expected=len(stored.outbox))
    by_row = _by_row(sends)
    for row in stored.outbox:
        if row["done_at"] is None or row["gave_up"]:
            result.faults.append(f"alert {row['id']} ({row['kind']}) was not delivered")
            continue
        if row["message_id"] not in screen:
            result.faults.append(f"alert {row['id']} ({row['kind']}) names a message that is not in the chat")
            continue
        result.delivered += 1
    for (row_id, reply), texts in by_row.items():
        unmarked = sum(SENT_AGAIN not in text for text in texts)
        result.repeated += len(texts) - 1
        if unmarked > 1:
            result.faults.append(f"alert {row_id} is {unmarked} times in the chat without saying so (reply: {reply})")
    result.faults += _unsaid(stored)
    result.faults += _unheard(stored, by_row)
    result.faults += _living(stored, screen, icons)
    return result


def _unsaid(stored: Stored) -> list[str]:
    """Return what is on disk without an alert of it: fills, and how an order stands now."""
    said: dict[int, int] = {}
    newest: dict[int, str] = {}
    for row in stored.outbox:
        if row["kind"] == "order_changed":
            body = json.loads(row["body"])
            no = int(row["order_no"])
            newest[no] = body["order"]["status"]
            said[no] = said.get(no, 0) + (body["last_fill"] or {"qty": 0})["qty"]
    found = []
    for order in stored.orders:
        no = order["no"]
        if order["origin"] == "external":
            continue  # told as found, with what was filled by then
        if said.get(no, 0) != order["filled_qty"]:
            found.append(f"order {no}: fills of {order['filled_qty']}, alerts of {said.get(no, 0)}")
        if newest.get(no) != order["status"]:
            found.append(f"order {no} is {order['status']}, its newest alert says {newest.get(no)}")
    return found


def _unheard(stored: Stored, by_row: Mapping[tuple[int, bool], Sequence[str]]) -> list[str]:
    """Return which orders' fills never rang: the first rings in a reply, a stop's in the message of the stop."""
    rows: dict[int, list[int]] = {}
    for row in stored.outbox:
        if row["kind"] == "order_changed" and json.loads(row["body"]).get("last_fill") is not None:
            rows.setdefault(int(row["order_no"]), []).append(row["id"])
    orders = {row["no"]: row for row in stored.orders}
    stories = {row["of"].removeprefix("stop:") for row in stored.tables["chat_messages"] if row["kind"] == "order"}
    return [
        f"the fills of order {no} were told by no reply"
        for no, ids in rows.items()
        if not any(by_row.get((each, True)) for each in ids)
        and not (orders[no]["origin"] in _OF_STOPS and orders[no]["symbol"] in stories)
    ]


def _by_row(sends: Sequence[Json]) -> dict[tuple[int, bool], list[str]]:
    """Return the texts sent for each row, living messages and replies for fills apart."""
    found: dict[tuple[int, bool], list[str]] = {}
    for send in sends:
        head, _, tag = str(send["text"]).rpartition("‹")
        if head and tag.endswith("›"):
            found.setdefault((int(tag[:-1]), bool(send.get("reply_parameters"))), []).append(head)
    return found


def _living(stored: Stored, screen: Mapping[int, Json], icons: Mapping[str, str]) -> list[str]:
    """Return which orders' living messages do not show how the order stands."""
    orders = {row["no"]: row for row in stored.orders}
    found = []
    for row in stored.tables["chat_messages"]:
        if row["kind"] != "order" or not row["of"].isdigit():
            continue  # the message of a stop, or of a cancel
        order = orders[int(row["of"])]
        text = (screen.get(row["message_id"]) or {}).get("text") or ""
        if order["origin"] != "external" and icons[order["status"]] not in text:
            found.append(f"the message of order {order['no']} does not say that it is {order['status']}: {text[:60]!r}")
    return found
