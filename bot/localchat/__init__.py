"""A local Telegram: Bot API server and chat page on loopback, without a token and without the internet."""

from bot.localchat.limits import Rates
from bot.localchat.server import DEFAULT_OWNER_ID, DEFAULT_TOKEN, LocalChat

__all__ = ["DEFAULT_OWNER_ID", "DEFAULT_TOKEN", "LocalChat", "Rates"]
