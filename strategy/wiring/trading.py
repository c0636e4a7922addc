"""What is known of market and account, and the desk through which every order goes."""

from decimal import Decimal
from functools import partial

from strategy.execution.order_desk import LiveOrderDesk
from strategy.market.market_data import LiveMarketData
from strategy.market.price_confirmation import PriceConfirmation
from strategy.model import Holdings, Symbol
from strategy.portfolio.account_sync import LiveAccountSync
from strategy.portfolio.bot_lots import kept_splits
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.portfolio.positions import LivePositions
from strategy.ports import MarketFeed, Stream
from strategy.risk.chase import FollowingPermission
from strategy.risk.daily_loss import DayLoss
from strategy.risk.exposure import ExposureMeter
from strategy.risk.permissions import Permissions
from strategy.runtime.in_flight import Precedence
from strategy.settings.store import SettingsStore
from strategy.wiring.parts import BaseParts, TradingParts


def build_trading(parts: BaseParts, *, market: MarketFeed, stream: Stream, visibility_lag_s: float) -> TradingParts:
    """Return what trading stands on. The broker may show an order `visibility_lag_s` late, in market time."""
    journals, book, modes, clock = parts.journals, parts.book, parts.modes, parts.clock
    precedence = Precedence()
    prices = PriceConfirmation(settings=book, ahead=lambda: parts.broker.clock_ahead)
    watch = LiveMarketData(
        market=market, stream=stream, clock=clock, settings=book, precedence=precedence, prices=prices
    )
    positions = LivePositions(journals.orders, price=watch.worth, splits=partial(kept_splits, journals.notes))
    exposure_meter = ExposureMeter(
        orders=journals.orders, positions=positions, settings=book, modes=modes, notes=journals.notes, clock=clock
    )
    permissions = Permissions(modes=modes, settings=book, clock=clock, reconciled=lambda: account_sync.reconciled)
    # an order on its way asks by the desk's own orders and the account they changed: both are made after the chase
    chase = FollowingPermission(
        permissions=permissions,
        exposure_meter=exposure_meter,
        holdings=lambda: account_sync.last,
        open_orders=lambda: desk.open,
    )
    desk = LiveOrderDesk(
        broker=parts.broker,
        orders=journals.orders,
        notifier=parts.notifier,
        clock=clock,
        activity=parts.activity,
        settings=book,
        precedence=precedence,
        permissions=permissions,
        price_for=watch.price_for,
        chase=chase,
        notes=journals.notes,
        decisions=journals.decisions,
        visibility_lag_s=visibility_lag_s,
    )
    recon = Reconciler(
        broker=parts.broker,
        orders=journals.orders,
        desk=desk,
        notifier=parts.notifier,
        clock=clock,
        activity=parts.activity,
        notes=journals.notes,
        cash_probe=partial(_cash_probe, book, watch),
        visibility_lag_s=visibility_lag_s,
    )
    account_sync = LiveAccountSync(recon=recon, orders=journals.orders, positions=positions, clock=clock)
    return TradingParts(
        watch=watch,
        prices=prices,
        positions=positions,
        exposure_meter=exposure_meter,
        permissions=permissions,
        desk=desk,
        recon=recon,
        account_sync=account_sync,
        day_loss=DayLoss(
            exposure_meter=exposure_meter,
            modes=modes,
            account_sync=account_sync,
            watch=watch,
            prices=prices,
            notes=journals.notes,
            clock=clock,
        ),
    )


async def _cash_probe(book: SettingsStore, watch: LiveMarketData, holdings: Holdings) -> tuple[Symbol, Decimal] | None:
    """Ask the cash by a ticker whose price is known: one held, else one watched."""
    for position in holdings.positions:
        if position.last is not None:
            return position.symbol, position.last
    for symbol in book.tickers:
        quote = watch.latest(symbol)
        if quote is not None:
            return symbol, quote.last
    return None
