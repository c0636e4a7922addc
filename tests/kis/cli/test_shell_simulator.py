"""Every command of `python -m kis` against the simulator, real and virtual, as a program would use it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.i18n.sentences import paired
from kis.cli.commands import main
from kis.simulator.clock import SimClock
from kis.simulator.options import Holding, Served, SimulatorOptions
from kis.simulator.server import Simulator, build_market
from tests.fakes.kis_server import ACCOUNT, APP_KEY, APP_SECRET

NOON = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)
SPEED = 20.0


@dataclass
class Shell:
    """A folder with an `.env` that points at a running simulator."""

    simulator: Simulator
    capsys: pytest.CaptureFixture[str]
    virtual: bool

    async def run(self, *arguments: str) -> tuple[int, Any]:
        """Return the exit code and the JSON of stdout, or of stderr after a failure."""
        code = await main([*arguments, "--json"], paired)
        captured = self.capsys.readouterr()
        assert bool(captured.out) is (code == 0)
        assert bool(captured.err) is (code != 0)
        return code, json.loads(captured.out or captured.err)

    async def shown(self, *arguments: str) -> Any:
        code, answer = await self.run(*arguments)
        assert code == 0, answer
        return answer

    async def refused(self, *arguments: str) -> dict[str, str]:
        code, answer = await self.run(*arguments)
        assert code == 1
        assert set(answer) == {"error"}
        assert set(answer["error"]) == {"kind", "code", "message"}
        return dict(answer["error"])

    async def tick(self, symbol: str, last: str) -> None:
        bid, ask = str(Decimal(last) - Decimal("0.01")), str(Decimal(last) + Decimal("0.01"))
        body = {"symbol": symbol, "last": last, "bid": bid, "ask": ask, "volume": 10_000}
        async with aiohttp.ClientSession() as http, http.post(f"{self.simulator.rest_url}/sim/tick", json=body) as said:
            assert said.status == 200


@pytest.fixture(params=["real", "virtual"])
async def shell(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Shell]:
    for name in ("IS_VIRTUAL", "HTS_ID", "APP_KEY", "APP_SECRET", "ACCOUNT_NO", "REST_URL_BASE", "WS_URL_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    virtual = request.param == "virtual"
    options = SimulatorOptions(
        environment=Served.VIRTUAL if virtual else Served.REAL,
        live=False,
        ledger_limiter=True,
        holdings=(Holding(symbol="KO", qty=10, average=Decimal(60)),),
    )
    market = build_market(options, NOON, 1)
    async with Simulator(options, market=market, clock=SimClock(NOON, speed=SPEED), seed=1) as simulator:
        (tmp_path / ".env").write_text(
            f"IS_VIRTUAL={str(virtual).lower()}\nHTS_ID=demo01\nAPP_KEY={APP_KEY}\nAPP_SECRET={APP_SECRET}\n"
            f"ACCOUNT_NO={ACCOUNT}\nREST_URL_BASE={simulator.rest_url}\nWS_URL_BASE={simulator.ws_url}\n"
            "KIS_PACING_SLACK=0.25\nKIS_LEDGER_CALLS_PER_S=0.8\n"  # a market second is 50 ms here
        )
        yield Shell(simulator, capsys, virtual)


def has_offset(text: str) -> bool:
    return datetime.fromisoformat(text).utcoffset() is not None


def money(record: dict[str, Any], *names: str) -> Sequence[Decimal]:
    assert all(isinstance(record[name], str) for name in names), record
    return [Decimal(record[name]) for name in names]


async def test_the_commands_that_ask(shell: Shell) -> None:
    await shell.tick("KO", "68.00")
    token = await shell.shown("token")
    assert has_offset(token["expires_at"])
    assert (await shell.shown("token"))["issued_now"] is False  # kept for the next program

    quote = await shell.shown("quote", "NYSE:KO")
    assert money(quote, "last") == [Decimal(68)]
    assert has_offset(quote["received_at"])

    days = await shell.shown("bars", "NYSE:KO", "--interval", "day", "--count", "7")
    assert len(days) == 7
    assert all(has_offset(bar["start"]) and money(bar, "open", "high", "low", "close") for bar in days)

    for minutes in ("1", "3", "5", "15", "30", "60"):
        asked = ("bars", "NYSE:KO", "--interval", minutes, "--count", "5")
        if shell.virtual:
            assert (await shell.refused(*asked))["kind"] == "not_offered"
        else:
            assert len(await shell.shown(*asked)) == 5

    if shell.virtual:
        assert (await shell.refused("book", "NYSE:KO"))["kind"] == "not_offered"
    else:
        assert (await shell.shown("book", "NYSE:KO"))["levels"]

    (held,) = await shell.shown("balance")
    assert (held["symbol"], held["qty"]) == ("NYSE:KO", 10)
    money(held, "average_cost")
    buyable = await shell.shown("buyable", "NYSE:KO", "68.00")
    assert buyable["max_qty"] > 0
    money(buyable, "cash")


async def test_the_commands_that_order(shell: Shell) -> None:
    await shell.tick("KO", "68.00")
    bought = (await shell.shown("buy", "NYSE:KO", "3", "66.00"))["order"]
    (resting,) = await shell.shown("open-orders")
    assert (resting["order"], resting["symbol"], resting["open_qty"]) == (bought, "NYSE:KO", 3)
    amended = (await shell.shown("amend", bought, "3", "66.50"))["order"]
    assert amended != bought
    assert await shell.shown("cancel", bought)  # by the number it once had
    assert await shell.shown("open-orders") == []

    sold = (await shell.shown("sell", "NYSE:KO", "4", "67.00"))["order"]
    await shell.simulator.advance(10)
    day = date(2026, 9, 15).isoformat()
    listed = {row["order"]: row for row in await shell.shown("executions", "--from", day, "--to", day)}
    assert (listed[sold]["side"], listed[sold]["filled_qty"], listed[sold]["status"]) == ("sell", 4, "filled")
    assert listed[amended]["status"] == "canceled"
    assert {row["order"] for row in await shell.shown("executions")} == set(listed)


@pytest.mark.parametrize("kind", ["loo", "loc", "moo", "moc"])
async def test_order_types_are_real_only(shell: Shell, kind: str) -> None:
    order = ("sell", "NYSE:KO", "1", "0" if kind.startswith("m") else "68.00", "--type", kind)
    if shell.virtual:
        assert (await shell.refused(*order))["kind"] == "not_offered"
    elif kind in ("loo", "moo"):  # the opening auction is over at noon: KIS's own word, passed on
        assert (await shell.run(*order))[0] in (0, 1)
    else:
        assert (await shell.shown(*order))["order"]


async def test_errors_are_json_with_exit_code_1(shell: Shell) -> None:
    await shell.tick("KO", "68.00")
    assert (await shell.refused("buy", "NYSE:KO", "999999", "68.00"))["kind"] == "refused"
    assert (await shell.refused("sell", "NYSE:KO", "11", "68.00"))["kind"] == "refused"
    assert (await shell.refused("cancel", "99999"))["kind"] == "input"
    assert (await shell.refused("quote", "NASDAQ:NOSUCH"))["kind"] == "no_data"
    assert (await shell.refused("quote", "NOSUCH"))["kind"] == "usage"
    assert (await shell.refused("buy", "NYSE:KO", "1", "68.005"))["kind"] == "refused"  # off the tick


async def test_watch_prints_one_json_a_line(shell: Shell) -> None:
    lines: list[dict[str, Any]] = []

    def read() -> bool:
        lines.extend(json.loads(line) for line in shell.capsys.readouterr().out.splitlines())
        return bool(lines)

    async def until(kind: str) -> None:
        async with asyncio.timeout(5):
            while not (read() and any(line["kind"] == kind for line in lines)):  # noqa: ASYNC110 - prints cannot be awaited
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(main(["watch", "NYSE:KO", "--seconds", "30", "--json"], paired))
        await until("connected")
        await shell.tick("KO", "68.00")
        await until("tick")
        watching.cancel()
    tick = next(line for line in lines if line["kind"] == "tick")
    assert tick["symbol"] == "NYSE:KO"
    assert money(tick, "last") == [Decimal(68)]
    assert has_offset(tick["traded_at"])
    confirmed = {line["symbol"]: line["active"] for line in lines if line["kind"] == "subscription"}
    assert confirmed == {None: True, "NYSE:KO": True}


async def test_watch_ends_by_itself(shell: Shell) -> None:
    assert await main(["watch", "NYSE:KO", "--seconds", "0.3", "--json"], paired) == 0
    captured = shell.capsys.readouterr()
    assert captured.err == ""
    assert all(json.loads(line)["kind"] for line in captured.out.splitlines())


async def test_watch_ends_when_nobody_reads_its_lines(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Gone())
    async with asyncio.timeout(5):
        assert await main(["watch", "NYSE:KO", "--json"], paired) == 0
