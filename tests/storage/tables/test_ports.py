"""The repositories fit the ports; mypy is the judge, and this test the place where it looks."""

from storage.database import Storage
from strategy.ports import (
    Agreements,
    ChatMessages,
    DayStarts,
    DecisionJournal,
    Deposits,
    ExchangeRates,
    ModeJournal,
    Notes,
    Notifier,
    OrderJournal,
    Outbox,
    Panics,
    PriceAlerts,
    SettingsJournal,
    StopRuns,
    Tickets,
)


async def test_every_repository_fits_its_port(storage: Storage) -> None:
    orders: OrderJournal = storage.orders
    decisions: DecisionJournal = storage.decisions
    settings: SettingsJournal = storage.settings
    modes: ModeJournal = storage.modes
    stop_runs: StopRuns = storage.stop_runs
    panics: Panics = storage.panics
    agreements: Agreements = storage.agreements
    day_starts: DayStarts = storage.day_starts
    deposits: Deposits = storage.deposits
    rates: ExchangeRates = storage.exchange_rates
    messages: ChatMessages = storage.messages
    notes: Notes = storage.notes
    tickets: Tickets = storage.tickets
    price_alerts: PriceAlerts = storage.price_alerts
    outbox: Outbox = storage.outbox
    notifier: Notifier = storage.outbox
    assert all((orders, decisions, settings, modes, notes, tickets, price_alerts, outbox, notifier))
    assert all((stop_runs, panics, agreements, day_starts, deposits, rates, messages))
