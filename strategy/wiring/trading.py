"""What is known of market and account, and the desk through which every order goes."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from strategy.execution.order_desk import OrderDesk
from strategy.market.market_data import MarketWatch
from strategy.market.price_confirmation import StopPrices
from strategy.model import Holdings, Symbol
from strategy.portfolio.account_sync import AccountLook
from strategy.portfolio.bot_lots import kept_splits
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.portfolio.positions import Positions
from strategy.ports import MarketData, Stream
from strategy.risk.chase import Chase
from strategy.risk.daily_loss import DayLoss
from strategy.risk.exposure import Purse
from strategy.risk.permissions import Permissions
from strategy.runtime.in_flight import Precedence
from strategy.settings.store import SettingsBook
from strategy.wiring.base import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingFloor:
    """Prices, orders, and the account as the broker has it."""

    watch: MarketWatch
    prices: StopPrices
    positions: Positions
    purse: Purse
    permissions: Permissions
    desk: OrderDesk
    recon: Reconciler
    look: AccountLook
    day_loss: DayLoss


def build_trading_floor(ground: Ground, *, market: MarketData, stream: Stream, visibility_lag_s: float) -> TradingFloor:
    """Return the trading floor. The broker may show an order `visibility_lag_s` late, in market time."""
    journals, book, modes, clock = ground.journals, ground.book, ground.modes, ground.clock
    precedence = Precedence()
    prices = StopPrices(settings=book, ahead=lambda: ground.broker.clock_ahead)
    watch = MarketWatch(market=market, stream=stream, clock=clock, settings=book, precedence=precedence, prices=prices)
    positions = Positions(journals.orders, price=watch.worth, splits=partial(kept_splits, journals.notes))
    purse = Purse(
        orders=journals.orders, positions=positions, settings=book, modes=modes, notes=journals.notes, clock=clock
    )
    permissions = Permissions(modes=modes, settings=book, clock=clock, reconciled=lambda: look.reconciled)
    # an order on its way asks by the desk's own orders and the account they changed: both are made after the chase
    chase = Chase(permissions=permissions, purse=purse, holdings=lambda: look.last, open_orders=lambda: desk.open)
    desk = OrderDesk(
        broker=ground.broker,
        orders=journals.orders,
        notifier=ground.notifier,
        clock=clock,
        activity=ground.activity,
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
        broker=ground.broker,
        orders=journals.orders,
        desk=desk,
        notifier=ground.notifier,
        clock=clock,
        activity=ground.activity,
        notes=journals.notes,
        cash_probe=partial(_cash_probe, book, watch),
        visibility_lag_s=visibility_lag_s,
    )
    look = AccountLook(recon=recon, orders=journals.orders, positions=positions, clock=clock)
    return TradingFloor(
        watch=watch,
        prices=prices,
        positions=positions,
        purse=purse,
        permissions=permissions,
        desk=desk,
        recon=recon,
        look=look,
        day_loss=DayLoss(
            purse=purse, modes=modes, look=look, watch=watch, prices=prices, notes=journals.notes, clock=clock
        ),
    )


async def _cash_probe(book: SettingsBook, watch: MarketWatch, holdings: Holdings) -> tuple[Symbol, Decimal] | None:
    """Ask the cash by a ticker whose price is known: one held, else one watched."""
    for position in holdings.positions:
        if position.last is not None:
            return position.symbol, position.last
    for symbol in book.tickers:
        quote = watch.latest(symbol)
        if quote is not None:
            return symbol, quote.last
    return None
