"""A pinned message that keeps itself up to date: beside the alerts, never before them (telegram-bot-api 4.11, 9.5).
See decision 0139."""

import logging
from contextlib import suppress
from datetime import datetime

from aiogram.types import MessageEntity

from bot.alerts.alert_channel import AlertChat
from bot.transport.api_errors import DASHBOARD_PAUSES, TELEGRAM_FAILURES
from bot.transport.sender import Gone
from bot.ui.blocks import joined
from bot.ui.screen import Screen
from bot.views.news.dashboard import dashboard, retired
from strategy.control.control import Control
from strategy.model import TradingError

log = logging.getLogger(__name__)

_MESSAGE = "dashboard"  # of the chat as it is now: one of a chat that has moved since is none of the new chat's
_STALE_S = 300.0  # and at least this often, so that its age is true


class Dashboard:
    """One chat's dashboard, in real time; its message outlives a restart."""

    def __init__(self, chat: AlertChat, control: Control) -> None:
        self._chat = chat
        self._control = control
        self._shown: tuple[str, list[MessageEntity]] | None = None  # without its age
        self._shown_at: datetime | None = None
        self._failures = 0

    async def run(self) -> None:
        """Keep it up to date until cancelled; what is wrong with it is logged and disturbs nothing else."""
        while True:
            await self._chat.gate.opened()
            try:
                await (self._show() if self._control.system.alert_rules().dashboard else self._retire())
                self._failures = 0
            except TELEGRAM_FAILURES as error:
                self._failures += 1
                log.info("dashboard not shown", extra={"error": type(error).__name__})
                await self._chat.heed(error)
            except TradingError as error:
                log.info("dashboard not made", extra={"error": type(error).__name__})
            await self._chat.wall.sleep(DASHBOARD_PAUSES.pause(self._failures))

    async def _show(self) -> None:
        ui = await self._chat.ui()
        status, holdings = await self._control.status.now(), await self._control.holdings.view(fresh=False)
        screen = dashboard(status, holdings, ui)
        content = joined(screen.blocks[:-1]).render()
        now = self._chat.wall.now()
        fresh = self._shown_at is not None and (now - self._shown_at).total_seconds() < _STALE_S
        if fresh and content == self._shown:
            return
        await self._put(screen)
        self._shown, self._shown_at = content, now

    async def _put(self, screen: Screen) -> None:
        """Edit the message; where there is none any more, send one without a sound and pin it."""
        message_id = await self._message_id()
        if message_id is not None:
            try:
                await self._chat.sender.edit(self._chat.id, message_id, screen)
            except Gone:
                pass
            else:
                return
        message_id = await self._chat.sender.send(self._chat.id, screen, silent=True)
        await self._chat.messages.keep(self._chat.id, _MESSAGE, message_id)
        try:
            await self._chat.bot.pin_chat_message(self._chat.id, message_id, disable_notification=True)
        except TELEGRAM_FAILURES as error:
            log.warning("dashboard not pinned", extra={"error": type(error).__name__})

    async def _retire(self) -> None:
        """Unpin and empty the message of a dashboard that was switched off."""
        message_id = await self._message_id()
        if message_id is None:
            return
        with suppress(Gone):
            await self._chat.sender.edit(self._chat.id, message_id, retired(await self._chat.ui()))
        with suppress(*TELEGRAM_FAILURES):
            await self._chat.bot.unpin_chat_message(self._chat.id, message_id=message_id)
        await self._chat.messages.forget(self._chat.id, _MESSAGE)
        self._shown = None

    async def _message_id(self) -> int | None:
        return await self._chat.messages.of(self._chat.id, _MESSAGE)
