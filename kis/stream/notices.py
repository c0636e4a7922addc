"""Order and fill notices: decryption and reading (kis-protocol 7.3, 7.6, 7.7). See decisions 0067 and 0152."""

import binascii
import dataclasses
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kis.stream.frames import BadFrame
from strategy.model import Notice, Side, VenueNo

_FEWEST = 19
_IMPLIED = Decimal(10_000)  # US prices come without their point, four decimals (quirk 28)
_US_MARKETS = frozenset("6789")
_SIDES = {"01": Side.SELL, "02": Side.BUY, "03": Side.SELL, "04": Side.BUY}
_BLOCK = 16
_PADDINGS = {size: bytes((size,)) * size for size in range(1, _BLOCK + 1)}
_TABLE_LIMIT = 10_000
_new = object.__new__
(
    _kind_slot,
    _venue_no_slot,
    _original_no_slot,
    _ticker_slot,
    _side_slot,
    _qty_slot,
    _price_slot,
    _venue_time_slot,
    _received_at_slot,
) = (getattr(Notice, slot.name).__set__ for slot in dataclasses.fields(Notice))


class NoticeKey:
    """AES-256-CBC with the key and iv of the acknowledgement, taken as ASCII.

    A CBC context serves one message only, and making one costs more than all the rest. So the blocks go through one
    lasting block cipher and are chained here: plain block = deciphered block XOR the cipher block before it.
    """

    def __init__(self, key: str, iv: str) -> None:
        """Raise ValueError for a key that is not 32 or an iv that is not 16 ASCII characters."""
        self._iv = iv.encode("ascii")
        if len(self._iv) != _BLOCK:
            raise ValueError("the iv has another length")
        cipher = Cipher(algorithms.AES256(key.encode("ascii")), modes.ECB())  # noqa: S305 - chained below, as CBC is
        self._decipher = cipher.decryptor().update

    def decrypt(self, payload: str) -> str:
        """Return the plain text of a base64 payload; raise BadFrame."""
        try:
            sealed = binascii.a2b_base64(payload, strict_mode=True)
            if not sealed or len(sealed) % _BLOCK:
                raise BadFrame("a notice that is no whole number of blocks")
            chain = int.from_bytes(self._iv + sealed[:-_BLOCK])
            padded = (int.from_bytes(self._decipher(sealed)) ^ chain).to_bytes(len(sealed))
            padding = _PADDINGS[padded[-1]]
            if not padded.endswith(padding):
                raise BadFrame("a notice with wrong padding")
            return padded[: -len(padding)].decode()
        except (ValueError, KeyError) as error:  # binascii's error is a ValueError
            raise BadFrame("a notice that cannot be decrypted") from error


class UnreadNotice(BadFrame):
    """A notice that cannot be read. What else its frame held is `readable`."""

    def __init__(self, why: str, readable: Sequence[Notice] = ()) -> None:
        super().__init__(why)
        self.readable = readable


def decode_notices(plain: str, count: int, ours: frozenset[str], received_at: datetime) -> list[Notice]:
    """Return the notices of our account (`Account.aliases`) in order; those of other accounts and markets are left out.

    Records have grown over the years and order notices are shorter than fills, also within one frame, so nothing
    counts on a length (quirk 27). Raise UnreadNotice for what cannot be read: a notice of ours is never guessed.
    """
    fields = plain.split("^")
    found: list[Notice] = []
    bad: BadFrame | None = None
    for record in _records(fields, count):
        try:
            notice = _notice(record, ours, received_at)
        except BadFrame as error:
            bad = error
            continue
        if notice is not None:
            found.append(notice)
    if bad is not None:
        raise UnreadNotice(str(bad), found) from bad
    return found


def _records(fields: list[str], count: int) -> Sequence[list[str]]:
    """Cut a payload where records begin; raise UnreadNotice unless it holds just as many as announced."""
    if count == 1 and _FEWEST <= len(fields) < 2 * _FEWEST:
        return (fields,)
    starts = [at for at in range(len(fields) - _FEWEST + 1) if _begins(fields, at)]
    ends = [*starts[1:], len(fields)]
    if len(starts) != count or starts[0] != 0 or any(end - at < _FEWEST for at, end in zip(starts, ends, strict=True)):
        raise UnreadNotice("notices of another shape")
    return [fields[at:end] for at, end in zip(starts, ends, strict=True)]


def _begins(fields: list[str], at: int) -> bool:
    """Return whether a record may begin here: the frame's HTS ID, and every code where its place is (7.7)."""
    side, change, refused, filled, accepted = (fields[at + place].strip() for place in (4, 5, 11, 12, 13))
    return (
        fields[at] == fields[0]
        and side in _SIDES
        and change in ("", "0", "1", "2")
        and refused in ("", "0", "1")
        and filled in ("1", "2")
        and accepted in ("", "1", "2", "3")
    )


