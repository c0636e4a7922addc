"""Changing settings by a reviewed step: preview, one confirmed press, history, undo."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from strategy.control.setting_effects import Effects
from strategy.model import (
    BrokerError,
    InvalidInput,
    Kept,
    Outcome,
    OutcomeKind,
    Said,
    SettingChange,
    SettingChanged,
    SettingPreview,
    SettingView,
    StopsOff,
    Symbol,
)
from strategy.runtime.confirmations import Confirmations, Confirmed, changed, every
from strategy.settings.schema import MENU
from strategy.settings.store import TICKERS, Draft, SettingsStore
from strategy.stops.unprotected import CONFIRMING_WORDS, Unprotected, is_confirmed, type_the_word


class SettingsNote(StrEnum):
    WATCH_INSTEAD = "settings_note.watch_instead"


SETTING = "setting"


class TickersKeeper(Protocol):
    """Whoever keeps the watch list: its changes pass checks of their own."""

    async def examine(self, draft: Draft) -> None:
        """Check a change of TRADING_TICKERS; raise InvalidInput for what may not be."""

    async def apply(self, draft: Draft, *, user_id: int | None) -> SettingChange:
        """Examine again and store; raise as `examine` does."""


class SettingService:
    """Previews drafts of the settings book and applies them once."""

    def __init__(
        self,
        *,
        settings: SettingsStore,
        effects: Effects,
        unprotected: Unprotected,
        presses: Confirmations,
        tickers: TickersKeeper,
    ) -> None:
        self._settings = settings
        self._unprotected = unprotected
        self._tickers = tickers
        self._effects = effects
        self._confirmations = presses
        presses.register(SETTING, self, of_owners=every)

    def menu(self) -> Sequence[SettingView]:
        return self._settings.menu()

    def get(self, name: str) -> SettingView:
        """Raise InvalidInput naming the nearest setting when there is none of that name."""
        return self._settings.view(name)

    async def preview(
        self, user_id: int, name: str, value: str, *, symbol: Symbol | None, until: datetime | None
    ) -> SettingPreview:
        """Check a value with the models that read `.env`; InvalidInput tells the allowed range."""
        if MENU[self._settings.known(name)].by_command:
            raise InvalidInput(f"{name} has commands of its own", user_message=_WATCH)
        draft = self._settings.draft(name, value, symbol=symbol, until=until)
        return await self._issue(user_id, draft, {"how": "set", "value": value})

    async def preview_reset(self, user_id: int, name: str, *, symbol: Symbol | None) -> SettingPreview:
        return await self._issue(user_id, self._settings.draft_reset(name, symbol=symbol), {"how": "reset"})

    async def preview_undo(self, user_id: int, change: int | None = None) -> SettingPreview:
        """Show the newest change not yet taken back, taken back; or the change of that id, as long as it holds."""
        return await self._issue(user_id, self._settings.draft_undo(change), {"how": "undo", "change": change})

    async def history(self, limit: int = 20) -> Sequence[SettingChange]:
        return await self._settings.history(limit)

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:
        """Ask for the words before a stop is switched off; the button stays good until they are typed."""
        return None if not payload.get("unprotects") or is_confirmed(typed) else type_the_word()

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Draft again and apply, unless the value has changed since it was shown."""
        try:
            draft = self._again(press.payload)
            stops_off = self._stops_off(draft)
            if dict(press.fingerprint) != self._fingerprint(draft, stops_off):
                return changed()
            keeper = self._tickers if draft.name == TICKERS else self._settings
            change = await keeper.apply(draft, user_id=press.user_id)
        except (InvalidInput, BrokerError) as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message)
        of = f" ({draft.symbol.ticker})" if draft.symbol else ""
        line = f"{draft.name}{of}: {change.old} → {draft.result}"
        told = SettingChanged(at=change.set_at, change=change)
        return Outcome(kind=OutcomeKind.DONE, text=Said(Kept.WORDS, words=line), stops_off=stops_off, news=(told,))

    def _again(self, payload: Mapping[str, Any]) -> Draft:
        symbol = Symbol.parse(payload["symbol"]) if payload["symbol"] else None
        if payload["how"] == "reset":
            return self._settings.draft_reset(payload["name"], symbol=symbol)
        if payload["how"] == "undo":
            return self._settings.draft_undo(payload.get("change"))
        until = datetime.fromisoformat(payload["until"]) if payload["until"] else None
        return self._settings.draft(payload["name"], payload["value"], symbol=symbol, until=until)

    async def _issue(self, user_id: int, draft: Draft, how: Mapping[str, Any]) -> SettingPreview:
        ticket, stops_off = None, self._stops_off(draft)
        if draft.name == TICKERS:
            await self._tickers.examine(draft)
        if draft.changes:
            payload = {
                **how,
                "unprotects": stops_off is not None,
                "name": draft.name,
                "symbol": str(draft.symbol) if draft.symbol else None,
                "until": draft.until.isoformat() if draft.until else None,
            }
            ticket = await self._confirmations.issue(SETTING, user_id, payload, self._fingerprint(draft, stops_off))
        return SettingPreview(
            name=draft.name,
            symbol=draft.symbol,
            old=draft.old,
            new=draft.result,
            allowed=self._settings.allowed(draft.name),
            effects=await self._effects.of(draft),
            until=draft.until,
            ticket=ticket.id if ticket else None,
            expires_at=ticket.expires_at if ticket else None,
            stops_off=stops_off,
            typed_words={} if stops_off is None else CONFIRMING_WORDS,
        )

    def _stops_off(self, draft: Draft) -> StopsOff | None:
        return self._unprotected.by_settings(lambda symbol: self._settings.trial(draft, symbol))

    def _fingerprint(self, draft: Draft, stops_off: StopsOff | None) -> dict[str, Any]:
        """Return what a person was shown; without the stops it takes off no press may take any off."""
        shown = self._unprotected.fingerprint(stops_off)
        return {"old": draft.old, "new": draft.new, "undoes": draft.undoes, **shown}


_WATCH = Said(SettingsNote.WATCH_INSTEAD)
