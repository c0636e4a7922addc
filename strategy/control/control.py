"""Everything the chat may ask of the core. The engine uses the same services, so chat and rule cannot differ.

Every method raises InvalidInput for what a person got wrong and another TradingError when something failed; its
`user_message` is what to show.
"""

from dataclasses import dataclass

from strategy.control.amend_orders import Amends
from strategy.control.arming import Arming
from strategy.control.cancel_orders import Cancels
from strategy.control.external_orders import ExternalOrders
from strategy.control.holdings import HoldingsQueries
from strategy.control.manual_orders import ManualOrders
from strategy.control.modes import ModeService
from strategy.control.order_queries import OrderQueries
from strategy.control.panic import PanicPress
from strategy.control.proposals import ApprovalPress
from strategy.control.settings import SettingService
from strategy.control.status import StatusQueries
from strategy.control.tickers import Tickers
from strategy.control.unknown_orders import UnknownOrders
from strategy.control.watchlist import WatchList
from strategy.health.system import SystemService
from strategy.market.watch_only import WatchOnly
from strategy.reports.reports import ResultService
from strategy.reports.since_start import SinceStart
from strategy.runtime.confirmations import Confirmations
from strategy.session.price_alert_monitor import PriceWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderServices:
    """Orders: looked at, or previewed and then carried out by one confirmed press."""

    queries: OrderQueries
    manual: ManualOrders
    amends: Amends
    cancels: Cancels
    unknown: UnknownOrders
    external: ExternalOrders
    proposals: ApprovalPress
    panic: PanicPress


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """All of it, as the composition root hands it out: `control.orders.manual.preview(...)`."""

    status: StatusQueries
    holdings: HoldingsQueries
    tickers: Tickers
    orders: OrderServices
    modes: ModeService
    arming: Arming
    settings: SettingService
    results: ResultService
    since_start: SinceStart
    system: SystemService
    watchlist: WatchList
    watch_only: WatchOnly
    price_alerts: PriceWatch
    confirmations: Confirmations
