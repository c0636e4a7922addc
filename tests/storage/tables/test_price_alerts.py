"""Prices somebody waits for: stored, told exactly once."""

from dataclasses import replace
from decimal import Decimal

import pytest

from storage.database import Storage
from strategy.model import PriceAlert, PriceAlertHit, StorageError, Symbol
from tests.fakes.stored_samples import at

ALERT = PriceAlert(symbol=Symbol.parse("NASDAQ:TQQQ"), above=False, price=Decimal("60.10"), set_by=7, set_at=at(), id=0)


def hit(alert: PriceAlert) -> PriceAlertHit:
    return PriceAlertHit(at=at(1), alert=alert, last=Decimal("60.05"))


async def test_alerts_come_back_as_they_were_set_in_order(storage: Storage) -> None:
    first = await storage.price_alerts.add(ALERT)
    second = await storage.price_alerts.add(replace(ALERT, above=True, price=Decimal(70)))
    assert list(await storage.price_alerts.all()) == [first, second]
    assert (first.id, second.id) == (1, 2)


async def test_an_alert_goes_once_with_what_is_told_and_its_number_is_not_used_again(storage: Storage) -> None:
    alert = await storage.price_alerts.add(ALERT)
    assert await storage.price_alerts.remove(alert.id, [hit(alert)])
    assert not await storage.price_alerts.remove(alert.id, [hit(alert)])
    assert [row.event for row in await storage.outbox.pending(10)] == [hit(alert)]
    assert (await storage.price_alerts.add(ALERT)).id == 2


async def test_an_alert_that_cannot_be_told_stays(storage: Storage) -> None:
    alert = await storage.price_alerts.add(ALERT)
    await storage.price_alerts._database.apply("ALTER TABLE outbox RENAME TO away")
    with pytest.raises(StorageError):
        await storage.price_alerts.remove(alert.id, [hit(alert)])
    assert list(await storage.price_alerts.all()) == [alert]


async def test_a_note_is_stored_with_what_is_told_of_it(storage: Storage) -> None:
    alert = replace(ALERT, id=1)
    await storage.notes.put("k", "v", [hit(alert)])
    assert await storage.notes.get("k") == "v"
    assert len(await storage.outbox.pending(10)) == 1
    await storage.price_alerts._database.apply("ALTER TABLE outbox RENAME TO away")
    with pytest.raises(StorageError):
        await storage.notes.put("k", "w", [hit(alert)])
    assert await storage.notes.get("k") == "v"
