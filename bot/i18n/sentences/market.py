"""What is said of prices, bars and days."""

SENTENCES = {
    "capacity.check_too_long": (
        "One check needs some {seconds} s at the broker's call limit, longer than its interval: some checks"
        " will be left out."
    ),
    "capacity.tick_places": (
        "Live trades can be had for {places} tickers. Those beyond are asked for every {seconds} s while held."
    ),
    "capacity.bars_from_trades": (
        "{names}: no minute bars are offered here, so they are built from live trades, and there is no signal"
        " until there are enough. To start at once, set QUOTE_APP_KEY/QUOTE_APP_SECRET or use day for"
        " RSI_INTERVAL and MACD_INTERVAL."
    ),
    "listener.bars": "the bars",
}
