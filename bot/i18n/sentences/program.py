"""What the program says of itself, and the errors of all rooms."""

SENTENCES = {
    "button.dismissed": "Dismissed. Nothing changed.",
    "button.not_yours": "Only the person who asked may press this.",
    "button.used": "Already pressed; it never acts twice.",
    "button.used_for_order": "Already pressed; that press placed order #{order}.",
    "button.expired": "This button has expired. Ask again.",
    "button.changed": "Things changed after the preview, so nothing was done. Look again.",
    "error.trading": "That did not work. See /diagnose.",
    "error.input": "That input was not understood. See /help.",
    "error.denied": "A limit or guard refused the order.",
    "error.storage": "The record could not be stored. Check the disk.",
    "error.damaged": (
        "The database is damaged; nothing is traded upon it. If it is urgent use the broker's app. Start the"
        " program again to see what to do."
    ),
    "error.broker": "The broker could not be reached.",
    "error.rejected": "The broker refused the order.",
    "error.outcome_unknown": "No answer from the broker. Checking what became of the order.",
    "error.try_later": "The broker does not answer or takes nothing right now.",
    "error.fault": "Refused because of a setting or the account.",
    "error.not_offered": "This environment does not offer that.",
    "error.no_data": "No usable price right now.",
    "symbol.form": "Write a symbol as MARKET:TICKER (NASDAQ, NYSE or AMEX), as in NASDAQ:TQQQ. Got: {given}",
    "start.no_minute_bars": (
        "the virtual environment has no minute bars. Choose one: a real key pair for quotes in"
        " QUOTE_APP_KEY/QUOTE_APP_SECRET, minute bars from streamed trades with KIS_WS_TICKS=true, or day here"
    ),
    "start.sim_clock": "--sim-clock goes with a simulator on this machine only",
    "start.env_readable": "Others can read .env. Run chmod 600 .env.",
    "start.other_hosts": (
        "Real environment with other KIS hosts (REST_URL_BASE, WS_URL_BASE). Be sure you trust them."
    ),
    "start.port": "this port cannot be used; give another one",
    "console.program": "KIS US-stock trader",
    "console.stopped_early": "Stopped before it began.",
    "console.speed": "a number above 0, at most 3600",
    "console.no_file": "there is no such file or folder",
    "console.loopback": "an address of this machine only",
    "console.settings": "settings",
    "console.bot": "Telegram bot",
    "console.incoming": "Telegram incoming",
    "console.test_message": "test message",
    "console.faults": "{count} settings to correct. Nothing has been contacted yet.",
    "console.faults_no_env": "{count} settings to correct. Nothing has been contacted yet. There is no .env file.",
    "console.fault_line": "  - {fault}",
    "console.fault_list": (
        "{head}\n{faults:lines}\nWhat you can do:\n  1. cp .env.sample .env and fill it in (each variable is"
        " explained there)\n  2. python main.py --check tells whether settings, KIS and Telegram work\n  3."
        " python main.py --demo runs everything without any keys"
    ),
    "console.demo": (
        "Demo ready. Open in a browser: {chat}\n  The very code that trades for real, with made-up money on the"
        " made-up market of a simulated KIS ({kis}).\n  Market time runs at {speed}x. Ctrl-C ends it."
    ),
    "console.internal_error": (
        "Stopped by an internal error; see {logs}/. The next start reconciles with the broker and goes on."
    ),
    "console.done": "{checks} checks, {orders} orders, {fills} fills, {open} open orders",
    "console.done_but": "{done} ({names}): they stay with the broker",
    "console.stopped": "Stopped. {done}.",
    "alarm.damaged": "🚨 {damage}\nUntil then no order and no stop is sent, and other alerts may be missing.",
    "alarm.not_stored": (
        "🚨 Records cannot be stored (the disk may be full). Until they can, no order and no stop is sent, and"
        " other alerts may be missing. Free space on the disk. An order may have left just before: if it is"
        " urgent, look at your holdings and open orders in the broker's app and sell there."
    ),
}
