"""The settings in force: default < `.env` < chat, per ticker, until an expiry; with history and undo.

Every change is checked by the model that reads `.env`, for the account and for each ticker with overrides, now and
at each later instant an override expires, so that no combination can come true that start-up would have refused.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from strategy.model import (
    Clock,
    InvalidInput,
    Said,
    SettingChange,
    SettingChanged,
    SettingSource,
    SettingView,
    StorageError,
    Symbol,
)
from strategy.ports import SettingsJournal
from strategy.settings.messages import allowed, choices, plain_faults
from strategy.settings.schema import MENU, TradingSettings, setting_text


class SettingNote(StrEnum):
    TICKERS_FORM = "setting_change.tickers_form"
    HOURS_FORM = "setting_change.hours_form"
    PAST = "setting_change.past"
    NOT_CHANGED = "setting_change.not_changed"
    NOTHING_TO_UNDO = "setting_change.nothing_to_undo"
    CHANGED_SINCE = "setting_change.changed_since"
    NOT_PER_TICKER = "setting_change.not_per_ticker"
    DROPPED = "setting_change.dropped"
    NO_SUCH = "setting_change.no_such"
    NEAR = "setting_change.near"
    FOR_TICKER = "setting_change.for_ticker"
    LATER = "setting_change.later"
    MISFIT = "setting_change.misfit"


TICKERS = "TRADING_TICKERS"  # the setting that is the watch list
_WHOLE_HISTORY = 1_000_000
_FOREVER = datetime.max.replace(tzinfo=UTC)

Key = tuple[str, Symbol | None]

_FORMS = {
    "TRADING_TICKERS": Said(SettingNote.TICKERS_FORM),
    "QUIET_HOURS": Said(SettingNote.HOURS_FORM),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A checked change, not yet stored. `new` None takes the override back."""

    name: str
    symbol: Symbol | None
    old: str
    new: str | None
    result: str  # the value that will hold
    until: datetime | None
    undoes: int | None = None

    @property
    def changes(self) -> bool:
        return self.result != self.old or self.new is None or self.until is not None


