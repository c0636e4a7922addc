"""Of the limits of spec section 7."""

SENTENCES = {
    "cap.max_order_usd": "The order's ${value:,} is over the limit of ${limit:,} for one order (MAX_ORDER_USD).",
    "cap.max_orders_per_day": "Today's orders have reached the limit of {limit} (MAX_ORDERS_PER_DAY).",
    "cap.max_position_rate": "The ticker would be {share}% of equity, over the limit of {limit}% (MAX_POSITION_RATE).",
    "cap.max_open_tickers": "{count} tickers would be held, over the limit of {limit} (MAX_OPEN_TICKERS).",
    "cap.daily_loss": "Today's loss of {loss}% has reached the limit of {limit}%.",
    "cap.unknown": "The limit cannot be checked, so nothing is ordered ({name}).",
    "cap.protects_only": "{why} Now in Protect only; /run starts again.",
}
