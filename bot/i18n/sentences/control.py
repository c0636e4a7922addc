"""What the services behind the chat answer."""

SENTENCES = {
    "amend.not_changed": "#{order} could not be changed: {why} The order stands as it was.",
    "amend.not_open": "#{order} is not an open order. See /orders.",
    "amend.nothing_given": "Type a quantity or a price, such as /amend {order} 3 @61.20.",
    "amend.only_fewer": (
        "The quantity can only be lowered: 1 to the {open:,} still open. For more, place a new order."
    ),
    "amend.off_tick": "A price of {price} is not on the tick (0.01 from $1 up, 0.0001 below).",
    "amend.question": "Change #{order} to {qty:,} {ticker} × ${price:,} = ${cost:,}.",
    "amend.ended": "#{order} has ended meanwhile.",
    "amend.no_answer": "No answer to the change of #{order}. It is being looked up.",
    "amend.done": "#{order} is now {qty:,} at ${price:,}.",
    "settle.too_early": "It may still show up in the broker's list, so nothing can be decided yet. Look again soon.",
    "settle.known_by_now": "The outcome of #{order} is known by now; there is nothing left to decide.",
    "settle.never_arrived": "It never reached the broker",
    "settle.over": "No longer at the broker: it has ended",
    "settle.offer": "The broker's {venue_no} ({at:times}, {filled:,} filled)",
    "settle.settled_over": "#{order} is recorded as over.",
    "settle.settled_as": "#{order} goes on as the broker's {venue_no}.",
    "manual.off_tick": "A price of {price} is not on the tick (0.01 from $1 up, 0.0001 below).",
    "manual.buy": "Buy",
    "manual.sell": "Sell",
    "manual.question": "{side} {qty:,} {ticker} × ${price:,} = ${cost:,}.",
    "manual.waiting": "Order #{order}: {why}",
    "manual.outcome_unknown": "The outcome of order #{order} is not known yet; it is being looked up.",
    "manual.rejected": "Order #{order} was rejected: {why}",
    "manual.not_sent": "Order #{order} not sent: {why}",
    "manual.placed": "Order #{order} is placed.",
    "query.no_order": "There is no order #{order}. See /orders.",
    "arm.armed_already": "Trading is armed already.",
    "arm.disclaimer_first": "Accept the disclaimer first: /start.",
    "arm.armed": "Real trading is armed. /run starts it.",
    "arm.too_many_tries": (
        "User {user} typed {most} wrong codes to arm trading. /arm is refused for an hour. If that was not you,"
        " check your Telegram account and who is on the bot's allow-list."
    ),
    "arm.tries_left": "{left} tries are left.",
    "arm.wrong": "Wrong. Type {digits}: of 12345678-01 that is /arm 5678. {more}",
    "arm.wrong_with_code": (
        "Wrong. Type {digits} and the app's six-digit code: of 12345678-01 that is /arm 5678 123456. {more}"
    ),
    "arm.paused": "{most} wrong codes an hour are the limit. Try again in {minutes} min.",
    "arm.digits": "the last four of the account number's first eight digits (those before the hyphen)",
    "settings_note.watch_instead": (
        "Tickers are added with /watch TICKER and removed with /unwatch TICKER, as in /watch TQQQ."
    ),
    "panic.never_armed": "Real trading was never armed; /arm first.",
    "panic.nothing_there": "There is nothing to cancel and nothing to sell.",
    "panic.begun": "Canceling every order and selling. The rules stop (Protect only). You will be told how it goes.",
    "panic.under_way": "It is under way already; see its message. Nothing is sold twice.",
    "proposal.dismissed": "{ticker}: no order. You are not asked again until this signal ends and comes anew.",
    "proposal.drifted": (
        "{ticker}: the price has moved to ${last}, so nothing was ordered. You are asked anew while the signal stands."
    ),
    "proposal.signal_gone": "the signal has gone",
    "proposal.mode": "the mode does not allow it",
    "proposal.hours": "outside the trading hours",
    "proposal.lock": "the ticker is locked",
    "proposal.stale": "price or bars are not up to date",
    "proposal.quote": "halted, or the spread is too wide",
    "proposal.not_reconciled": "broker and bot have not been reconciled",
    "proposal.buy_delay": "the buy delay has not passed",
    "proposal.sell_delay": "the sell delay has not passed",
    "proposal.open_order": "an order of the ticker is open",
    "proposal.cash": "not enough buyable cash",
    "proposal.holding": "no shares can be sold",
    "proposal.cap": "a cap forbids it",
    "effect.indicators": "Indicators start anew; without enough bars there is no signal until they are there.",
    "effect.interval": "Checks every {minutes} min from the next one on.",
    "effect.off": "{ticker}: switched off.",
    "effect.price": "{ticker}: fires at ${price:,}",
    "effect.sells_now": "⚠ {ticker}: at {rate}% now, so it would sell at once.",
    "checked.closed": "The session is closed. Next open: {at:clocks}",
    "checked.account_unseen": (
        "The account cannot be looked at, so nothing is ordered: {why} It is not tried again by itself; ask"
        " again in a moment."
    ),
    "checked.no_qty": "The quantity must be a whole number from 1.",
    "checked.no_percent": "A percentage is above 0 and at most 100.",
    "cancel.nothing": "There is no open order to cancel.",
    "cancel.being_looked_up": (
        "Its outcome is still being looked up, so it cannot be canceled yet. Try again shortly."
    ),
    "cancel.failed": "#{order}: {why}",
    "cancel.ended": "They had all ended meanwhile.",
    "cancel.asked": "Canceling {numbers}; you will be told.",
    "watch.watched": "{symbol} is on the watch list already.",
    "watch.no_quote": "No exchange quotes that: {names}. Check ticker and exchange, as in /watch NASDAQ:TQQQ",
    "watch.not_watched": "{ticker} is not on the watch list.",
    "watch.account_unseen": ("The account could not be looked at, so it is not known what is held. Try again shortly."),
    "watch.held": (
        "{held:,} {ticker} are held, so it stays: without it their stop would sleep. Sell first with /sell"
        " {ticker} all, or use /pause {ticker} to buy no more of it."
    ),
    "watch.open_orders": "Orders of {ticker} are open, so it stays: {numbers}. Cancel them first with /cancel.",
    "watch.no_trades": "No live trades here: {why}",
    "watch.halted": "Trading of this ticker is halted.",
    "watch.sells_now": "⚠ At {rate}% now, so the stop may sell at once.",
    "watch.last": "The last ticker cannot be removed. Add another with /watch first, or use /stop to trade nothing.",
    "watch.no_price": "{symbol} has no price, so it was not added.",
    "watch.holds": "{qty:,} {ticker} are held. From then on the stop and the sell rule apply to them.",
    "watch.added": "{symbol} is added. Its bars are being fetched; you are told once they are enough for signals.",
    "watch.removed": "{symbol} is removed and not traded any more.",
    "hand.not_by_hand": "#{order} is no order placed by hand.",
    "hand.no_buys": "Its mode allows no buys already.",
    "hand.paused": "Buys of {ticker} are paused; /run {ticker} resumes them.",
    "hand.ended": "#{order} has ended already.",
    "hand.left": "#{order} is left alone. While it is open the rules do not trade {ticker}.",
    "panic_reason.session_end": "the session has ended",
    "panic_reason.closed": "the session is closed",
    "panic_reason.not_orderable": "the broker lets them not be ordered now (another order, a loan, settlement)",
    "panic_reason.rejected": "refused by the broker",
    "panic_reason.halted": "trading halted, or stopped by /halt",
    "panic_reason.unknown": "an order's outcome is not known yet",
    "panic_reason.left": "still being sold, or new",
    "panic_reason.restarted": "The program was restarted and goes on with it.",
    "amend.being_looked_up": (
        "Its outcome is still being looked up, so it cannot be changed. Try again once it is known."
    ),
    "amend.being_canceled": "It is being canceled, so it cannot be changed.",
    "amend.not_accepted": "The broker has not accepted it yet.",
    "amend.by_hand": "It was placed by hand. Let the bot adopt it first, or change it in the broker's app.",
    "amend.by_the_bot": "The bot re-prices this order by itself. You may cancel it.",
    "amend.nothing_changes": "That changes nothing.",
    "amend.short_of_cash": "Not enough buyable cash: ${needed:,} more needed, ${available:,} there.",
    "checked.far_above": "The price is {rate:.0f}% above the last one. It fills at once.",
    "checked.far_below": "The price is {rate:.0f}% below the last one. It fills at once.",
    "checked.all": "{said:lines}",
    "checked.nothing_to_sell": "No shares are held: there is nothing to sell.",
    "checked.zero_shares": "The quantity comes to 0 shares.",
    "checked.no_stop": "It is not on the watch list, so no stop protects it. Add it first: /watch {ticker}",
    "checked.locked": "The rules do not trade this ticker (locked). An order by hand goes out.",
    "checked.open_orders": "Orders of this ticker are open: {numbers}.",
    "checked.halted": "Trading of this ticker is halted.",
    "checked.wide_spread": "The spread is wide: {spread:.1f}%.",
    "checked.only_sellable": "Only {sellable:,} shares can be sold.",
    "checked.short_of_cash": (
        "Not enough buyable cash: ${needed:,} needed, ${available:,} there (at most {max_qty:,} shares)."
    ),
    "hand.adopted_ends_by_cancel": "The bot has adopted #{order} already. To end it: /cancel {order}.",
    "hand.adopted": "The bot has adopted #{order} already.",
    "hand.nothing_to_adopt": "#{order} has ended; there is nothing to adopt.",
    "hand.counted": "#{order} has ended. Its {filled:,} filled shares count as the bot's from now on.",
    "hand.now_adopted": (
        "The bot has adopted #{order}: it is re-priced while it does not fill, and canceled in the end."
    ),
    "hand.left_and_paused": "{left} {paused}",
    "mode_note.needs_confirmation": "That mode needs a confirmation.",
    "mode_note.past": "That time has already passed.",
    "mode_note.stricter": "A stricter mode holds ({mode:mode}). Use /run to lift it.",
    "mode_note.still_asked": (
        "{said}. A request that left before it still waits for the broker's answer: see /orders."
    ),
    "mode_note.released": "{ticker} is released.",
    "mode_note.disclaimer_first": "Accept the disclaimer first: /start.",
    "mode_note.arm_first": "Arm real trading first: /arm",
    "mode_note.panicking": (
        "A panic is selling, so the rules stay off: they might buy back what it sells. Wait until it has ended,"
        " or stop it with /halt, then /run."
    ),
    "mode_note.type_the_word": (
        "Type {en} to stop everything, stops included; /cancel leaves it. Nothing has changed yet."
    ),
    "mode_note.set": "Mode: {mode:mode}{of}",
    "mode.run": "Run",
    "mode.pause_buys": "Buys paused",
    "mode.protect_only": "Protect only",
    "mode.halted": "Halted",
    "effect.signal": "{ticker}: RSI {rsi}, this is a {side:side} signal now.",
    "effect.no_signal": "{ticker}: RSI {rsi}, the present {side:side} signal goes away.",
    "ticker.unknown": "Not a watched or held ticker: {wanted}. Tickers: {names}",
    "ticker.near": "Not a watched or held ticker: {wanted}. Did you mean {near}? Tickers: {names}",
    "proposal.stands_against": "{ticker}: nothing was ordered: {reasons}.",
    "panic_rest.not_confirmed": "The broker could not be asked, so nothing is confirmed. Check the broker's app.",
    "panic_rest.left": "{qty:,} {ticker} are left: {why}.",
    "panic_rest.open_orders": "Open orders: {orders}.",
    "panic_rest.at_the_open": "The market opens at {at:clocks}: then /panic again. Nothing is sold by itself.",
    "panic_rest.again": "Check the broker's app, and /panic again if need be.",
    "panic_rest.nothing": "The broker confirms: no shares and no open orders are left. /run starts again.",
    "panic_rest.neither": "{name} was neither seen nor sold: {why}. Check the broker's app.",
    "panic_rest.all": "{said:sentences}",
}
