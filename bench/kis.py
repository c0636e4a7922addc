"""What the KIS client costs: `python -m bench.kis [--seconds 60]`, as ratios against a reference in the same run."""

import argparse
import asyncio
import base64
import json
import random
import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import aiohttp
import orjson
from aiohttp import web
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kis.auth.account_number import AccountNumber
from kis.connect import open_kis
from kis.environment import Lane
from kis.rest.pacing import Pacer
from kis.settings import KisSettings
from kis.stream.frames import TradeDecoder, split_frame
from kis.stream.notices import NoticeKey, decode_notices
from strategy.model import Market, Symbol, SystemClock

MSFT = Symbol(Market.NASDAQ, "MSFT")
KEY, IV = b"qmzrtkavwlpeohsdbunxcyjfigqmzrta", b"4f1c9a0be27d5386"
FRAMES = 60_000
SLICE = 250
CALLS = 400
FILLED = (
    "demo01^5012345601^{number:010d}^^02^0^2^MSFT^0000000002^004311000^^0^2^2^01790^000000005^홍길동^마이크로소프트"
    "^6^10^^^^^431.1000"
)


def violations(times: Sequence[float], limit: int) -> int:
    """Return how many calls found `limit` others in the second before them."""
    window: deque[float] = deque()
    found = 0
    for at in times:
        while window and at - window[0] >= 1.0:
            window.popleft()
        window.append(at)
        found += len(window) > limit
    return found


async def pace(limit: int, seconds: float) -> None:
    """Load a pacer for a while and judge it by the machine's monotonic clock, not by its own."""
    pacer = Pacer(SystemClock(), calls_per_s=limit, ledger_calls_per_s=0.95)
    times: list[float] = []

    async def caller() -> None:
        while True:
            turn = await pacer.turn(Lane.QUOTE)
            times.append(time.monotonic())
            turn.answered()

    started = time.monotonic()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for _ in range(limit * 2):
                group.create_task(caller())
    elapsed = time.monotonic() - started
    used = len(times) / (limit * elapsed)
    print(
        f"pacer {limit:>2}/s over {elapsed:.0f} s: {len(times)} calls, utilisation {used:.1%} (target 97 %), "
        f"violations {violations(times, limit)} (target 0)"
    )


def trades(count: int) -> list[str]:
    """Return trade frames of a random walk, three a second."""
    walk, price = random.Random(7), 43_715  # noqa: S311 - made-up prices
    frames = []
    for n in range(count):
        price += walk.choice((-2, -1, 0, 1, 2))
        second = n // 3
        at = f"{10 + second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"
        last, bid, ask = (f"{(price + shift) / 100:.4f}" for shift in (0, -1, 2))
        frames.append(
            f"0|HDFSCNT0|001|DNASMSFT^MSFT^4^20260915^20260915^{at}^20260915^{at}^432.9000^438.0200^431.5500^{last}^2"
            f"^5.4100^1.25^{bid}^{ask}^120^80^{walk.randint(1, 400)}^{6_120_331 + n}"
            "^2671830112^2811020^3009311^107.05^1"
        )
    return frames


def notices(count: int) -> list[str]:
    frames = []
    for number in range(1, count + 1):
        padder = padding.PKCS7(128).padder()
        plain = padder.update(FILLED.format(number=number).encode()) + padder.finalize()
        encryptor = Cipher(algorithms.AES256(KEY), modes.CBC(IV)).encryptor()
        sealed = base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()
        frames.append(f"1|H0GSCNI0|001|{sealed}")
    return frames


def ratio(frames: Sequence[str], reference: Callable[[str], object], ours: Callable[[str], object]) -> str:
    """Feed both the same frames in turns, a slice each, and compare the fastest slices: a busy machine disturbs less.

    Every slice is new to our decoder, as in a day: times and prices it has not seen are part of its cost.
    """
    fastest = {"reference": float("inf"), "ours": float("inf")}
    for at in range(0, len(frames), SLICE):
        batch = frames[at : at + SLICE]
        for name, work in (("reference", reference), ("ours", ours)):
            started = time.perf_counter()
            for text in batch:
                work(text)
            fastest[name] = min(fastest[name], time.perf_counter() - started)
    base, mine = fastest["reference"], fastest["ours"]
    return f"{SLICE / mine:,.0f}/s, split only {SLICE / base:,.0f}/s, ratio {mine / base:.2f}"


