"""The private stream's records and their encryption (kis-protocol 7.6, 7.7)."""

import base64

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from kis.simulator.books.broker import BookNotice
from kis.simulator.books.orders import Kind
from kis.simulator.options import Served, SimulatorOptions
from kis.simulator.text import clean, kst_hms, price4

_KIND2 = {Kind.MOO: "A", Kind.LOO: "B", Kind.MOC: "C", Kind.LOC: "D"}


def record(notice: BookNotice, hts_id: str, options: SimulatorOptions, length: int | None = None) -> str:
    """Return the fields of a notice, joined by ^: 24 in order notices, 25 in fills, or as many as asked for."""
    order, fill = notice.order, notice.fill
    price = fill.price if fill is not None else order.price
    padded = options.notice_padded_numbers
    fields = [
        hts_id,
        order.account.number,
        _number(order.odno, padded=padded),
        _number(order.original, padded=padded) if order.original is not None else "",
        "02" if order.buying else "01",
        {"00": "0", "01": "1", "02": "2"}[order.change],
        _KIND2.get(order.kind, "2"),
        order.listing.symbol,
        f"{fill.qty if fill is not None else order.qty:010d}",
        price4(price) if options.notice_price_point else f"{price:09d}",
        "" if fill is not None else kst_hms(notice.at_ms),
        "1" if notice.kind == "rejected" else "0",
        "2" if fill is not None else "1",
        "2" if notice.kind in {"confirmed", "filled"} else "1",
        "00950" if order.account.environment is Served.VIRTUAL else "01790",
        f"{order.qty:09d}" if fill is not None else "",
        options.holder_name,
        clean(order.listing.korean_name)[:14],
        order.listing.exchange.notice,
        "10",
        "",
        kst_hms(order.start_ms) if order.start_ms else "",
        kst_hms(order.end_ms) if order.end_ms else "",
        "02" if order.end_ms else "",
        price4(price) if fill is not None else "",
    ]
    usual = options.fill_notice_fields if fill is not None else options.order_notice_fields
    return "^".join(fields[: length or usual])


def encrypt(text: str, key: str, iv: str) -> str:
    """Return AES-256-CBC with PKCS#7 padding, base64; key 32 and iv 16 ASCII characters."""
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _number(odno: int, *, padded: bool) -> str:
    return f"{odno:010d}" if padded else str(odno)
