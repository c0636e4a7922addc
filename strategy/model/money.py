"""Decimal money: one named rounding per purpose."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")  # dollars
SUB_DOLLAR_TICK = Decimal("0.0001")  # dollars
ONE = Decimal(1)  # dollar; below it prices have four places


def tick_size(price: Decimal) -> Decimal:
    """Return the US price step at this price in dollars: 0.01 from $1 up, 0.0001 below (kis-protocol 9)."""
    return CENT if price >= ONE else SUB_DOLLAR_TICK


def tick_up(price: Decimal) -> Decimal:
    """Round a price to the tick at or above it: a buy limit that must stay marketable. Dollars."""
    return price.quantize(tick_size(price), ROUND_CEILING)


def tick_down(price: Decimal) -> Decimal:
    """Round a price to the tick at or below it: a sell limit that must stay marketable. Dollars."""
    return price.quantize(tick_size(price), ROUND_FLOOR)


def on_tick(price: Decimal) -> bool:
    """Return whether a price can be sent as it is. Dollars (D10)."""
    return price > 0 and price == price.quantize(tick_size(price))


def cents(amount: Decimal) -> Decimal:
    """Round a dollar amount for showing."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def won(amount: Decimal) -> Decimal:
    """Round a won amount for showing."""
    return amount.quantize(ONE, ROUND_HALF_UP)


def percent(rate: Decimal) -> Decimal:
    """Round a percentage to two decimals, toward zero so that -4.999 never shows as -5.00."""
    return rate.quantize(CENT, ROUND_DOWN)
