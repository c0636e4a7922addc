"""The services by name: whoever adds one says what it is called, in both places a person reads of it."""

from pathlib import Path

import pytest

from bot.i18n.sentences import word
from bot.i18n.terms import task_name
from bot.i18n.translator import Tongue, load_catalogs
from strategy.model import Language, Service
from tests.support.engine_bench import OPEN, World, running

LANGUAGES: tuple[Language, ...] = ("ko", "en")


@pytest.mark.parametrize("service", Service)
def test_every_service_has_a_name_for_a_person(service: Service) -> None:
    assert word("service", service, "ko") != word("service", service, "en") != service
    for language in LANGUAGES:
        assert task_name(service, Tongue(load_catalogs(), language))


async def test_every_service_of_the_core_runs_once(tmp_path: Path) -> None:
    elsewhere = {  # of `main.py` and of the bot
        Service.LAG,
        Service.MEMORY,
        Service.CHAT,
        Service.ALERTS,
        Service.REMINDERS,
        Service.DIGESTS,
        Service.DASHBOARD,
        Service.LATE_ANSWERS,
        Service.IN_PRIVATE,
        Service.BARS,  # where bars are kept
    }
    async with running(tmp_path, World.at(OPEN)) as bench:
        run = [service for service, _ in bench.core.tasks]
    assert len(run) == len(set(run))
    assert {*run, *elsewhere} == set(Service)
    assert elsewhere.isdisjoint(run)
