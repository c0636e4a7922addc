"""What is said of orders and positions at the broker."""

SENTENCES = {
    "uncounted.holdings": "holdings",
    "uncounted.orders": "list of orders",
    "uncounted.aside": (
        "{name} in the broker's {table} is set aside: {why}. It is no part of positions, equity, stops or"
        " panic: look after it in the broker's app."
    ),
    "uncounted.stray": (
        "A row of the broker's {table} does not say which ticker it is about: {why}. It is not counted. Check"
        " holdings and orders in the broker's app."
    ),
    "uncounted.order": (
        "An order of {name} could not be read: {why}. Until it can be, the rules leave the ticker alone; its"
        " stop works on. Check the order in the broker's app."
    ),
    "uncounted.holding": (
        "The holding of {name} could not be read: {why}. Until it can be, the rules leave it alone and its stop"
        " goes by the shares and cost seen last. Where none were seen there is no stop: check the broker's app."
    ),
    "uncounted.gone": "What was wrong with {name} in the broker's {table} is gone.",
    "repricing.not_filled": "#{order} {ticker}: {qty:,} not filled after {rounds} looks at the price; canceling.",
    "repricing.not_followed": (
        "#{order} {ticker}: the {qty:,} left will not follow the price to ${price:,}; canceling. {refusal}"
    ),
    "sending.sent_again": "{refusal} It is sent again in a moment.",
    "sending.cannot_set": "That quantity or price cannot be set. The quantity can only be lowered.",
    "sending.being_looked_up": "The outcome of this order is being looked up. Try again once it is known.",
    "desk.not_read": "The orders are not read yet.",
    "desk.outcome_unknown": "The outcome of order #{order} is not known yet; nothing is sent for {ticker} so far.",
    "desk.adopted": "adopted by user {user}",
    "desk.no_such": "There is no order of that number.",
    "found.changed": "Things changed meanwhile. Look at the order again.",
    "found.declared": "declared by user {user}",
    "position.split": (
        "{ticker}: a split made {now:,} shares of {qty:,} (average cost {was:f} -> {is_now:f} dollars)."
    ),
    "position.moved": "{ticker}: the broker now lists its {qty:,} shares at {new} (before: {old}).",
    "position.unexplained": (
        "{ticker}: {expected:,} by the fills, {held:,} at the broker. Unexplained; the broker's figure is taken."
    ),
    "position.gap": "{ticker}: the broker's position differs from the fills by {gap:+,d}. Being checked.",
    "position.outcome_unknown": "#{order} {ticker}: outcome not known yet, being looked up.",
    "position.still_open": "#{order} {ticker}: open at the broker as recorded ({filled:,}/{qty:,} filled).",
    "order_status.accepted": "accepted, waiting to fill",
    "order_status.partially_filled": "partly filled",
    "order_status.filled": "filled",
    "order_status.canceled": "canceled",
    "order_status.rejected": "refused",
    "order_status.expired": "expired",
    "order_status.denied": "not sent",
    "found.line": "#{order} {side:side} {ticker} {qty:,} @ ${price}: {news}.",
    "found.by_hand": "placed by hand ({status:order_status})",
    "found.by_hand_filled": "placed by hand ({status:order_status}, {filled:,} filled)",
    "found.still_open": "told canceled, yet the broker shows it open. Please check in the broker's app",
    "found.corrected": "filled amount corrected to the broker's list ({was} → {amount}); results and exports follow",
    "found.accepted": "found at the broker: it had been accepted",
    "found.maybe": "one or more orders at the broker may be this one. Please check in the broker's app",
    "found.shares_say": (
        "the list of orders does not show it, yet shares moved or are held by an order. Please check in the"
        " broker's app"
    ),
    "found.never_arrived": "not found at the broker: it never arrived",
    "found.not_shown": "the broker's list does not show it",
    "found.more_filled": "{filled:,} more filled",
    "found.has_ended": "has ended ({status:order_status})",
    "order.never_sent": "stopped before it was sent",
    "order.not_found": "not found at the broker: it never arrived",
    "order.no_answer": "no answer from the broker, being looked up",
    "order.no_stock": "not an order for a US stock, so it is not followed",
    "order.not_shown": "the broker's list does not show it, being looked up",
    "order.refused_by_venue": "refused by the venue",
}
