#!/usr/bin/env bash
# pyotp 2.12.0: a secret of 16 to 22 base32 characters makes no code, and how it says so depends on the length.
#
# Sixteen characters (80 bits) are what many services hand out. Such a secret is refused when the object is made, with
# "must be at least 112 bits", but for lengths that base32 cannot have (17, 19, 22 and, beyond the limit, 25, 27, 30):
# they end in an error about padding, before anybody counts bits. The shortest that works is 23.
#
# Seen with Python 3.11; the last line printed says so again or the script fails.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/env"
"$dir/env/bin/pip" install -q pyotp==2.12.0
"$dir/env/bin/python" - <<'PY'
import pyotp

said = {}
for length in range(16, 33):
    try:
        pyotp.TOTP(("JBSWY3DPEHPK3PXP" * 2)[:length]).at(0)
    except ValueError as error:  # the padding error is one, too
        said[length] = str(error)
for length, words in said.items():
    print(length, words)
padding = {length for length, words in said.items() if "padding" in words.lower()}
assert padding == {17, 19, 22, 25, 27, 30}, padding
assert {length for length, words in said.items() if "112 bits" in words} == {16, 18, 20, 21}
print("as found: nothing below 23 works, and two different errors say so")
PY
