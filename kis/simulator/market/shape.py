"""What happens inside a bar: minutes inside a day, prints inside a minute; deterministic by its key."""

from random import Random

from kis.simulator.market.bars import DayBar, TapeBar
from kis.simulator.market.calendar import MINUTE_MS, TradingSession
from kis.simulator.market.chance import generator, mix

Print = tuple[int, int, int]  # instant in ms, price in ten-thousandths, size in shares


def tick_of(price: int) -> int:
    """Return the smallest price step: a cent from one dollar up, a hundredth of a cent below (kis-protocol 9)."""
    return 100 if price >= 10_000 else 1


def on_tick(price: float) -> int:
    """Return the nearest price on the tick, at least one tick. Ten-thousandths of a dollar."""
    whole = round(price)
    tick = tick_of(whole)
    return max(tick, round(price / tick) * tick)


def minutes_of_day(day: DayBar, previous_close: int, session: TradingSession, key: str, *, busy: bool) -> list[TapeBar]:
    """Return a day's minutes, extended hours included, whose regular part has exactly the day's prices."""
    rng = generator(key, day.day.isoformat(), "minutes")
    bars = _extended(previous_close, day.open, session.pre_open_ms, session.open_ms, day, rng, busy=busy)
    bars += _regular(day, session, rng)
    auction = max(1, int(day.volume * 0.07))
    bars.append(TapeBar(session.close_ms, MINUTE_MS, day.close, day.close, day.close, day.close, auction))
    after_from, after_to = session.close_ms + MINUTE_MS, session.after_close_ms
    drifted = on_tick(day.close * (1 + rng.gauss(0, 0.0015)))
    bars += _extended(day.close, drifted, after_from, after_to, day, rng, busy=busy)
    return bars


def _regular(day: DayBar, session: TradingSession, rng: Random) -> list[TapeBar]:
    count = session.minutes
    path = _bridge(day, count, rng)
    wick = max(day.high - day.low, 1) / count**0.5 * 0.35
    weights = [_busyness(n / count) * rng.lognormvariate(0, 0.45) for n in range(count)]
    scale = max(day.volume * 0.93, count) / sum(weights)
    bars: list[TapeBar] = []
    for n in range(count):
        opened, close = path[n], path[n + 1]
        high = min(day.high, max(opened, close, on_tick(max(opened, close) + abs(rng.gauss(0, wick)))))
        low = max(day.low, min(opened, close, on_tick(min(opened, close) - abs(rng.gauss(0, wick)))))
        volume = max(1, int(weights[n] * scale))
        bars.append(TapeBar(session.open_ms + n * MINUTE_MS, MINUTE_MS, opened, high, low, close, volume))
    return bars


def _bridge(day: DayBar, count: int, rng: Random) -> list[int]:
    """Return prices at the minute marks: from open to close, touching exactly high and low."""
    variances = [_busyness(n / count) for n in range(count)]
    total = sum(variances)
    spread = max(day.high - day.low, 1) * 0.55
    walk, done, points = 0.0, 0.0, [0.0]
    shares = [0.0]
    for variance in variances:
        walk += rng.gauss(0, spread * (variance / total) ** 0.5)
        done += variance / total
        points.append(walk)
        shares.append(done)
    raw = [
        day.open + (day.close - day.open) * share + point - walk * share
        for point, share in zip(points, shares, strict=True)
    ]
    top, bottom = max(day.open, day.close), min(day.open, day.close)
    _stretch(raw, top, day.high, rng)
    _stretch(raw, bottom, day.low, rng)
    prices = [min(day.high, max(day.low, on_tick(value))) for value in raw]
    prices[0], prices[-1] = day.open, day.close
    if day.high > top:
        prices[_extreme(raw, +1)] = day.high
    if day.low < bottom:
        prices[_extreme(raw, -1)] = day.low
    return prices


