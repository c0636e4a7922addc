"""What is said of stops."""

SENTENCES = {
    "signal.stop_at_work": "A stop of this ticker is being carried out.",
    "watchdog.account_seen": "The account could be looked at: stops work for what is held.",
    "watchdog.account_unseen": (
        "The account could not be looked at, so it is not known what is held: no stop can run until it is."
        " Check the broker's app."
    ),
    "watchdog.works_again": "{names}: stops work again.",
    "ladder.tied_up": (
        "Of the {rest:,} shares left the broker lets {now:,} be ordered now. The others may be held by another"
        " order, a loan or settlement. They are sold as soon as they can be."
    ),
    "ladder.trading_halted": "Trading of it is halted. The sale goes on when trading does.",
    "ladder.no_trades": (
        "The order is out, but nothing trades and no quote changes: it may be halted. The price is not lowered"
        " any further; the sale goes on when the market moves."
    ),
    "safe_mode.protected": (
        "The mode is Protect only now: stops work, nothing else is sent. Once you have looked, /run starts again."
    ),
    "safe_mode.not_stored": "A record could not be stored. Check the disk's free space.",
    "safe_mode.works_again": "The stop watcher works again.",
    "safe_mode.and_protected": "{why} {protected}",
    "safe_mode.down": (
        "{names}: a fault in the program keeps the stop from firing; it is being started again. If it is"
        " urgent, use the broker's app."
    ),
    "stop.failed": "The stop of {ticker} could not be carried out: {why} Check the broker's app.",
    "stop.waits": (
        "The stop of {ticker} waits and has not sold everything: {why} If it is urgent, sell in the broker's app."
    ),
}
