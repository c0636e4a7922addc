"""What forbids an order, and limits."""

SENTENCES = {
    "loss.unvalued": (
        "{ticker}: nobody says what it is worth now, so DAILY_LOSS_LIMIT_PCT is counted without it. Its stop"
        " works as soon as a price comes. Check the broker's app."
    ),
    "permission.not_armed": "Real trading is not armed; /arm first.",
    "permission.no_buys": "This mode allows no buys; /run first.",
    "permission.mode": "The mode in force does not allow it.",
    "permission.halted": "Everything is halted, so the stop does not sell either.",
    "permission.locked": "The rules do not trade this ticker (locked).",
    "permission.split_guard": "The stop of this ticker does not sell until its price is confirmed.",
    "permission.not_reconciled": "Broker and bot have not been reconciled yet, so nothing is bought.",
    "permission.closed": "The session is closed.",
    "permission.not_watched": "The ticker is not on the watch list.",
    "permission.stop_at_work": "A stop of this ticker is being carried out.",
    "permission.stop_since": (
        "A stop of this ticker fired after you asked for it, so nothing was bought. To buy all the same, /buy again."
    ),
    "permission.not_asked_for": "Nobody asked for this order.",
    "cap.max_order_usd": "The order's ${value:,} is over the limit of ${limit:,} for one order (MAX_ORDER_USD).",
    "cap.max_orders_per_day": "Today's orders have reached the limit of {limit} (MAX_ORDERS_PER_DAY).",
    "cap.max_position_rate": "The ticker would be {share}% of equity, over the limit of {limit}% (MAX_POSITION_RATE).",
    "cap.max_open_tickers": "{count} tickers would be held, over the limit of {limit} (MAX_OPEN_TICKERS).",
    "cap.daily_loss": "Today's loss of {loss}% has reached the limit of {limit}%.",
    "cap.unknown": "The limit cannot be checked, so nothing is ordered ({name}).",
    "cap.protects_only": "{why} Now in Protect only; /run starts again.",
    "split.blocked": (
        "{seen} its stop and signals are blocked. They come back by themselves once the average cost follows."
        " If the price is real, /release {ticker}; the stop works again at once then."
    ),
    "split.jumped": "{ticker} jumped overnight to ${price}{cost}. This may be a split, so",
    "split.adjusted": (
        "{ticker}: the broker multiplied the last close by {times} (a split, a reverse split or a stock"
        " dividend). Now ${price}{cost}. The average cost has not followed yet, so"
    ),
    "split.cost": " (average cost ${cost:,.2f})",
    "split.followed": "{ticker}: cost and bars have followed the price; stop and signals work again.",
    "split.withdrawn": (
        "{ticker}: the broker's daily bars could be asked and know of no split; stop and signals work again."
    ),
}