def _stretch(path: list[float], edge: int, limit: int, rng: Random) -> None:
    """Scale what lies beyond an edge so that it reaches the limit exactly; push one point there if nothing does."""
    up = limit >= edge
    beyond = max(path) - edge if up else edge - min(path)
    room = abs(limit - edge)
    if room and beyond <= 0:
        path[rng.randrange(1, len(path) - 1)] = float(limit)
        return
    for n, value in enumerate(path):
        excess = value - edge if up else edge - value
        if excess > 0:
            path[n] = edge + (1 if up else -1) * excess * room / beyond


def _extreme(path: list[float], direction: int) -> int:
    return max(range(1, len(path) - 1), key=lambda n: path[n] * direction)


def _extended(  # noqa: PLR0917 - two ends in price and two in time
    start: int, end: int, from_ms: int, to_ms: int, day: DayBar, rng: Random, *, busy: bool
) -> list[TapeBar]:
    """Return the sparse minutes outside the regular session."""
    count = (to_ms - from_ms) // MINUTE_MS
    if count <= 0:
        return []
    chance = 0.55 if busy else 0.12
    jitter = max(day.high - day.low, 100) * 0.03
    volume = max(1, int(day.volume * 0.03 / count / chance))
    bars: list[TapeBar] = []
    last = start
    for n in range(count):
        if rng.random() > chance:
            continue
        close = on_tick(start + (end - start) * (n + 1) / count + rng.gauss(0, jitter))
        size = max(1, int(volume * rng.lognormvariate(0, 0.8)))
        bars.append(TapeBar(from_ms + n * MINUTE_MS, MINUTE_MS, last, max(last, close), min(last, close), close, size))
        last = close
    return bars


def _busyness(share: float) -> float:
    """Return how lively the regular session is at a share of its length: most at the open, again at the close."""
    return 0.6 + 2.6 * (1 - share) ** 6 + 1.5 * share**8


def prints_of(bar: TapeBar, count: int, key: int) -> list[Print]:
    """Return the trades of a bar: from open to close, touching high and low, summing to its volume."""
    path = _corners(bar, key)
    wanted = min(max(count, len(path)), max(bar.volume, len(path)))
    if wanted > len(path):
        path = _filled(path, wanted, key)
    total = len(path)
    step = bar.width_ms // total
    sizes = _sizes(bar.volume, total, key)
    prints = [(bar.start_ms, path[0], sizes[0])]
    for n in range(1, total):
        jitter = mix(key, 1000 + n) % (step // 2 + 1)
        prints.append((bar.start_ms + bar.width_ms * n // total + jitter, path[n], sizes[n]))
    return prints


def _corners(bar: TapeBar, key: int) -> list[int]:
    low_first = bar.close >= bar.open if mix(key, 1) % 100 < 70 else bar.close < bar.open
    turns = (bar.low, bar.high) if low_first else (bar.high, bar.low)
    path = [bar.open]
    for price in (*turns, bar.close):
        if price != path[-1]:
            path.append(price)
    return path


def _filled(path: list[int], wanted: int, key: int) -> list[int]:
    """Insert prints between the corners, never outside them."""
    if len(path) == 1:
        return path * wanted
    gaps = len(path) - 1
    extra = wanted - len(path)
    filled: list[int] = []
    for n in range(gaps):
        start, end = path[n], path[n + 1]
        filled.append(start)
        more = extra // gaps + (1 if n < extra % gaps else 0)
        for k in range(more):
            wobble = (mix(key, 50 + n * 997 + k) % 1000 - 500) / 1000
            share = min(0.999, max(0.001, (k + 1 + wobble) / (more + 1)))
            between = on_tick(start + (end - start) * share)
            filled.append(min(max(start, end), max(min(start, end), between)))
    filled.append(path[-1])
    return filled


def _sizes(volume: int, count: int, key: int) -> list[int]:
    if count == 1:
        return [volume]
    weights = [1 + mix(key, 500 + n) % 97 for n in range(count)]
    total = sum(weights)
    sizes = [max(1, volume * weight // total) for weight in weights]
    sizes[0] = max(1, sizes[0] + volume - sum(sizes))
    return sizes
