"""Opens the data directory: lock, migrations, repositories."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.connection import Database, Trust, connected
from storage.damage import examine
from storage.instance import instance_lock
from storage.migrations import load_migrations, migrate
from storage.orders.order_intents import follow_next
from storage.orders.orders import OrderRepository
from storage.records import RecordRepository
from storage.tables.agreements import AgreementRepository
from storage.tables.chat_messages import ChatMessageRepository
from storage.tables.day_starts import DayStartRepository
from storage.tables.decisions import DecisionRepository
from storage.tables.deposits import DepositRepository
from storage.tables.exchange_rates import ExchangeRateRepository
from storage.tables.kept_aside import tell_kept_aside
from storage.tables.modes import ModeRepository
from storage.tables.notes import NoteRepository
from storage.tables.outbox import OutboxRepository
from storage.tables.panics import PanicRepository
from storage.tables.price_alerts import PriceAlertRepository
from storage.tables.setting_changes import SettingChangeRepository
from storage.tables.stop_runs import StopRunRepository
from storage.tables.tickets import TicketRepository
from storage.vitals import StorageVitals
from strategy.model import SystemClock

FILE_NAME = "trader.db"


@dataclass(frozen=True, slots=True)
class Storage:
    """Every repository over one connection, but for the one that reads for reports."""

    orders: OrderRepository
    decisions: DecisionRepository
    settings: SettingChangeRepository
    modes: ModeRepository
    stop_runs: StopRunRepository
    panics: PanicRepository
    agreements: AgreementRepository
    day_starts: DayStartRepository
    deposits: DepositRepository
    exchange_rates: ExchangeRateRepository
    messages: ChatMessageRepository
    notes: NoteRepository
    tickets: TicketRepository
    price_alerts: PriceAlertRepository
    outbox: OutboxRepository  # serves as Notifier too
    records: RecordRepository
    vitals: StorageVitals


@asynccontextmanager
async def open_storage(data_dir: Path) -> AsyncIterator[Storage]:
    """Lock the directory, open and migrate its database, and close both in reverse at the end.

    The directory is made when it is missing. Raise InstanceLocked when another instance has it, StorageDamaged for a
    database that cannot be trusted, StorageError for anything else that keeps it from being used.
    """
    with instance_lock(data_dir, SystemClock().now()):
        await asyncio.to_thread(examine, data_dir / FILE_NAME)
        trust = Trust()
        async with connected(data_dir / FILE_NAME, trust, follow=follow_next) as database:
            await migrate(database, load_migrations())
            await database.recover()
            await tell_kept_aside(database, SystemClock().now())
            async with connected(data_dir / FILE_NAME, trust, read_only=True) as reader:
                yield bundle(database, reader, data_dir / FILE_NAME)


def bundle(database: Database, reader: Database | None = None, path: Path = Path(FILE_NAME)) -> Storage:
    """Return the repositories over an open, migrated database; `reader` is a second connection for long reads."""
    outbox = OutboxRepository(database)
    return Storage(
        orders=OrderRepository(database, outbox),
        decisions=DecisionRepository(database, outbox),
        settings=SettingChangeRepository(database, outbox),
        modes=ModeRepository(database, outbox),
        stop_runs=StopRunRepository(database, outbox),
        panics=PanicRepository(database),
        agreements=AgreementRepository(database),
        day_starts=DayStartRepository(database),
        deposits=DepositRepository(database),
        exchange_rates=ExchangeRateRepository(database),
        messages=ChatMessageRepository(database),
        notes=NoteRepository(database, outbox),
        tickets=TicketRepository(database),
        price_alerts=PriceAlertRepository(database, outbox),
        outbox=outbox,
        records=RecordRepository(reader or database),
        vitals=StorageVitals(path, database, reader or database),
    )
