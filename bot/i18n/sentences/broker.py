"""What the client of the broker says."""

SENTENCES = {
    "kis.key": (
        "KIS does not know this app key. Check APP_KEY, and that the service has been applied for at KIS Developers."
    ),
    "kis.secret": "The app secret does not fit the app key. Copy APP_SECRET again.",
    "kis.environment": (
        "Real and virtual keys, hosts or calls are mixed. Check that IS_VIRTUAL and APP_KEY belong together."
    ),
    "kis.service": (
        "No permission for this service. Check that the overseas-stock API has been applied for at KIS Developers."
    ),
    "kis.token": "The access token has expired or was revoked. A new one is being issued.",
    "kis.token_rate": "Access tokens are issued once a minute only. Waiting.",
    "kis.rate": "The calls-per-second limit was exceeded. Stop other programs that use the same app key.",
    "kis.ledger_rate": "Account inquiries are limited to about one a second.",
    "kis.gateway": "KIS has a temporary problem.",
    "kis.ask_again": "KIS could not tell the outcome. The order list is being checked.",
    "kis.blocked": "KIS may have blocked this internet address. Wait, and ask KIS if it persists.",
    "kis.request": (
        "KIS refused the form of the request. That is a fault of this program: please report it with /logs."
    ),
    "kis.account": (
        "The account number does not belong to this app key, or the account cannot trade. Check ACCOUNT_NO."
    ),
    "kis.account_ended": (
        "This virtual account cannot place orders. Check whether its contest period has ended and apply again."
    ),
    "kis.corporate": (
        "This is limited to companies or to certain addresses. Check that the key belongs to a personal account."
    ),
    "kis.hours": "The market does not take orders now. Regular hours are 09:30-16:00 New York time; see /calendar.",
    "kis.reservation_hours": "Reserved orders are taken 10:00-23:20 Korean time (until 22:20 in US summer time).",
    "kis.symbol": (
        "This ticker cannot be traded, or its market is wrong. Check MARKET:TICKER; virtual trades only some tickers."
    ),
    "kis.cash": "Not enough buying power. Lower the quantity or price, or deposit money.",
    "kis.quantity": "More than the orderable quantity. Check the holding and the open orders.",
    "kis.nothing_left": "Nothing is left to amend or cancel. It may have filled already; checking.",
    "kis.tick": "The price is off the tick ($0.01 from $1 up, $0.0001 below).",
    "kis.price": "The order price was refused. Check the price.",
    "kis.order_type": "This order type is not taken. US regular trading has no market order.",
    "kis.entitlement": "Leveraged-product education or a basic deposit is missing. Register with KIS first.",
    "kis.not_offered": "The virtual environment does not offer this.",
    "kis.network": "KIS cannot be reached. Check internet, firewall and REST_URL_BASE.",
    "kis.other": "The broker refused the request.",
    "kis.labeled": "{cause} ({label})",
    "unread.no_stock": "it is no US stock",
    "unread.stray": "it has no ticker or no number",
    "unread.fraction": "{shares} of a share is less than one, and cannot be traded",
    "unread.faulty": "its field {field} cannot be read",
    "torn.amended": "the order it amends cannot be read",
    "kis_order.type": "The {environment} environment takes no {order_type} {side} orders.",
    "kis_order.tick": "Prices go in steps of $0.01 from $1 up and of $0.0001 below.",
    "account.short_of_cash": "{refusal} Needed ${needed:,}, available ${available:,} (at most {max_qty} shares)",
    "account.unreadable": (
        "The broker's answer about {what} could not be read{field}. It is asked again shortly; the broker's app"
        " shows it meanwhile."
    ),
    "account.orders": "the orders",
    "account.holdings": "the holdings",
    "account.buying_power": "the buying power",
    "environment.not_offered": "The {environment} environment does not offer this ({call}).",
    "environment.real": "real",
    "environment.virtual": "virtual",
    "key.in_use": ("Another program holds the real-time session of this app key (OPSP8996). Stop it, or wait a while."),
    "stream.no_connection": "No connection to the stream ({error}). Check internet, firewall and WS_URL_BASE.",
    "stream.notice_key": "The key of the order notices could not be read.",
    "stream.too_many": "Only {limit} real-time registrations are possible.",
    "stream.no_ticks": "Real-time prices are not used in this environment.",
    "stream.ended": "The stream ended.",
    "stream.blocked": "The stream takes no answers.",
    "stream.key_refused": "The approval key was refused (OPSP0011); getting a new one.",
    "stream.no_answer": "No acknowledgement of a registration.",
    "stream.silent": "Nothing was streamed for {silence:seconds} s.",
    "stream.half_open": "The stream's connection does not answer (half-open).",
    "stream.dropped_at_notices": "The connection was dropped while registering order notices. Check HTS_ID.",
    "stream.closed": "KIS closed the stream (code {code}).",
    "stream.full": "Only 41 real-time registrations are possible ({label}).",
    "stream.notices_refused": "Order notices refused. Check HTS_ID ({label}).",
    "stream.ticks_refused": "The real-time registration was refused ({label}).",
    "sim_clock.not_here": ("--sim-clock takes the address of a simulator on this machine, as in http://127.0.0.1:8081"),
    "sim_clock.unreadable": "The simulator's clock cannot be read: {url}",
    "shell.usage": "{fault}; see python -m kis --help",
    "shell.no_market_order": "US stocks have no market order: give a price.",
    "shell.not_open": "Not an open order: {number}",
    "check.no_time": "not tested: the time ran out",
    "check.token": "Access token",
    "check.account": "Account inquiry",
    "check.quote_token": "Access token of the quote key",
    "check.quote": "Quote of {ticker}",
    "check.holdings": "account {account}, {count} holdings",
    "check.handshake": "WebSocket handshake",
    "check.notices": "Order notices subscription",
    "check.handshake_first": "needs the handshake first",
    "check.no_answer": "No answer. Check the firewall.",
    "check.connected": "connected",
    "check.subscribed": "subscribed",
    "check.unknown_name": (
        "The name cannot be resolved. Check internet and DNS, and the spelling of {setting} if you set it."
    ),
    "check.closed_port": "Cannot be reached. Check whether a firewall blocks outgoing port {port}, and {setting}.",
    "check.slow": "KIS did not answer in time. Try again shortly.",
    "check.received": "received",
    "check.port_open": "open",
    "check.last": "${price:f}",
    "check.host": "{server} host name {host}",
    "check.port": "{server} port {port}",
    "check.quote_host": "Quote {server} host name {host}",
    "check.quote_port": "Quote {server} port {port}",
    "check.valid": "valid until {until:clock}",
    "check.unreachable": "{problem} ({error})",
    "shell.settings": "{faults:semicolons}",
    "stream.of_quotes": "QUOTE_APP_KEY: {why}",
}
