"""The core as the chat knows it, from memory."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from strategy.control.arming import Arming
from strategy.control.control import Control, OrderServices
from strategy.control.holdings import HoldingsQueries
from strategy.control.modes import ModeService
from strategy.control.settings import SettingService
from strategy.control.status import StatusQueries
from strategy.control.tickers import Tickers
from strategy.control.watchlist import WatchList
from strategy.health.system import SystemService
from strategy.market.watch_only import WatchOnly
from strategy.model import (
    AlertRules,
    CalendarDay,
    Decision,
    ExportFile,
    HealthLine,
    HealthView,
    HoldingsView,
    InvalidInput,
    LogLine,
    Mode,
    ModeChanged,
    ModePreview,
    ModeState,
    Notable,
    Order,
    Outcome,
    OutcomeKind,
    PerformanceView,
    Period,
    PriceAlert,
    Quote,
    QuoteView,
    ReleasePreview,
    ReportView,
    ResultsView,
    SettingChange,
    SettingChanged,
    SettingPreview,
    SettingSource,
    SettingView,
    SinceStartView,
    StatisticsView,
    StatusView,
    Symbol,
    Trade,
    TradeMode,
    WatchPreview,
)
from strategy.reports.reports import ResultService
from strategy.reports.since_start import SinceStart
from strategy.runtime.confirmations import Confirmations
from strategy.session.price_alert_monitor import PriceWatch
from tests.fakes import result_samples, samples
from tests.fakes.chat_core_orders import (
    FakeAmends,
    FakeCancels,
    FakeExternal,
    FakeManual,
    FakePanic,
    FakeProposals,
    FakeQueries,
    FakeUnknown,
    OfCore,
)
from tests.fakes.chat_core_state import FakeCoreState
from tests.support.words import made_up

DONE = made_up("완료했습니다.", "Done.")


class FakeStatus(OfCore, StatusQueries):
    async def now(self) -> StatusView:
        self.core.fail()
        if self.core.before_status is not None:
            await self.core.before_status()
        return replace(self.core.status_, mode=self.core.modes[-1])


class FakeHoldings(OfCore, HoldingsQueries):
    async def view(self, *, fresh: bool = True) -> HoldingsView:
        if fresh:
            await self.core.broker_answers()
            self.core.fail()
        return replace(self.core.holdings_, locks=tuple(samples.lock(symbol=symbol) for symbol in self.core.locked))


class FakeTickers(OfCore, Tickers):
    def watched(self) -> Sequence[Symbol]:
        return tuple(self.core.watched)

    def symbol(self, text: str) -> Symbol:
        wanted = text.strip().upper().rpartition(":")[2]
        for symbol in self.watched():
            if symbol.ticker == wanted:
                return symbol
        raise InvalidInput(
            user_message=made_up(
                f"{text[:20]} 종목을 모릅니다. 혹시 TQQQ?", f"{text[:20]} is unknown. Did you mean TQQQ?"
            )
        )

    async def traded(self, text: str) -> Symbol:
        return self.symbol(text)

    async def find(self, text: str) -> Symbol:
        if ":" in text:
            return Symbol.parse(text)
        return samples.AAPL if text.strip().upper() in ("AAPL", "애플") else self.symbol(text)

    async def why(self, symbol: Symbol, *, at: datetime | None = None) -> Decision | None:
        self.core.fail()
        self.core.why_at.append(at)
        return self.core.decision


class FakeModes(OfCore, ModeService):
    async def set_mode(
        self, mode: Mode, *, symbol: Symbol | None, until: datetime | None, user_id: int, reason: str = ""
    ) -> ModeChanged:
        self.core.fail()
        return await self.core.set_mode(mode, symbol, user_id, until=until, reason=reason)

    def loosens(self, mode: Mode, symbol: Symbol | None) -> bool:
        order = list(Mode)
        held = next((each.mode for each in reversed(self.core.modes) if each.symbol == symbol), Mode.RUN)
        return order.index(mode) < order.index(held)

    def in_force(self, symbol: Symbol | None) -> ModeState:
        own = [each for each in self.core.modes if each.symbol == symbol][-1:]
        account = [each for each in self.core.modes if each.symbol is None][-1:]
        strict = [each for each in (*account, *own) if each.mode in (Mode.PROTECT_ONLY, Mode.HALTED)]
        return (*strict, *own, *account, samples.mode())[0]

    async def preview(self, user_id: int, mode: Mode, *, symbol: Symbol | None) -> ModePreview:
        self.core.fail()
        halts = mode is Mode.HALTED
        return ModePreview(
            target=mode,
            symbol=symbol,
            until=None,
            stops_off=samples.STOPS_OFF if halts else None,
            typed_words={"ko": "손절 끄기", "en": "STOPS OFF"} if halts else {},
            refusals=self.core.refusals,
            ticket=None if self.core.refusals else self.core.ticket("mode", user_id, (mode, symbol)),
            expires_at=None,
        )

    async def preview_release(self, user_id: int, symbol: Symbol) -> ReleasePreview:
        self.core.fail()
        held = symbol in self.core.locked
        return ReleasePreview(
            symbol=symbol,
            lock=samples.lock(symbol=symbol) if held else None,
            effects=(made_up(f"{symbol.ticker} 바로 삽니다", f"{symbol.ticker} buys at once"),) if held else (),
            ticket=self.core.ticket("release", user_id, symbol) if held else None,
            expires_at=None,
        )

    def until_close(self) -> datetime:
        return samples.NOW + timedelta(hours=6)


class FakeArming(OfCore, Arming):
    async def arm(self, user_id: int, code: str) -> Outcome:
        self.core.armed_with.append(code)
        if code != "7801":
            return Outcome(kind=OutcomeKind.DENIED, text=DONE)
        told = Notable(at=samples.NOW, key=f"armed:{user_id}", what=DONE)
        await self.core.tell(told)
        return Outcome(kind=OutcomeKind.DONE, text=DONE, news=(told,))

    async def accept_disclaimer(self, user_id: int) -> None:
        self.core.accepted = True

    async def disclaimer_accepted(self) -> bool:
        return self.core.accepted


class FakeSettings(OfCore, SettingService):
    def menu(self) -> Sequence[SettingView]:
        return tuple(self.core.settings.values())

    def get(self, name: str) -> SettingView:
        found = self.core.settings.get(name.strip().upper())
        if found is None:
            raise InvalidInput(
                user_message=made_up(
                    "그런 설정이 없습니다. 혹시 RSI_OVERSOLD?", "No such setting. Did you mean RSI_OVERSOLD?"
                )
            )
        return found

    async def preview(
        self, user_id: int, name: str, value: str, *, symbol: Symbol | None, until: datetime | None
    ) -> SettingPreview:
        self.core.fail()
        about = self.get(name)
        if about.choices is None and about.step is not None and not _between(value, 0, 100):
            raise InvalidInput(user_message=made_up("허용: 0 이상 100 이하", "allowed: 0 to 100"))
        return self._shown(user_id, about, value, symbol, until)

    async def preview_reset(self, user_id: int, name: str, *, symbol: Symbol | None) -> SettingPreview:
        self.core.fail()
        return self._shown(user_id, self.get(name), "50", symbol, None)

    async def preview_undo(self, user_id: int, change: int | None = None) -> SettingPreview:
        self.core.fail()
        if not self.core.changes:
            raise InvalidInput(user_message=made_up("되돌릴 변경이 없습니다.", "There is nothing to undo."))
        last = self.core.changes[-1]
        return self._shown(user_id, self.get(last.name), last.old, last.symbol, None)

    async def history(self, limit: int = 20) -> Sequence[SettingChange]:
        return tuple(reversed(self.core.changes))[:limit]

    def _shown(
        self, user_id: int, about: SettingView, value: str, symbol: Symbol | None, until: datetime | None
    ) -> SettingPreview:
        row = samples.change(name=about.name, symbol=symbol, old=about.value, new=value, until=until)
        return SettingPreview(
            name=about.name,
            symbol=symbol,
            old=about.value,
            new=value,
            allowed=about.allowed,
            effects=(made_up("TQQQ 매수 신호가 사라집니다", "TQQQ loses its buy signal"),),
            until=until,
            ticket=None if value == about.value else self.core.ticket("setting", user_id, row),
            expires_at=None,
        )


class FakeConfirmations(OfCore, Confirmations):
    async def terms(self, ticket_id: str, user_id: int) -> Mapping[str, Any] | None:
        return None

    async def for_owners(self, ticket_id: str) -> bool:
        made = self.core.tickets.get(ticket_id)
        return made is not None and isinstance(made.payload, SettingChange)

    async def confirm(self, ticket_id: str, user_id: int, *, typed: str = "") -> Outcome:
        self.core.fail()
        made = self.core.tickets.get(ticket_id)
        if made is None:
            return Outcome(kind=OutcomeKind.EXPIRED, text=made_up("만료되었습니다.", "It has expired."))
        if made.user_id != user_id:
            return Outcome(kind=OutcomeKind.NOT_YOURS, text=made_up("다른 사람의 버튼입니다.", "Not your button."))
        if made.used:
            return Outcome(
                kind=OutcomeKind.USED, text=made_up("이미 눌렀습니다.", "Already pressed."), order=made.order
            )
        if self.core.next_outcome is not OutcomeKind.DONE:
            kind, self.core.next_outcome = self.core.next_outcome, OutcomeKind.DONE
            again = self.core.ticket(made.action, user_id, made.payload) if kind is OutcomeKind.SECOND_CONFIRM else None
            return Outcome(kind=kind, text=made_up(f"결과 {kind}", f"result {kind}"), next_ticket=again)
        if made.action == "mode" and isinstance(made.payload, tuple):
            mode, symbol = made.payload
            if mode is Mode.HALTED and typed not in ("손절 끄기", "STOPS OFF"):
                return Outcome(kind=OutcomeKind.DENIED, text=made_up("낱말이 다릅니다.", "The word differs."))
            made.used = True
            told = await self.core.set_mode(mode, symbol, user_id)
            return Outcome(kind=OutcomeKind.DONE, text=DONE, news=(told,))
        made.used = True
        if made.action == "amend" and isinstance(made.payload, Order):
            after = made.payload
            self.core.orders_ = [after if each.no == after.no else each for each in self.core.orders_]
            return Outcome(kind=OutcomeKind.DONE, text=DONE, order=after)
        if made.action == "release" and isinstance(made.payload, Symbol):
            symbol = made.payload
            self.core.locked = [each for each in self.core.locked if each != symbol]
            what = made_up(f"{symbol.ticker} 잠금을 풀었습니다.", f"{symbol.ticker} is released.")
            released = Notable(at=samples.NOW, key=f"released:{symbol}", symbol=symbol, what=what)
            await self.core.tell(released)
            return Outcome(kind=OutcomeKind.DONE, text=what, news=(released,))
        if made.action == "panic":
            self.core.panics.append(str(made.payload))
        if made.action == "watch" and isinstance(made.payload, tuple):
            self.core.watched = list(made.payload)
        if isinstance(made.payload, Order):
            made.order = made.payload
            self.core.placed.append(made.payload)
            self.core.orders_.append(made.payload)
        if isinstance(made.payload, SettingChange):
            self.core.changes.append(made.payload)
            name, new = made.payload.name, made.payload.new or ""
            self.core.settings[name] = replace(self.core.settings[name], value=new, source=SettingSource.CHAT)
            changed = SettingChanged(at=samples.NOW, change=replace(made.payload, set_by=user_id))
            await self.core.tell(changed)
            return Outcome(kind=OutcomeKind.DONE, text=DONE, news=(changed,))
        return Outcome(kind=OutcomeKind.DONE, text=DONE, order=made.order)

    async def dismiss(self, ticket_id: str, user_id: int) -> Outcome:
        made = self.core.tickets.get(ticket_id)
        if made is not None:
            made.used = True
        return Outcome(kind=OutcomeKind.LEFT, text=made_up("하지 않았습니다.", "Nothing was done."))


class FakeSinceStart(OfCore, SinceStart):
    async def now(self) -> SinceStartView | None:
        self.core.fail()
        return result_samples.since_start()


class FakeResults(OfCore, ResultService):
    async def trades(self, limit: int = 20, *, symbol: Symbol | None = None) -> Sequence[Trade]:
        self.core.fail()
        return [each for each in self.core.trades_ if symbol in (None, each.fill.symbol)][:limit]

    async def periods(self, period: Period, count: int) -> ResultsView:
        self.core.fail()
        self.core.asked_results.append((period, count))
        return self.core.results_ or result_samples.results(period, count)

    async def performance(self) -> PerformanceView:
        self.core.fail()
        return self.core.performance_

    async def statistics(self) -> StatisticsView:
        self.core.fail()
        return self.core.statistics_

    async def report(self, period: Period) -> ReportView:
        self.core.fail()
        return self.core.report_ or result_samples.report(period)

    async def quote_known(self, symbol: Symbol) -> QuoteView | None:
        known = self.core.quote_known_
        return None if known is None else replace(known, quote=replace(known.quote, symbol=symbol))

    async def quote(self, symbol: Symbol) -> QuoteView:
        await self.core.broker_answers()
        self.core.fail()
        return replace(self.core.quote_, quote=replace(self.core.quote_.quote, symbol=symbol))

    def calendar(self, days: int = 14) -> Sequence[CalendarDay]:
        self.core.fail()
        return self.core.calendar_

    async def export(self, *, since: date | None = None) -> AsyncIterator[ExportFile]:
        self.core.fail()
        self.core.exported_since.append(since)
        for file in self.core.files:
            yield file


class FakeSystem(OfCore, SystemService):
    async def health(self) -> HealthView:
        self.core.fail()
        return self.core.health_

    async def diagnose(self) -> Sequence[HealthLine]:
        self.core.fail()
        if self.core.before_diagnosis is not None:
            await self.core.before_diagnosis()
        return self.core.diagnosis

    async def logs(self, count: int) -> Sequence[LogLine]:
        self.core.fail()
        return self.core.log_lines[-count:]

    def alert_rules(self) -> AlertRules:
        return self.core.rules


class FakeWatchList(OfCore, WatchList):
    async def preview_add(self, user_id: int, text: str) -> WatchPreview:
        self.core.fail()
        if text.upper().rpartition(":")[2] != "AAPL":
            raise InvalidInput(user_message=made_up(f"{text[:20]} 종목이 없습니다.", f"No exchange knows {text[:20]}."))
        return self._shown(user_id, samples.AAPL, adds=True)

    async def preview_unwatch(self, user_id: int, symbol: Symbol) -> WatchPreview:
        self.core.fail()
        return self._shown(user_id, symbol, adds=False)

    def _shown(self, user_id: int, symbol: Symbol, *, adds: bool) -> WatchPreview:
        others = tuple(each for each in self.core.watched if each != symbol)
        after = (*others, symbol) if adds else others
        ticket = self.core.offered("watch", user_id, after)
        return WatchPreview(
            symbol=symbol,
            name="APPLE INC" if adds else "",
            adds=adds,
            last=Decimal("230.10"),
            tickers=after,
            warnings=(made_up("데이터를 모으는 동안 거래하지 않습니다.", "It does not trade while it warms up."),),
            refusals=self.core.refusals,
            ticket=ticket,
            expires_at=None,
            tickets=dict.fromkeys(TradeMode, ticket) if adds and ticket is not None else {},
        )


class FakeWatchOnly(OfCore, WatchOnly):
    async def symbols(self) -> tuple[Symbol, ...]:
        return tuple(self.core.observed)

    async def add(self, symbol: Symbol) -> bool:
        self.core.fail()
        self.core.observed.append(symbol)
        return True

    async def remove(self, symbol: Symbol) -> bool:
        self.core.observed = [each for each in self.core.observed if each != symbol]
        return True

    async def quotes(self) -> Sequence[tuple[Symbol, Quote | None]]:
        return [(symbol, None) for symbol in self.core.observed]


class FakePriceAlerts(OfCore, PriceWatch):
    async def add(self, user_id: int, symbol: Symbol, *, above: bool, price: Decimal) -> PriceAlert:
        self.core.fail()
        same = [each for each in self.core.alerts if (each.symbol, each.above, each.price) == (symbol, above, price)]
        if same:  # as the real one: what is waited for already is not stored twice
            return same[0]
        made = PriceAlert(
            symbol=symbol,
            above=above,
            price=price,
            set_by=user_id,
            set_at=samples.NOW,
            id=len(self.core.alerts) + 1,
        )
        self.core.alerts.append(made)
        return made

    async def all(self) -> Sequence[PriceAlert]:
        self.core.fail()
        return tuple(self.core.alerts)

    async def remove(self, alert_id: int) -> bool:
        self.core.fail()
        before = len(self.core.alerts)
        self.core.alerts = [each for each in self.core.alerts if each.id != alert_id]
        return len(self.core.alerts) < before


class FakeControl(FakeCoreState):
    """The core as the chat knows it: `services` is the Control to hand to the bot, the rest is what it answers from."""

    @cached_property
    def services(self) -> Control:
        return Control(
            status=FakeStatus(self),
            holdings=FakeHoldings(self),
            tickers=FakeTickers(self),
            orders=OrderServices(
                queries=FakeQueries(self),
                manual=FakeManual(self),
                amends=FakeAmends(self),
                cancels=FakeCancels(self),
                unknown=FakeUnknown(self),
                external=FakeExternal(self),
                proposals=FakeProposals(self),
                panic=FakePanic(self),
            ),
            modes=FakeModes(self),
            arming=FakeArming(self),
            settings=FakeSettings(self),
            results=FakeResults(self),
            since_start=FakeSinceStart(self),
            system=FakeSystem(self),
            watchlist=FakeWatchList(self),
            watch_only=FakeWatchOnly(self),
            price_alerts=FakePriceAlerts(self),
            confirmations=FakeConfirmations(self),
        )


def _between(value: str, low: int, high: int) -> bool:
    try:
        return low <= Decimal(value) <= high
    except InvalidOperation:
        return False