class SettingsStore:
    """Effective settings, kept in memory and in the journal. Call `load` once before use."""

    def __init__(
        self, *, base: TradingSettings, env_names: frozenset[str], journal: SettingsJournal, clock: Clock
    ) -> None:
        self._base = base
        self._env_names = frozenset(name.upper() for name in env_names)
        self._journal = journal
        self._clock = clock
        self._rows: list[SettingChange] = []  # newest first
        self._dropped: set[Key] = set()  # overrides that no longer fit `.env`
        self._cache: dict[Symbol | None, TradingSettings] = {}
        self._cache_until = _FOREVER
        self._watchers: list[Callable[[], None]] = []

    async def load(self) -> Sequence[Said]:
        """Read the stored overrides; return a sentence for each one that `.env` no longer allows and is left out."""
        self._rows = list(await self._journal.history(_WHOLE_HISTORY))
        self._forget()
        return self._drop_misfits()

    # what holds

    @property
    def account(self) -> TradingSettings:
        """Return the settings in force for the account."""
        return self.of(None)

    @property
    def tickers(self) -> tuple[Symbol, ...]:
        return self.account.trading_tickers

    def of(self, symbol: Symbol | None) -> TradingSettings:
        """Return the settings in force for a ticker (overrides of the account underneath)."""
        now = self._clock.now()
        if now >= self._cache_until:
            self._forget()
        if symbol not in self._cache:
            self._cache[symbol] = self._combined(self._in_force(now), symbol)
            self._cache_until = min(self._cache_until, self._next_expiry(now))
        return self._cache[symbol]

    def of_ticker(self, symbol: Symbol) -> Sequence[SettingChange]:
        """Return what is set in the chat for this ticker alone and in force."""
        return [row for (_, of), row in self._in_force(self._clock.now()).items() if of == symbol]

    def value(self, name: str, symbol: Symbol | None = None) -> str:
        """Return the text in force of a setting, as `.env` would write it."""
        return setting_text(getattr(self.of(symbol), name.lower()))

    def source(self, name: str, symbol: Symbol | None = None) -> SettingSource:
        force = self._in_force(self._clock.now())
        if (name, symbol) in force or (name, None) in force:
            return SettingSource.CHAT
        return SettingSource.ENV if name in self._env_names else SettingSource.DEFAULT

    def on_change(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each change, so that precomputed thresholds can follow."""
        self._watchers.append(watcher)

    @property
    def next_expiry(self) -> datetime | None:
        """Return when the next timed override ends."""
        end = self._next_expiry(self._clock.now())
        return None if end == _FOREVER else end

    def take_expired(self, since: datetime) -> Sequence[SettingChange]:
        """Return overrides that held until their time ran out after `since`; watchers are called when there is one.

        One that was replaced, reset or undone before does not end again.
        """
        now = self._clock.now()
        gone = [row for row in self._rows if row.until and since < row.until <= now and self._held_to_its_end(row)]
        if gone:
            self._changed()
        return gone

    def _held_to_its_end(self, row: SettingChange) -> bool:
        end = row.until or _FOREVER
        at_the_end = in_force((other for other in self._rows if other.set_at < end), end - timedelta(microseconds=1))
        return at_the_end.get((row.name, row.symbol)) is row

    # views

    def menu(self) -> Sequence[SettingView]:
        return [self.view(name) for name in MENU]

    def view(self, name: str) -> SettingView:
        """Describe one setting; raise InvalidInput naming the nearest when there is none of that name."""
        name = self.known(name)
        shown = MENU[name]
        field = name.lower()
        force = self._in_force(self._clock.now())
        row = force.get((name, None))
        return SettingView(
            name=name,
            group=shown.group,
            value=self.value(name),
            source=self.source(name),
            allowed=self.allowed(name),
            choices=choices(TradingSettings, field),
            step=shown.step,
            changeable=not shown.by_command,
            of_ticker=shown.per_ticker,
            until=row.until if row else None,
            per_ticker=tuple(
                (symbol, self.value(name, symbol)) for other, symbol in force if other == name and symbol is not None
            ),
        )

    @staticmethod
    def allowed(name: str) -> Said:
        """Return the range or the choices of a setting."""
        return allowed(TradingSettings, name.lower()) or _FORMS[name]

    @staticmethod
    def known(name: str) -> str:
        """Return the `.env` name meant; raise InvalidInput naming the nearest."""
        wanted = name.strip().upper()
        if wanted in MENU:
            return wanted
        near = difflib.get_close_matches(wanted, MENU, n=1, cutoff=0.6)
        said = Said(SettingNote.NO_SUCH, name=wanted[:40])
        if near:
            said = Said(SettingNote.NEAR, problem=said, near=near[0])
        raise InvalidInput(f"no setting of that name: {wanted[:40]!r}", user_message=said)

    # changing

    def draft(self, name: str, value: str, *, symbol: Symbol | None, until: datetime | None) -> Draft:
        """Check a new value; raise InvalidInput that tells the range or what it disagrees with."""
        name = self._changeable(name, symbol)
        now = self._clock.now()
        if until is not None and until <= now:
            raise InvalidInput(
                "expiry has passed",
                user_message=Said(SettingNote.PAST),
            )
        new = self._canonical(name, value)
        row = SettingChange(name=name, symbol=symbol, old="", new=new, set_by=None, set_at=now, until=until)
        self._check([row, *self._rows], name, value)
        return Draft(name=name, symbol=symbol, old=self.value(name, symbol), new=new, result=new, until=until)

    def draft_reset(self, name: str, *, symbol: Symbol | None) -> Draft:
        """Take the chat's value back so that `.env`, the default or (for a ticker) the account's value holds. Raises
        InvalidInput where the chat has set none."""
        name = self._changeable(name, symbol)
        if (name, symbol) not in self._in_force(self._clock.now()):
            raise InvalidInput(
                "not overridden",
                user_message=Said(SettingNote.NOT_CHANGED, name=name),
            )
        return self._draft_back(name, symbol, None, None)

    def draft_undo(self, change: int | None = None) -> Draft:
        """Take back the newest change not yet taken back, or the one of that id; raise InvalidInput where there is none
        such, or where its setting was changed again since."""
        undone = {row.undoes for row in self._rows if row.undoes is not None}
        standing = (row for row in self._rows if row.undoes is None and row.id not in undone)
        target = next((row for row in standing if change in (None, row.id)), None)
        if target is None:
            raise InvalidInput("nothing to undo", user_message=Said(SettingNote.NOTHING_TO_UNDO))
        newest = next(row for row in self._rows if (row.name, row.symbol) == (target.name, target.symbol))
        if change is not None and newest is not target:
            raise InvalidInput(
                f"{target.name} was changed again", user_message=Said(SettingNote.CHANGED_SINCE, name=target.name)
            )
        older = self._rows[self._rows.index(target) + 1 :]
        before = in_force(older, self._clock.now()).get((target.name, target.symbol))
        return self._draft_back(target.name, target.symbol, before, target.id)

    def trial(self, draft: Draft, symbol: Symbol | None) -> TradingSettings:
        """Return the settings that would hold for a ticker if a draft were applied now."""
        now = self._clock.now()
        row = SettingChange(
            name=draft.name, symbol=draft.symbol, old="", new=draft.new, set_by=None, set_at=now, until=draft.until
        )
        return self._combined(in_force([row, *self._rows], now), symbol)

    async def apply(self, draft: Draft, *, user_id: int | None) -> SettingChange:
        """Check again and store with its event; raise InvalidInput when it no longer fits."""
        now = self._clock.now()
        row = SettingChange(
            name=draft.name,
            symbol=draft.symbol,
            old=self.value(draft.name, draft.symbol),
            new=draft.new,
            set_by=user_id,
            set_at=now,
            until=draft.until,
            undoes=draft.undoes,
        )
        self._check([row, *self._rows], draft.name, draft.result)
        stored = await self._journal.add(row, [SettingChanged(at=now, change=row)])
        if not stored.id:
            raise StorageError("a setting change was stored without an id")
        self._rows.insert(0, stored)
        self._dropped.discard((draft.name, draft.symbol))
        self._changed()
        return stored

    async def history(self, limit: int) -> Sequence[SettingChange]:
        return self._rows[:limit]

    # inside

    def _draft_back(self, name: str, symbol: Symbol | None, before: SettingChange | None, undoes: int | None) -> Draft:
        new = before.new if before else None
        until = before.until if before else None
        now = self._clock.now()
        row = SettingChange(name=name, symbol=symbol, old="", new=new, set_by=None, set_at=now, until=until)
        rows = [row, *self._rows]
        self._check(rows, name, new or "")
        result = setting_text(getattr(self._combined(in_force(rows, now), symbol), name.lower()))
        return Draft(
            name=name,
            symbol=symbol,
            old=self.value(name, symbol),
            new=new,
            result=result,
            until=until,
            undoes=undoes,
        )

    def _changeable(self, name: str, symbol: Symbol | None) -> str:
        name = self.known(name)
        if symbol is not None and not MENU[name].per_ticker:
            raise InvalidInput(
                f"{name} is not per ticker",
                user_message=Said(SettingNote.NOT_PER_TICKER, name=name),
            )
        return name

    def _canonical(self, name: str, value: str) -> str:
        """Return the value as `.env` would write it; a fault of this field alone raises InvalidInput."""
        try:
            model = TradingSettings.model_validate({**self._base.model_dump(), name.lower(): value.strip()})
        except ValidationError as error:
            own = [fault for fault in plain_faults(error, TradingSettings) if fault.name == name]
            if own:
                raise InvalidInput(f"{name}: {error.error_count()} fault(s)", user_message=own[0].said()) from error
            return value.strip()  # it only disagrees with another setting's `.env` value: `_check` judges that
        return setting_text(getattr(model, name.lower()))

    def _check(self, rows: Sequence[SettingChange], name: str, value: str) -> None:
        """Raise InvalidInput when any ticker's combination is refused now or after some override expires."""
        now = self._clock.now()
        later = {row.until for row in rows if row.until is not None and row.until > now}
        symbols: set[Symbol | None] = {None, *(row.symbol for row in rows)}
        for at in sorted({now, *later}):
            force = {key: row for key, row in in_force(rows, at).items() if key not in self._dropped or row is rows[0]}
            for symbol in symbols:
                try:
                    self._combined(force, symbol)
                except ValidationError as error:
                    raise self._refusal(error, name, value, symbol, at if at > now else None) from error

    def _refusal(
        self, error: ValidationError, name: str, value: str, symbol: Symbol | None, at: datetime | None
    ) -> InvalidInput:
        problem = plain_faults(error, TradingSettings)[0].said()
        if symbol is not None:
            problem = Said(SettingNote.FOR_TICKER, problem=problem, symbol=str(symbol))
        if at is not None:
            problem = Said(SettingNote.LATER, problem=problem)
        return InvalidInput(
            f"{name}={value[:40]} does not fit",
            user_message=Said(
                SettingNote.MISFIT, name=name, value=value[:40], problem=problem, allowed=self.allowed(name)
            ),
        )

    def _drop_misfits(self) -> list[Said]:
        """Leave out stored overrides, newest first, until every combination fits `.env` again."""
        told: list[Said] = []
        for row in list(self._in_force(self._clock.now()).values()):
            try:
                self._check(self._rows, row.name, row.new or "")
            except InvalidInput:
                self._dropped.add((row.name, row.symbol))
                told.append(Said(SettingNote.DROPPED, name=row.name, value=str(row.new)))
        self._forget()
        return told

    def _in_force(self, at: datetime) -> dict[Key, SettingChange]:
        return {key: row for key, row in in_force(self._rows, at).items() if key not in self._dropped}

    def _combined(self, force: Mapping[Key, SettingChange], symbol: Symbol | None) -> TradingSettings:
        values: dict[str, Any] = self._base.model_dump()
        account = {name.lower(): row.new for (name, of), row in force.items() if of is None}
        own = {name.lower(): row.new for (name, of), row in force.items() if of == symbol and symbol is not None}
        changed = account | own
        return TradingSettings.model_validate(values | changed) if changed else self._base

    def _next_expiry(self, now: datetime) -> datetime:
        return min((row.until for row in self._rows if row.until is not None and row.until > now), default=_FOREVER)

    def _changed(self) -> None:
        self._forget()
        for watcher in self._watchers:
            watcher()

    def _forget(self) -> None:
        self._cache.clear()
        self._cache_until = _FOREVER


def in_force(rows: Iterable[SettingChange], at: datetime) -> dict[Key, SettingChange]:
    """Return the override of each key that holds at an instant; `rows` newest first.

    An expired one uncovers the older one beneath it; a reset ends all before it.
    """
    settled: dict[Key, SettingChange] = {}
    for row in rows:
        if row.until is None or row.until > at:
            settled.setdefault((row.name, row.symbol), row)
    return {key: row for key, row in settled.items() if row.new is not None}
