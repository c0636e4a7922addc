"""`python -m kis`: JSON on stdout, errors as one JSON object on stderr with exit code 1."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.i18n.sentences import paired
from kis.cli.commands import main
from tests.fakes.kis_server import ACCOUNT, APP_KEY, APP_SECRET, OK, FakeKis, Say, error, serving
from tests.kis.calls.test_broker_calls import ACK, ccnl, pages
from tests.kis.calls.test_market_data import BOOK_HEAD, day, levels


@pytest.fixture
async def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeKis]:
    for name in ("IS_VIRTUAL", "HTS_ID", "APP_KEY", "APP_SECRET", "ACCOUNT_NO", "REST_URL_BASE", "WS_URL_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATA_DIR", raising=False)
    kis = FakeKis()
    async with serving(kis) as url:
        (tmp_path / ".env").write_text(
            f"IS_VIRTUAL=false\nHTS_ID=demo01\nAPP_KEY={APP_KEY}\nAPP_SECRET={APP_SECRET}\nACCOUNT_NO={ACCOUNT}\n"
            f"REST_URL_BASE={url}\nKIS_LEDGER_CALLS_PER_S=20\nDATA_DIR=kept\n"
        )
        yield kis


async def test_quote_as_json(fake: FakeKis, capsys: pytest.CaptureFixture[str]) -> None:
    side = levels(pbid1="437.1400", pask1="437.1700", vbid1="120", vask1="80")
    fake.on("HHDFS76200100", Say({**OK, "output1": BOOK_HEAD, "output2": side}))
    assert await main(["quote", "NASDAQ:MSFT", "--json"], paired) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["symbol"], shown["last"], shown["bid"], shown["ask"]) == (
        "NASDAQ:MSFT",
        "437.1500",
        "437.1400",
        "437.1700",
    )
    assert shown["received_at"].endswith("+00:00")


async def test_book_and_bars_for_people(fake: FakeKis, capsys: pytest.CaptureFixture[str]) -> None:
    fake.on("HHDFS76240000", Say({**OK, "output2": [day("20260915"), day("20260914")]}))
    assert await main(["bars", "NASDAQ:MSFT", "--count", "2"], paired) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split()[:3] == ["start", "end", "open"]
    assert len(out.splitlines()) == 3


async def test_buy_then_cancel_finds_the_open_order(fake: FakeKis, capsys: pytest.CaptureFixture[str]) -> None:
    fake.on("TTTT1002U", ACK)
    fake.on("TTTT1004U", ACK)
    fake.on("TTTS3018R", pages(ccnl(odno="0030412207", ft_ccld_qty="2", ft_ccld_amt3="136.4", nccs_qty="10")))
    assert await main(["buy", "NYSE:KO", "12", "68.20", "--json"], paired) == 0
    assert json.loads(capsys.readouterr().out)["order"] == "30412207"
    assert await main(["cancel", "0030412207", "--json"], paired) == 0
    (asked,) = fake.of("TTTT1004U")
    assert (asked.body["ORGN_ODNO"], asked.body["ORD_QTY"], asked.body["PDNO"]) == ("0030412207", "10", "KO")


@pytest.mark.parametrize(
    ("arguments", "kind", "code"),
    [
        (["buy", "NYSE:KO", "12", "68.20"], "refused", "APBK0952"),
        (["balance"], "fault", "OPSQ2000"),
        (["cancel", "77"], "input", ""),
        (["buy", "NYSE:KO", "12", "0"], "input", ""),
        (["buy", "NYSE:KO", "12", "68.20", "--type", "moc"], "not_offered", ""),
        (["quote", "MSFT"], "usage", ""),
        (["dance"], "usage", ""),
    ],
)
async def test_errors_are_one_json_object(
    fake: FakeKis, capsys: pytest.CaptureFixture[str], arguments: list[str], kind: str, code: str
) -> None:
    fake.on("TTTT1002U", error("APBK0952", "금액 초과", 200, "7"))
    fake.on("TTTS3012R", error("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO", 200, "2"))
    fake.on("TTTS3018R", pages())
    assert await main([*arguments, "--json"], paired) == 1
    shown = json.loads(capsys.readouterr().err)
    assert (shown["error"]["kind"], shown["error"]["code"]) == (kind, code)
    assert shown["error"]["message"]


async def test_missing_settings_are_named_and_nothing_is_asked(
    fake: FakeKis, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("IS_VIRTUAL=maybe\nAPP_KEY=short\n")
    assert await main(["token"], paired) == 1
    message = json.loads(capsys.readouterr().err)["error"]["message"]
    for name in ("IS_VIRTUAL", "HTS_ID", "APP_SECRET", "ACCOUNT_NO"):
        assert name in message
    assert "short" not in message
    assert fake.asked == []


async def test_the_token_itself_is_never_shown_and_is_kept_in_data_dir(
    fake: FakeKis, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert await main(["token", "--json"], paired) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["account"] == "50******-01"
    assert "token-1" not in out
    assert list((tmp_path / "kept").glob("kis-token-*.json"))