def decode() -> None:
    now = datetime(2026, 9, 15, 14, 1, 18, tzinfo=UTC)
    ours = AccountNumber("50123456", "01").aliases
    decoder = TradeDecoder()
    decoder.know({"DNASMSFT": MSFT})
    cipher = Cipher(algorithms.AES256(KEY), modes.CBC(IV))
    key = NoticeKey(KEY.decode(), IV.decode())

    def reference_plain(text: str) -> list[str]:
        return text.split("|", 3)[3].split("^")

    def ours_plain(text: str) -> object:
        return decoder.single(text, now)

    def reference_sealed(text: str) -> list[str]:
        decryptor = cipher.decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        raw = decryptor.update(base64.b64decode(text.split("|", 3)[3])) + decryptor.finalize()
        return (unpadder.update(raw) + unpadder.finalize()).decode().split("^")

    def ours_sealed(text: str) -> object:
        frame = split_frame(text)
        return decode_notices(key.decrypt(frame.payload), frame.records, ours, now)

    print(f"plain trade frames: {ratio(trades(FRAMES), reference_plain, ours_plain)} (target 3)")
    print(f"encrypted notices: {ratio(notices(FRAMES // 2), reference_sealed, ours_sealed)} (target 1.5)")


async def overhead() -> None:
    """Compare a price call through the client with the same GET by bare aiohttp, both on one kept connection."""
    answer = json.dumps(
        {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "", "output": {"rsym": "DNASMSFT", "last": "437.1500", "base": ""}}
    )

    async def handle(request: web.Request) -> web.Response:
        if request.path == "/oauth2/tokenP":
            return web.json_response({"access_token": "t", "expires_in": 86400})
        return web.Response(text=answer, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    settings = KisSettings.model_validate(
        {
            "is_virtual": "true",
            "hts_id": "bench",
            "app_key": "k" * 36,
            "app_secret": "s" * 180,
            "account_no": "5012345601",
            "rest_url_base": url,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        async with (
            aiohttp.ClientSession() as session,
            open_kis(settings, clock=SystemClock(), data_dir=Path(folder)) as kis,
        ):
            # the pacer's waiting is measured above; here it must not wait
            kis.http.transport._pacer = Pacer(SystemClock(), calls_per_s=10**6, ledger_calls_per_s=10**6, slack=0)  # noqa: SLF001
            path = f"{url}/uapi/overseas-price/v1/quotations/price?AUTH=&EXCD=NAS&SYMB=MSFT"

            async def bare() -> None:
                async with session.get(path) as response:
                    assert Decimal(orjson.loads(await response.read())["output"]["last"])

            async def ours() -> None:
                await kis.market.quote(MSFT)

            costs: dict[str, list[float]] = {"bare": [], "ours": []}
            for _ in range(CALLS):  # taken in turns, so that a busy machine disturbs both alike
                for name, call in (("bare", bare), ("ours", ours)):
                    started = time.perf_counter()
                    await call()
                    costs[name].append(time.perf_counter() - started)
    await runner.cleanup()
    base, mine = (statistics.median(costs[name]) * 1e6 for name in ("bare", "ours"))
    print(
        f"one price call: {mine:,.0f} us, bare aiohttp {base:,.0f} us, overhead {mine - base:,.0f} us, "
        f"ratio {mine / base:.2f}"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each pacer is loaded")
    seconds = parser.parse_args().seconds
    decode()
    await overhead()
    async with asyncio.TaskGroup() as group:
        group.create_task(pace(18, seconds))
        group.create_task(pace(1, seconds))


if __name__ == "__main__":
    asyncio.run(main())
