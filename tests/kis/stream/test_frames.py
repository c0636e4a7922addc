"""Stream frames: every documented shape, and garbage. Rows S80, S86."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.auth.account_number import AccountNumber
from kis.stream.frames import BadFrame, TradeDecoder, split_frame
from kis.stream.notices import NoticeKey, UnreadNotice, decode_notices
from strategy.model import Market, Notice, Side, Symbol, VenueNo
from tests.kis.stream.test_client import FILLED, IV, KEY, ORDERED, TRADE, sealed

NOW = datetime(2026, 9, 15, 14, 1, 18, tzinfo=UTC)
MSFT = Symbol(Market.NASDAQ, "MSFT")
ACCOUNT = AccountNumber("50123456", "01").aliases


def decoder() -> TradeDecoder:
    found = TradeDecoder()
    found.know({"DNASMSFT": MSFT})
    return found


def test_the_documented_trade() -> None:
    (tick,) = decoder().decode(TRADE, 1, NOW)
    assert tick == (
        MSFT,
        Decimal("437.15"),
        Decimal("437.14"),
        Decimal("437.17"),
        25,
        datetime(2026, 9, 15, 14, 1, 17, tzinfo=UTC),
        NOW,
    )


def test_the_short_way_reads_what_the_long_way_reads() -> None:
    found = decoder()
    assert found.single(f"0|HDFSCNT0|001|{TRADE}", NOW) == found.decode(TRADE, 1, NOW)[0]
    for other in (
        f"0|HDFSCNT0|002|{TRADE}^{TRADE}",
        f"1|HDFSCNT0|001|{TRADE}",
        TRADE,
        "",
        f"0|HDFSCNT0|001|{TRADE[:40]}",
    ):
        assert found.single(other, NOW) is None


@given(st.integers(0, 25), st.text(alphabet="0123456789.^|-+eNa ", max_size=8))
def test_the_short_way_never_makes_a_zero_price(at: int, text: str) -> None:
    fields = TRADE.split("^")
    fields[at] = text
    tick = decoder().single("0|HDFSCNT0|001|" + "^".join(fields), NOW)
    assert tick is None or (tick.last > 0 and tick.size >= 0)


def test_a_notice_is_made_like_any_other() -> None:
    (made,) = decode_notices(FILLED, 1, ACCOUNT, NOW)
    built = Notice(
        kind=Notice.Kind.FILLED,
        venue_no=VenueNo("30412207"),
        original_no=None,
        ticker="MSFT",
        side=Side.BUY,
        qty=2,
        price=Decimal("431.1000"),
        venue_time="",
        received_at=NOW,
    )
    assert (made, hash(made), repr(made)) == (built, hash(built), repr(built))


def test_a_record_without_its_key_in_front_reads_the_same_quirk_26() -> None:
    shorter = TRADE.partition("^")[2]
    assert decoder().decode(shorter, 1, NOW) == decoder().decode(TRADE, 1, NOW)
    assert decoder().decode(f"{shorter}^{shorter}", 2, NOW) == decoder().decode(TRADE, 1, NOW) * 2


@pytest.mark.parametrize("extra", [1, 2, 5])
def test_longer_records_are_read(extra: int) -> None:
    longer = TRADE + "^x" * extra
    assert decoder().decode(f"{longer}^{longer}", 2, NOW) == decoder().decode(TRADE, 1, NOW) * 2


def test_an_empty_book_side_is_unknown() -> None:
    (tick,) = decoder().decode(TRADE.replace("437.1400", "0.0000").replace("437.1700", ""), 1, NOW)
    assert (tick.bid, tick.ask) == (None, None)


def test_a_winter_time_of_day_is_new_yorks() -> None:
    (tick,) = decoder().decode(TRADE.replace("20260915", "20261202"), 1, NOW)
    assert tick.traded_at == datetime(2026, 12, 2, 15, 1, 17, tzinfo=UTC)


@given(st.text(max_size=200), st.integers(1, 5))
def test_random_payloads_never_crash_and_never_make_a_zero(payload: str, count: int) -> None:
    try:
        ticks = decoder().decode(payload, count, NOW)
    except BadFrame:
        return
    assert all(tick.last > 0 for tick in ticks)


@given(st.integers(0, 25), st.text(alphabet="0123456789.^-+eNa ", max_size=8))
def test_a_garbled_field_never_makes_a_zero_price(at: int, text: str) -> None:
    fields = TRADE.split("^")
    fields[at] = text
    try:
        ticks = decoder().decode("^".join(fields), 1, NOW)
    except BadFrame:
        return
    for tick in ticks:
        assert tick.last > 0
        assert tick.last.is_finite()
        assert tick.bid is None or tick.bid > 0
        assert tick.size >= 0


@given(st.integers(0, len(TRADE)))
def test_a_truncated_trade_is_bad_or_right(cut: int) -> None:
    try:
        (tick,) = decoder().decode(TRADE[:cut], 1, NOW)
    except BadFrame:
        return
    assert tick.last == Decimal("437.15")


@given(st.text(max_size=100))
def test_random_frames_never_crash(text: str) -> None:
    try:
        frame = split_frame(text)
    except BadFrame:
        return
    assert frame.records >= 1


def notice(**at: str) -> Notice:
    fields = FILLED.split("^")
    for name, value in at.items():
        fields[int(name[1:])] = value
    (found,) = decode_notices("^".join(fields), 1, ACCOUNT, NOW)
    return found


def test_the_documented_notices() -> None:
    (ordered,) = decode_notices(ORDERED, 1, ACCOUNT, NOW)
    assert (ordered.kind, ordered.side, ordered.qty, ordered.price, ordered.venue_time) == (
        Notice.Kind.ACCEPTED,
        Side.BUY,
        5,
        Decimal("431.15"),
        "224107",
    )
    filled = notice()
    assert (filled.kind, filled.qty, filled.price, filled.venue_no) == (
        Notice.Kind.FILLED,
        2,
        Decimal("431.1"),
        "30412207",
    )


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (("0", "0", "1", "1"), Notice.Kind.ACCEPTED),
        (("0", "1", "1", "1"), Notice.Kind.REJECTED),
        (("0", "0", "2", "2"), Notice.Kind.FILLED),
        (("1", "0", "1", "1"), Notice.Kind.ACCEPTED),
        (("1", "0", "1", "2"), Notice.Kind.AMENDED),
        (("2", "0", "1", "1"), Notice.Kind.ACCEPTED),
        (("2", "0", "1", "2"), Notice.Kind.CANCELED),
        (("2", "1", "1", "2"), Notice.Kind.REJECTED),
        (("0", "0", "1", "3"), Notice.Kind.CANCELED),
    ],
)
def test_what_a_notice_says_s86(codes: tuple[str, str, str, str], kind: Notice.Kind) -> None:
    assert notice(f5=codes[0], f11=codes[1], f12=codes[2], f13=codes[3]).kind is kind


@pytest.mark.parametrize(
    ("narrow", "wide", "price"),
    [
        ("004311000", "", "431.1"),
        ("004311000", "431.10005", "431.10005"),
        ("431.1000", "", "431.1"),
        ("000001234", "", "0.1234"),
        ("004311000", "000431100000", "431.1"),
    ],
)
def test_prices_of_notices_quirk_28(narrow: str, wide: str, price: str) -> None:
    assert notice(f9=narrow, f24=wide).price == Decimal(price)


@pytest.mark.parametrize("length", [19, 21, 24, 25, 26])
def test_any_length_from_19_fields_is_read_quirk_27(length: int) -> None:
    fields = [*FILLED.split("^"), "more"][:length]
    (found,) = decode_notices("^".join(fields), 1, ACCOUNT, NOW)
    assert found.price == Decimal("431.1")


@pytest.mark.parametrize("name", ["5012345601", "50123456", "50123456-01", " 5012345601 "])
def test_our_account_is_known_by_either_name(name: str) -> None:
    assert notice(f1=name).qty == 2


def test_several_notices_in_one_frame() -> None:
    assert len(decode_notices(f"{FILLED}^{FILLED}", 2, ACCOUNT, NOW)) == 2


def test_an_order_notice_of_24_fields_and_a_fill_of_25_in_one_frame_quirk_27() -> None:
    """The published pair: the order's record has no trailing price, the fill's has."""
    assert (len(ORDERED.split("^")), len(FILLED.split("^"))) == (24, 25)
    for pair in (f"{ORDERED}^{FILLED}", f"{FILLED}^{ORDERED}"):
        assert {one.kind for one in decode_notices(pair, 2, ACCOUNT, NOW)} == {
            Notice.Kind.ACCEPTED,
            Notice.Kind.FILLED,
        }


RECORDS = st.lists(st.tuples(st.sampled_from([ORDERED, FILLED]), st.integers(19, 30)), min_size=1, max_size=6)


@given(RECORDS, st.booleans())
def test_records_of_any_lengths_in_one_frame_are_cut_by_what_they_hold_quirk_27(
    records: list[tuple[str, int]], foreign: bool
) -> None:
    """Read together they are what each is read as by itself, an unknown account's and another market's between them."""
    cut = [[*record.split("^"), *["7"] * 12][:length] for record, length in records]
    if foreign:
        other, hong_kong = FILLED.split("^"), FILLED.split("^")
        other[1], hong_kong[18] = "6999999901", "4"
        cut[1:1] = [other, hong_kong]
    alone = [decode_notices("^".join(record), 1, ACCOUNT, NOW) for record in cut]
    together = decode_notices("^".join(field for record in cut for field in record), len(cut), ACCOUNT, NOW)
    assert together == [notice for found in alone for notice in found]


@pytest.mark.parametrize("count", [1, 3])
def test_a_frame_with_more_or_fewer_records_than_it_says_is_not_guessed(count: int) -> None:
    with pytest.raises(BadFrame):
        decode_notices(f"{ORDERED}^{FILLED}", count, ACCOUNT, NOW)


def test_what_can_be_read_of_a_frame_is_kept_beside_a_record_that_cannot() -> None:
    fields = ORDERED.split("^")
    fields[8] = "five"
    with pytest.raises(UnreadNotice) as caught:
        decode_notices(f"{'^'.join(fields)}^{FILLED}", 2, ACCOUNT, NOW)
    assert [one.kind for one in caught.value.readable] == [Notice.Kind.FILLED]


@pytest.mark.parametrize("changes", [{"f8": "0000000000"}, {"f9": "000000000", "f24": ""}, {"f4": "09"}, {"f2": ""}])
def test_a_fill_of_nothing_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadFrame):
        notice(**changes)


@given(st.integers(0, 24), st.text(max_size=10))
def test_garbled_notices_are_read_or_refused(at: int, text: str) -> None:
    fields = FILLED.split("^")
    fields[at] = text
    try:
        found = decode_notices("^".join(fields), 1, ACCOUNT, NOW)
    except BadFrame:
        return
    assert all(one.kind is not Notice.Kind.FILLED or (one.qty > 0 and one.price > 0) for one in found)


@given(st.text(max_size=120))
def test_random_notices_never_crash(text: str) -> None:
    try:
        decode_notices(text, 1, ACCOUNT, NOW)
    except BadFrame:
        return


def test_decryption_gives_the_plain_text_back() -> None:
    assert NoticeKey(KEY, IV).decrypt(sealed(FILLED).split("|", 3)[3]) == FILLED


@given(st.lists(st.text(min_size=1, max_size=90), min_size=1, max_size=4))
def test_one_key_decrypts_message_after_message(plains: list[str]) -> None:
    key = NoticeKey(KEY, IV)
    assert [key.decrypt(sealed(plain).split("|", 3)[3]) for plain in plains] == plains


@pytest.mark.parametrize(("key", "iv"), [(KEY[:-1], IV), (KEY, IV + "x"), ("é" * 32, IV)])
def test_a_key_of_another_form_is_refused(key: str, iv: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        NoticeKey(key, iv)


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda raw: raw.hex())))
def test_random_ciphertext_never_crashes(text: str) -> None:
    try:
        NoticeKey(KEY, IV).decrypt(text)
    except BadFrame:
        return
