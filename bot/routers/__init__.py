"""One router per feature, in the order in which they are asked."""

from aiogram import Router

from bot.routers import confirm, failing, fallback, home, look, modes, orders, settings, trade


def make_routers() -> list[Router]:
    """Return fresh routers; dialogs come before commands, the fallback last."""
    return [module.make_router() for module in (failing, modes, settings, confirm, home, look, orders, trade, fallback)]
