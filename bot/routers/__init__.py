"""One router per feature, in the order in which they are asked."""

from aiogram import Router

from bot.routers import (
    acknowledge,
    amend,
    confirm,
    failing,
    fallback,
    home,
    market,
    modes,
    notify,
    orders,
    overview,
    panic,
    price_alerts,
    results,
    settings,
    setup,
    system,
    trade,
)

DIALOGS = (modes, settings, trade, amend, market, price_alerts)
"""Routers with dialogs: an open question takes plain words before any alias of a command does."""

OTHERS = (confirm, acknowledge, home, overview, orders, results, notify, setup, system, panic)


def make_routers() -> list[Router]:
    """Return fresh routers; dialogs come before commands, the fallback last."""
    return [module.make_router() for module in (failing, *DIALOGS, *OTHERS, fallback)]
