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
    "stop_state.ticks": "working, by live trades",
    "stop_state.polling": "working, by polling",
    "stop_state.selling": "selling now",
    "stop_state.closed": "works once the market opens",
    "stop_state.not_seen": "the account has not been seen yet",
    "stop_state.unreadable": "what the broker tells of it cannot be read",
    "stop_state.not_held": "nothing held",
    "stop_state.not_watched": "not on the watch list, /watch",
    "stop_state.no_cost": "its average cost is not known",
    "stop_state.off": "no stop is set",
    "stop_state.halted": "halted, see /run",
    "stop_state.locked": "locked, see /release",
    "stop_state.down": "the watcher is being started again",
    "stop_state.unstorable": "records cannot be stored, check the disk",
    "stop_state.no_trading": "trading is halted",
    "stop_state.delayed": "prices come late",
    "stop_state.stuck": "the price stands still",
    "stop_state.silent": "no prices",
    "stop_alarm.silent": "{names}: no prices come, so the stop cannot run. Check the broker's app.",
    "stop_alarm.no_trading": (
        "{names}: trading is halted, so the stop cannot run; it goes on when trading does. Check the broker's app."
    ),
    "stop_alarm.delayed": (
        "{names}: only delayed prices come, old by the venue's own stamps, so the stop cannot run. Apply for"
        " real-time US quotes (해외주식 실시간 시세) in the app or HTS of Korea Investment & Securities, then start the"
        " program again: the right holds from the next token on."
    ),
    "stop_alarm.stuck": (
        "{names}: the quote stands still at one time stamp, so the price now is not known and the stop cannot"
        " run. If nothing is traded in it, the next trade brings it back. Look at the price in the broker's"
        " app."
    ),
    "stop_alarm.unstorable": (
        "{names}: records cannot be stored, so no stop can be sent. Free space on the disk, and if it is urgent"
        " sell in the broker's app."
    ),
    "stop_note.not_seen": "the account has not been seen yet, so it is not known what is held",
    "stop_note.lost": "{stops}",
    "stop_note.one": "{ticker} ({state:stop_state})",
    "stop_note.late_ticks": (
        "{names}: the live trades are some {minutes} min old by the venue's own stamps. They do not count;"
        " prices are asked for instead. Apply for real-time US quotes (해외주식 실시간 시세) in the app or HTS of Korea"
        " Investment & Securities, then start the program again: the right holds from the next token on."
    ),
    "stop_note.no_cost": (
        "{ticker}: the broker tells an average cost of 0, so no return can be computed and this holding has no"
        " stop. It gets one by itself once a cost is told. Until then set /alert {ticker} < PRICE, or sell by"
        " hand."
    ),
}
