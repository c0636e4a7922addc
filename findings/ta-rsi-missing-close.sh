#!/usr/bin/env bash
# ta 0.11.0, RSIIndicator: one close that is not a number holds the value for two bars and takes a move away for good.
#
# The difference to a missing close and the difference from it are both unknown, and both count as "no change". So the
# bar without a close and the next one repeat the value before, although the next one has a close; and what the price did
# across the gap is in neither average, so that the values after it are those of another series. Dropping the bar, as
# charts do, gives other values again. MACD in the same release repeats its line for one bar only.
#
# Seen with pandas 3.1.1, numpy 2.4.6, Python 3.11; the last line printed says so again or the script fails.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install -q ta==0.11.0 pandas==3.1.1 numpy==2.4.6
"$dir/env/bin/python" -W ignore - <<'PY'
import pandas as pd
from ta.momentum import RSIIndicator
from ta.trend import MACD

closes = [100 + (n * 7 % 11) - n % 3 for n in range(60)]
gap = [float(close) for close in closes]
gap[-3] = float("nan")


def rsi(values):
    return RSIIndicator(pd.Series(values, dtype="float64"), window=14).rsi().tolist()


whole, held, dropped = rsi(closes), rsi(gap), rsi([close for close in gap if close == close])
print("no close missing   ", [round(value, 2) for value in whole[-4:]])
print("the third last is  ", [round(value, 2) for value in held[-4:]])
print("that bar left out  ", [round(value, 2) for value in dropped[-3:]])
assert held[-3] == held[-2] == held[-4], "the value is not held for two bars any more"
assert abs(held[-1] - whole[-1]) > 1 and abs(held[-1] - dropped[-1]) > 1, "the move across the gap is not lost any more"
line = MACD(pd.Series(gap, dtype="float64")).macd().tolist()
assert line[-3] == line[-4] != line[-2], "MACD does not repeat its line for one bar any more"
print("as found: held for two bars, the move lost; MACD held for one")
PY
