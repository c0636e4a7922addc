"""What is said of the trading day and the live connection."""

SENTENCES = {
    "warm_up.no_bars": "No bars of {symbol}: {why}",
    "warm_up.no_bars_yet": "No bars of {ticker} yet ({why}) They are asked for again at each check.",
    "warm_up.warm": "{ticker}: there are enough bars now; signals count from here on.",
    "price_alert.above_zero": "A price is above 0.",
    "price_alert.most": "There can be {most} price alerts. Remove some in /alerts first.",
    "price_alert.is_above": "{ticker} is at or above that already: ${last:,} now.",
    "price_alert.is_below": "{ticker} is at or below that already: ${last:,} now.",
    "checks.failed": "A check failed. The next one goes on.",
    "checks.skipped": (
        "Checks took longer than their interval: {skipped} left out. The broker answered slowly, or there are"
        " many tickers. If this comes often, fewer tickers or a longer CHECK_INTERVAL_MINUTES helps."
    ),
    "start_card.not_watched": (
        "{names}: held, but not on the watch list, so no stop protects it. /watch adds a ticker."
    ),
    "start_card.stops_lost": "Stops that do not work: {stops}",
    "start_card.orders_unseen": (
        "The orders could not be looked at, so buying is blocked; stops of what is held work: {why}"
    ),
    "start_card.account_unseen": (
        "The account could not be looked at, so buying is blocked, and without knowing what is held no stop"
        " works yet: {why}"
    ),
    "start_card.no_price": (
        "{symbol} could not be verified by a price ({why}) It is not traded until it can. Check market and ticker."
    ),
    "start_card.open": "the session is on",
    "start_card.before_start": "open; waiting for MARKET_START_TIME",
    "start_card.after_end": "today's checks are over",
    "start_card.closed": "the exchanges are closed",
    "start_card.chosen_in_chat": (
        "The tickers are those chosen in the chat, not TRADING_TICKERS of .env; /reset TRADING_TICKERS goes back."
    ),
    "listing.moved": (
        "{ticker} has moved from {old} to {new}. The watch list now has {symbol}, and its stop goes on by the"
        " prices there. Change TRADING_TICKERS in .env to {symbol}, too."
    ),
    "listing.not_followed": (
        "{ticker} seems to have moved from {old} to {new}, but could not be followed: {why} Its stop does not"
        " work now. It is tried again every 20 s; if it is urgent, add it by /watch {symbol}, or look after it"
        " in the broker's app."
    ),
    "inbox.stops": "the stops' comparison",
    "inbox.connected": "connected, order notices subscribed",
    "inbox.notices_unsure": "connected, order notices not confirmed ({why})",
    "inbox.not_connected": "not connected ({why})",
    "inbox.down": "The live connection is down: {why}",
    "inbox.notices_refused": "The order notices were refused ({why}). Check HTS_ID. Fills are looked up instead.",
    "inbox.back": "The live connection is back.",
    "inbox.stops_fault": (
        "A fault in the program keeps live prices from being compared with the stops; prices are asked for"
        " instead. See /logs, and start again if it goes on. If it is urgent, use the broker's app."
    ),
    "inbox.listener_fault": (
        "A fault in the program keeps prices from {listener}. Stops work all the same. See /logs, and start"
        " again if it goes on."
    ),
    "expiry.over": "{name}{of}={old} has expired; {value} holds again.",
    "listener.cards": "the approval cards",
    "listener.alerts": "the price alerts",
    "clock.stood_still": (
        "The program stood still for {length:span} (the computer slept or was too busy). In that time nothing"
        " worked, stops included. It works again and is looking at orders and account. Keep the computer from"
        " sleeping."
    ),
    "clock.put_back": (
        "This computer's clock was put back by {by:span}. Stops and pauses go on regardless; the session"
        " follows the new time. Orders and account are being looked at again, and nothing is bought until they"
        " agree. Check that the time is right now and switch on time synchronisation (NTP). The clock's line of"
        " /health shows how far it is from KIS's."
    ),
    "clock.put_forward": (
        "This computer's clock was put forward by {by:span}. Stops and pauses go on regardless; the session"
        " follows the new time. Orders and account are being looked at again, and nothing is bought until they"
        " agree. Check that the time is right now and switch on time synchronisation (NTP). The clock's line of"
        " /health shows how far it is from KIS's."
    ),
    "inbox.not_yet": "not connected yet",
    "inbox.up": "connected",
    "inbox.fault": "a fault in the program",
}
