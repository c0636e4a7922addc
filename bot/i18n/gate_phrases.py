"""The short phrases in which the core writes down what a gate saw, said in a person's language.

A record keeps them as they were at the time of the check; what is not known here is shown as it was written.
"""

import re
from collections.abc import Callable
from functools import partial

from bot.i18n import terms as words
from bot.i18n.formats import shares
from bot.i18n.translator import Tongue
from strategy.model import Mode

Say = Callable[[re.Match[str], Tongue], str]


def phrase(text: str, t: Tongue) -> str:
    """Return a gate's value, threshold or detail in words."""
    for pattern, say in _PHRASES:
        found = pattern.fullmatch(text)
        if found:
            return say(found, t)
    return text


def why_so(reason: str, t: Tongue) -> str:
    """Return the reason of a lock or a mode: a key of the core, or words as they were given."""
    return {
        "stop_loss": t("a stop-loss fired"),
        "take_profit": t("a take-profit fired"),
        "trailing_stop": t("a trailing stop fired"),
        "split_guard": t("the price jumped overnight: a split?"),
        "daily_loss_limit": t("the daily loss limit was reached"),
        "not_armed": t("real trading is not armed yet: /arm"),
        "panic": t("a panic was asked for"),
        "hand_order": t("an order was placed by hand"),
        "order_desk_failed": t("the order desk failed"),
        "storage_failed": t("a record could not be stored"),
        "stop_watch_failed": t("the stop watcher keeps failing"),
        "stop_watch_down": t("the stop watcher is being started again"),
        "chat": "",
        "default": "",
    }.get(reason, reason)


def _bars(interval: str, t: Tongue) -> str:
    return t("day") if interval == "day" else t("{n} min", n=interval)


def _bound(name: str, t: Tongue) -> str:
    return {
        "rate": t("the set rate"),
        "cash": t("cash"),
        "broker_max": t("the broker's maximum"),
        "minimum_one": t("at least one share"),
        "sellable": t("sellable shares"),
        "holding": t("the holding"),
    }.get(name, name.upper())


def _cross(found: re.Match[str], t: Tongue) -> str:
    where = t("on the newest bar") if found[1] == "0" else t("{n} bars back", n=found[1])
    return t("{where}, holds", where=where) if found[2] == "holds" else t("{where}, reversed since", where=where)


def _cross_wanted(found: re.Match[str], t: Tongue) -> str:
    if found[1] == "golden":
        return t("golden cross within {n} bars", n=found[2])
    return t("dead cross within {n} bars", n=found[2])


def _caps(found: re.Match[str], _: Tongue) -> str:
    return found[0].upper()


def _word(text: str, say: Callable[[Tongue], str]) -> tuple[re.Pattern[str], Say]:
    return re.compile(re.escape(text)), lambda _, t: say(t)


_PHRASES: tuple[tuple[re.Pattern[str], Say], ...] = (
    _word("unknown", lambda t: t("not known")),
    _word("not asked", lambda t: t("not asked")),
    _word("yes", lambda t: t("yes")),
    _word("no", lambda t: t("no")),
    _word("open", lambda t: t("open")),
    _word("closed", lambda t: t("closed")),
    _word("free", lambda t: t("free")),
    _word("off", lambda t: t("off")),
    _word("none", lambda t: t("none")),
    _word("none yet", lambda t: t("none yet")),
    _word("within", lambda t: t("within")),
    _word("within the limits", lambda t: t("within the limits")),
    _word("tick", lambda t: t("a live trade")),
    _word("poll", lambda t: t("the price asked for")),
    _word("check", lambda t: t("the regular check")),
    _word("allows buys", lambda t: t("allows buys")),
    _word("allows sells", lambda t: t("allows sells")),
    _word("bars complete", lambda t: t("bars complete")),
    _word("bars missing", lambda t: t("bars missing")),
    _word("bars unknown", lambda t: t("bars not known")),
    *(_word(mode.value, partial(words.mode, mode)) for mode in Mode),
    *(_word(key, partial(why_so, key)) for key in ("stop_loss", "take_profit", "trailing_stop", "split_guard")),
    (re.compile(r"broker (-?[\d.]+)%"), lambda m, t: t("broker's last figure {rate}%", rate=m[1])),
    (re.compile(r"broker None%"), lambda _, t: t("broker's figure not known")),
    (re.compile(r"(\d+) shares"), lambda m, t: t("{qty} sh.", qty=shares(int(m[1])))),
    (re.compile(r"(\d+):(\d\d)"), lambda m, t: t("{m} min {s} s", m=m[1], s=int(m[2]))),
    (re.compile(r"(\d+) bars ago, (holds|reversed)"), _cross),
    (re.compile(r"(golden|dead) cross within (\d+) bars"), _cross_wanted),
    (re.compile(r">= (\d+) min"), lambda m, t: t("at least {n} min", n=m[1])),
    (re.compile(r"<= (\d+) s"), lambda m, t: t("at most {n} s", n=m[1])),
    (re.compile(r"([\d.]+) s"), lambda m, t: t("{n} s", n=m[1])),
    (
        re.compile(r">= 1 share by ([\d.]+) of cash, fees included"),
        lambda m, t: t("at least 1 share for {rate} of the cash, fees included", rate=m[1]),
    ),
    (
        re.compile(r"(\d\d:\d\d-\d\d:\d\d) ET, venue open"),
        lambda m, t: t("{span} New York, market open", span=m[1]),
    ),
    (
        re.compile(r"not halted, spread <= ([\d.]+)%, last at its book"),
        lambda m, t: t("not halted, spread at most {rate}%, price at its book", rate=m[1]),
    ),
    (  # of decisions stored by an earlier version
        re.compile(r"not halted, spread <= ([\d.]+)%"),
        lambda m, t: t("not halted, spread at most {rate}%", rate=m[1]),
    ),
    (
        re.compile(r"(day|\d+), (\d+) bars, (\d+) moved"),
        lambda m, t: t(
            "{interval} bars: {n}, {moves} of the newest moved", interval=_bars(m[1], t), n=m[2], moves=m[3]
        ),
    ),
    (
        re.compile(r"(day|\d+), (\d+) bars"),
        lambda m, t: t("{interval} bars: {n}", interval=_bars(m[1], t), n=m[2]),
    ),
    (
        re.compile(r"bound by (\w+), wanted (\d+)"),
        lambda m, t: t("wanted {qty} sh., bound by {what}", qty=shares(int(m[2])), what=_bound(m[1], t)),
    ),
    (
        re.compile(r"sell (\d+), bound by (\w+)"),
        lambda m, t: t("sell {qty} sh., bound by {what}", qty=shares(int(m[1])), what=_bound(m[2], t)),
    ),
    (re.compile(r"(?:max|daily)_[a-z_]+(?:, [a-z_]+)*"), _caps),
)
