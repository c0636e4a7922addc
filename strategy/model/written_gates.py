"""Gates as versions before this one stored them, in English phrases: read back into their values.

Phrases that are not known here are kept as they were written.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Fields = dict[str, Any]
Read = Callable[[Fields], Fields]

_BETWEEN = "\n"  # value, threshold and detail of a gate
_OF_COUNTS = frozenset({"max_orders_per_day", "max_open_tickers"})


def typed(gates: object) -> object:
    """Return stored gates with those that are words as fields of the classes that carry values now."""
    if not isinstance(gates, list) or not gates or not isinstance(gates[0], dict) or "key" in gates[0]:
        return gates
    return [_typed(gate) for gate in gates]


def _typed(gate: Mapping[str, Any]) -> Fields:
    name, words = gate["name"], (gate["value"], gate["threshold"], gate.get("detail", ""))
    plain = {"side": gate["side"], "passed": gate["passed"]}
    pattern, read = _READERS.get(name, (None, dict))
    found = pattern.fullmatch(_BETWEEN.join(words)) if pattern else None
    if found is None:
        return {
            "key": "written",
            **plain,
            "name": name,
            "observed": words[0],
            "threshold": words[1],
            "detail": words[2],
        }
    return {"key": name, **plain, **read(found.groupdict())}


def _with_bars(found: Fields) -> Fields:
    bars = {name: found.pop(name) for name in ("interval", "count", "moved")}
    return {**found, "bars": bars if bars["interval"] else None}


def _cross(found: Fields) -> Fields:
    age, now, none = found.pop("age"), found.pop("now"), found.pop("none")
    cross = {"value": {"age": age, "holds": now == "holds"} if age else None} if age or none else None
    return {**_with_bars(found), "observed": cross, "wanted": found["wanted"] or "none", "within": found["within"] or 0}


def _hours(found: Fields) -> Fields:
    return {**found, "observed": found["observed"] == "open"}


def _fresh(found: Fields) -> Fields:
    return {**found, "bars_complete": {"complete": True, "missing": False, "unknown": None}[found["bars_complete"]]}


def _quote(found: Fields) -> Fields:
    return {**found, "book_asked": found["book_asked"] is not None}


def _delay(found: Fields) -> Fields:
    none, minutes, seconds = (found.pop(name) for name in ("none", "minutes", "seconds"))
    waited = int(minutes) * 60 + int(seconds) if minutes else None
    return {**found, "observed": {"value": waited} if minutes or none else None}


def _cash(found: Fields) -> Fields:
    return {"asked": not found.pop("unasked"), **found}


def _caps(found: Fields) -> Fields:
    broken = found["broken"].split(", ") if found["broken"] else []
    first = _refusal(broken[0], found["value"], found["limit"]) if broken else None
    return {"observed": first, "broken": broken, "asked": found["value"] != "not asked"}


def _refusal(cap: str, value: str, limit: str) -> Fields:
    value, bare = (text.strip("$%").replace(",", "") for text in (value, limit))
    figure = int if cap in _OF_COUNTS else str
    share = str(Decimal(bare) / 100) if limit.endswith("%") else bare
    return {"cap": cap, "value": None if value == "unknown" else figure(value), "limit": figure(share)}


def _stop(found: Fields) -> Fields:
    shown, rate = found.pop("broker"), found.pop("rate")
    return {**found, "broker_rate": {"value": rate} if shown else None}


def _phrases(value: str, threshold: str, detail: str = "") -> re.Pattern[str]:
    return re.compile(_BETWEEN.join((value, threshold, detail)).replace("#", r"-?[\d.]+"))


_BARS = r"(?:(?P<interval>\w+), (?P<count>\d+) bars(?:, (?P<moved>\d+) moved)?)?"
_BOUND = r"bound by (?P<bound>\w+)"
_RSI = _phrases("(?:unknown|(?P<observed>#))", "[<>]= (?P<threshold>#)", _BARS)
_WAITED = _phrases(
    r"(?:off|unknown|(?P<none>none yet)|(?P<minutes>-?\d+):(?P<seconds>\d\d))", r">= (?P<threshold>\d+) min"
)
_STOP = _phrases(
    "(?:unknown|(?P<observed>#)%)",
    "(?:off|[<>]= (?P<threshold>#)%)",
    "(?:(?P<broker>broker) (?:None|(?P<rate>#))%|(?P<fired_by>tick|poll|check))?",
)
_READERS: dict[str, tuple[re.Pattern[str], Read]] = {
    "rsi_oversold": (_RSI, _with_bars),
    "rsi_overbought": (_RSI, _with_bars),
    "macd_confirm": (
        _phrases(
            r"(?:off|unknown|(?P<none>none)|(?P<age>\d+) bars ago, (?P<now>holds|reversed))",
            r"(?:off|(?P<wanted>golden|dead) cross within (?P<within>\d+) bars)",
            _BARS,
        ),
        _cross,
    ),
    "mode": (_phrases(r"(?P<observed>run|pause_buys|protect_only|halted)", r"allows \w+"), dict),
    "hours": (_phrases("(?P<observed>open|closed)", r"(?P<begins>[\d:]+)-(?P<ends>[\d:]+) ET, venue open"), _hours),
    "lock": (_phrases("(?:free|(?P<observed>.+))", "free"), dict),
    "data_fresh": (
        _phrases(
            "(?:unknown|(?P<observed>#) s)",
            r"<= (?P<threshold>\d+) s",
            "bars (?P<bars_complete>complete|missing|unknown)",
        ),
        _fresh,
    ),
    "quote_usable": (
        _phrases(
            "(?:unknown|(?P<observed>yes|no))",
            "not halted, spread <= (?P<threshold>#)%(?P<book_asked>, last at its book)?",
        ),
        _quote,
    ),
    "reconciled": (_phrases("(?:unknown|(?P<observed>yes|no))", "yes"), dict),
    "buy_delay": (_WAITED, _delay),
    "sell_delay": (_WAITED, _delay),
    "no_open_order": (_phrases(r"(?:unknown|(?P<observed>\d+))", "0"), dict),
    "cash": (
        _phrases(
            r"(?:unknown|(?P<unasked>not asked)|(?P<observed>\d+) shares)",
            ">= 1 share by (?P<threshold>#) of cash, fees included",
            rf"(?:{_BOUND}, wanted (?P<wanted>\d+))?",
        ),
        _cash,
    ),
    "holding": (_phrases(r"(?:unknown|(?P<observed>\d+))", "> 0", rf"(?:sell (?P<size>\d+), {_BOUND})?"), dict),
    "caps": (_phrases("(?P<value>.+)", "(?P<limit>.+)", "(?P<broken>[a-z_]+(?:, [a-z_]+)*)?"), _caps),
    "stop_loss": (_STOP, _stop),
    "take_profit": (_STOP, _stop),
    "trailing_stop": (_STOP, _stop),
}
