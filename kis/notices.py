"""Order and fill notices: decryption and reading (kis-protocol 7.3, 7.6, 7.7)."""

import base64
import binascii
from datetime import datetime
from decimal import Decimal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kis.accounts import Account
from kis.frames import BadFrame
from strategy.orders import Notice, Side, VenueNo

_FEWEST = 19
_IMPLIED = Decimal(10_000)  # US prices come without their point, four decimals (quirk 28)
_US_MARKETS = frozenset("6789")
_SIDES = {"01": Side.SELL, "02": Side.BUY, "03": Side.SELL, "04": Side.BUY}
_BLOCK = 16


class NoticeKey:
    """AES-256-CBC with the key and iv of the acknowledgement, taken as ASCII."""

    def __init__(self, key: str, iv: str) -> None:
        self._cipher = Cipher(algorithms.AES256(key.encode("ascii")), modes.CBC(iv.encode("ascii")))

    def decrypt(self, payload: str) -> str:
        """Return the plain text of a base64 payload; raise BadFrame."""
        try:
            sealed = base64.b64decode(payload, validate=True)
            decryptor = self._cipher.decryptor()
            padded = decryptor.update(sealed) + decryptor.finalize()
            padding = padded[-1]
            if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes((padding,)) * padding:
                raise BadFrame("a notice with wrong padding")
            return padded[:-padding].decode()
        except (ValueError, binascii.Error, IndexError) as error:
            raise BadFrame("a notice that cannot be decrypted") from error


def decode_notices(plain: str, count: int, account: Account, received_at: datetime) -> list[Notice]:
    """Return the notices of our account in order; those of other accounts and markets are left out.

    Records have grown over the years and order notices are shorter than fills, so nothing counts on a length
    (quirk 27). Raise BadFrame for what cannot be read: a notice of ours is never guessed.
    """
    fields = plain.split("^")
    width, rest = divmod(len(fields), count)
    if rest or width < _FEWEST:
        raise BadFrame("a notice of another shape")
    found = (_notice(fields[at : at + width], account, received_at) for at in range(0, len(fields), width))
    return [notice for notice in found if notice is not None]


def _notice(fields: list[str], account: Account, received_at: datetime) -> Notice | None:
    if not account.owns(fields[1].strip()):
        return None
    if fields[18].strip() and fields[18].strip() not in _US_MARKETS:
        return None
    side = _SIDES.get(fields[4].strip())
    qty = fields[8].strip()
    if side is None or not qty.isdecimal() or not qty.isascii():
        raise BadFrame("a notice without side or quantity")
    kind = _kind(fields)
    price = _price(fields)
    if kind is Notice.Kind.FILLED and (int(qty) == 0 or price == 0):
        raise BadFrame("a fill of nothing or for nothing")
    number = _number(fields[2])
    if number is None:
        raise BadFrame("a notice without order number")
    return Notice(
        kind=kind,
        venue_no=number,
        original_no=_number(fields[3]),
        ticker=fields[7].strip(),
        side=side,
        qty=int(qty),
        price=price,
        venue_time=fields[10].strip(),
        received_at=received_at,
    )


def _number(raw: str) -> VenueNo | None:
    """Return an order number without padding, which notices do not promise; None for blank."""
    digits = raw.strip()
    if not digits.strip("0"):
        return None
    if not digits.isdecimal() or not digits.isascii():
        raise BadFrame("a notice with a strange order number")
    return VenueNo(digits.lstrip("0"))


def _kind(fields: list[str]) -> Notice.Kind:
    """Return what a notice says.

    An amendment or a cancel is told twice, received and confirmed; only the confirmed one is AMENDED or CANCELED,
    the first is ACCEPTED and names the original. A rejected one is REJECTED and names the original, too.
    """
    change, refused, filled, accepted = (fields[at].strip() for at in (5, 11, 12, 13))
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


def _price(fields: list[str]) -> Decimal:
    wide = fields[24].strip() if len(fields) > 24 else ""
    narrow = fields[9].strip()
    if "." in wide:
        return _plain(wide)
    if "." in narrow:
        return _plain(narrow)
    if not narrow:
        return Decimal(0)
    return _plain(narrow) / _IMPLIED


def _plain(text: str) -> Decimal:
    whole, _, fraction = text.partition(".")
    if not (whole + fraction).isdecimal() or not text.isascii() or len(text) > 24:
        raise BadFrame("a notice with a strange price")
    return Decimal(text)