def _notice(fields: list[str], ours: frozenset[str], received_at: datetime) -> Notice | None:
    if fields[1] not in ours and fields[1].strip().replace("-", "") not in ours:
        return None
    market = fields[18]
    if market not in _US_MARKETS and market.strip() and market.strip() not in _US_MARKETS:
        return None
    side = _SIDES.get(fields[4]) or _SIDES.get(fields[4].strip())
    qty = _QTYS[fields[8]]
    if side is None or qty is None:
        raise BadFrame("a notice without side or quantity")
    kind = _KINDS[fields[5], fields[11], fields[12], fields[13]]
    price = _PRICES[fields[9], fields[24] if len(fields) > 24 else ""]
    if kind is Notice.Kind.FILLED and (not qty or not price):
        raise BadFrame("a fill of nothing or for nothing")
    number = _number(fields[2])
    if number is None:
        raise BadFrame("a notice without order number")
    # the constructor of a frozen dataclass goes through object.__setattr__ and would cost as much as the rest of the
    # decoding; a test holds this to the same result
    notice = _new(Notice)
    _kind_slot(notice, kind)
    _venue_no_slot(notice, number)
    _original_no_slot(notice, _number(fields[3]) if fields[3] else None)
    _ticker_slot(notice, fields[7].strip().replace(".", "/"))  # class shares, as symbols spell them
    _side_slot(notice, side)
    _qty_slot(notice, qty)
    _price_slot(notice, price)
    _venue_time_slot(notice, fields[10].strip())
    _received_at_slot(notice, received_at)
    return notice


def _number(raw: str) -> VenueNo | None:
    """Return an order number without padding, which notices do not promise; None for blank."""
    digits = raw.strip().lstrip("0")
    if not digits:
        return None
    if not digits.isdecimal() or not digits.isascii():
        raise BadFrame("a notice with a strange order number")
    return VenueNo(digits)


class _Kinds(dict[tuple[str, str, str, str], Notice.Kind]):
    """Change, refusal, fill and acceptance codes to what a notice says.

    An amendment or a cancel is told twice, received and confirmed; only the confirmed one is AMENDED or CANCELED,
    the first is ACCEPTED and names the original. A rejected one is REJECTED and names the original, too.
    """

    def __missing__(self, codes: tuple[str, str, str, str]) -> Notice.Kind:
        change, refused, filled, accepted = (code.strip() for code in codes)
        kind = _kind(change, refused, filled, accepted)
        if len(self) < _TABLE_LIMIT:
            self[codes] = kind
        return kind


def _kind(change: str, refused: str, filled: str, accepted: str) -> Notice.Kind:
    if filled == "2":
        return Notice.Kind.FILLED
    if filled != "1" or refused not in ("0", "1", ""):
        raise BadFrame("a notice of an unknown kind")
    if refused == "1":
        return Notice.Kind.REJECTED
    if accepted == "3":  # canceled by its own condition (FOK, IOC)
        return Notice.Kind.CANCELED
    if change in ("1", "2"):
        if accepted == "1":
            return Notice.Kind.ACCEPTED
        return Notice.Kind.AMENDED if change == "1" else Notice.Kind.CANCELED
    return Notice.Kind.ACCEPTED


class _Qtys(dict[str, int | None]):
    """Quantity texts to whole numbers; None for anything else."""

    def __missing__(self, text: str) -> int | None:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        digits = text.strip()
        self[text] = qty = int(digits) if digits.isdecimal() and digits.isascii() else None
        return qty


class _Prices(dict[tuple[str, str], Decimal]):
    """The narrow and the wide price field to a price; zero for a blank one, as a cancel has it."""

    def __missing__(self, texts: tuple[str, str]) -> Decimal:
        if len(self) >= _TABLE_LIMIT:
            self.clear()
        self[texts] = price = _price(texts[0].strip(), texts[1].strip())
        return price


def _price(narrow: str, wide: str) -> Decimal:
    if "." in wide:
        return _plain(wide)
    if "." in narrow:
        return _plain(narrow)
    return _plain(narrow) / _IMPLIED if narrow else Decimal(0)


def _plain(text: str) -> Decimal:
    whole, _, fraction = text.partition(".")
    if not (whole + fraction).isdecimal() or not text.isascii() or len(text) > 24:
        raise BadFrame("a notice with a strange price")
    return Decimal(text)


_KINDS = _Kinds()
_PRICES = _Prices()
_QTYS = _Qtys()
