"""Lines of reports and tests."""

SENTENCES = {
    "connection_test.telegram": "Telegram bot (getMe)",
    "connection_test.broker": "Broker connections",
    "connection_test.late": "Not finished in time. The internet is slow or blocked.",
    "ready.account": "Account and cash",
    "ready.reconciled": "Reconciled",
    "ready.agreed": "agreed",
    "ready.not_agreed": "not agreed yet, so buying is blocked",
    "ready.cash_unknown": "{count} tickers held, buyable cash not known",
    "ready.cash": "{count} tickers held, ${cash:,} buyable",
    "ready.bars": "Bars",
    "ready.session": "Session today",
}
