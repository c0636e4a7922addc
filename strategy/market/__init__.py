"""Prices, bars and the exchange's days, as the other rooms ask for them."""

from strategy.market.calendar import (
    CLOSE_TIME,
    OPEN_TIME,
    Session,
    current,
    day_start,
    following,
    holiday_name,
    latest,
    next_open,
    next_session,
    previous,
    session_on,
    sessions,
)
from strategy.market.interface import PRICING_AGE_S, MarketData
