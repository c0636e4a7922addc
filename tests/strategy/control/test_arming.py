"""TOTP_SECRET and the codes made of it (spec section 7, promise 8). Row S117."""

import asyncio
import base64
import hashlib
import hmac
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from pydantic import ValidationError

from strategy.control.one_time_codes import NEVER, ArmingSettings, OneTimeCodes, one_time
from strategy.model import Environment, OutcomeKind
from strategy.settings.messages import plain_faults
from strategy.wiring.core import Core
from tests.fakes.clock import FakeClock
from tests.support.engine_bench import ARM_SECRET, BEFORE_OPEN, OWNER, World, running
from tests.support.words import bilingual, english, korean

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 9, 15, 13, 30, 10, tzinfo=UTC)


def code(clock: FakeClock, shift: int = 0) -> str:
    return pyotp.TOTP(SECRET).generate_otp(int(clock.now().timestamp()) // 30 + shift)


@pytest.mark.parametrize("typed", [SECRET, "jbsw y3dp ehpk 3pxp JBSW-Y3DP-EHPK-3PXP", SECRET + "===="])
def test_the_secret_is_taken_as_apps_show_it(typed: str) -> None:
    read = ArmingSettings.model_validate({"totp_secret": typed})
    assert read.secrets == (SECRET,)
    assert SECRET not in repr(read)


# of every length that base32 has, from the shortest that is promised: whole bytes, without padding
LENGTHS = [16, 18, 20, 21, 23, 24, 26, 28, 29, 31, 32, 40, 52, 103]


@pytest.mark.parametrize("length", LENGTHS)
def test_every_length_from_sixteen_on_gives_the_codes_of_the_owners_app(length: int) -> None:
    """Held to pyotp where that takes a key at all; the shorter ones to the digest itself."""
    secret = (SECRET * 4)[: length - 1] + "A"
    read = ArmingSettings.model_validate({"totp_secret": secret})
    [kept] = read.secrets
    clock = FakeClock(NOW)
    step = int(NOW.timestamp()) // 30
    key = base64.b32decode(secret + "=" * (-length % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    [number] = struct.unpack_from(">I", digest, digest[-1] & 15)
    expected = str((number & 0x7FFFFFFF) % 1_000_000).rjust(6, "0")
    if len(key) >= 14:
        assert pyotp.TOTP(secret).generate_otp(step) == expected
    assert OneTimeCodes(kept, clock).step_of(expected, newer_than=NEVER) == step


@pytest.mark.parametrize("length", sorted(set(range(16, 33)) - set(LENGTHS)))
def test_a_length_that_base32_does_not_have_is_told_as_that(length: int) -> None:
    with pytest.raises(ValidationError) as refused:
        ArmingSettings.model_validate({"totp_secret": SECRET[:length]})
    [fault] = plain_faults(refused.value, ArmingSettings)
    assert "길이가 맞지 않습니다" in korean(fault.said())
    assert str(length) in english(fault.said())


@pytest.mark.parametrize(
    ("at", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_published_with_the_standard(at: int, expected: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    assert one_time(b"12345678901234567890", at // 30) == expected


@pytest.mark.parametrize("typed", ["", "  "])
def test_none_is_asked_for_where_none_is_set(typed: str) -> None:
    assert ArmingSettings.model_validate({"totp_secret": typed}).secrets == ()


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("JBSWY3DPEHPK3PX", "너무 짧습니다"),
        ("0" + SECRET[1:], "Base32"),
        ("가" * 16, "Base32"),
        ("A" * 17, "길이"),
    ],
)
def test_a_wrong_secret_is_told_in_plain_words_and_not_repeated(typed: str, word: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ArmingSettings.model_validate({"totp_secret": typed})
    [fault] = plain_faults(refused.value, ArmingSettings)
    assert (fault.name, fault.value) == ("TOTP_SECRET", "****")
    assert word in korean(fault.said())
    assert typed not in bilingual(fault.said()) + str(refused.value)


def good(codes: OneTimeCodes, typed: str, newer_than: int = NEVER) -> bool:
    return codes.step_of(typed, newer_than=newer_than) is not None


@pytest.mark.parametrize(("shift", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_tolerance_either_way(shift: int, *, right: bool) -> None:
    clock = FakeClock(NOW)
    assert good(OneTimeCodes(SECRET, clock), code(clock, shift)) is right


async def test_a_code_is_good_once_and_none_before_it_afterwards() -> None:
    clock = FakeClock(NOW)
    codes = OneTimeCodes(SECRET, clock)
    first = codes.step_of(code(clock), newer_than=NEVER)
    assert first is not None
    assert not good(codes, code(clock), first)
    second = codes.step_of(code(clock, 1), newer_than=first)
    assert second == first + 1
    assert not good(codes, code(clock, -1), second)
    await clock.advance(60)
    assert good(codes, code(clock), second)


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "1234567", "١٢٣٤٥٦"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert not good(OneTimeCodes(SECRET, FakeClock(NOW)), typed)


@asynccontextmanager
async def real_core(path: Path, wall: FakeClock) -> AsyncIterator[Core]:
    """A core that asks for codes before it arms; the disclaimer is accepted."""
    codes = OneTimeCodes(SECRET, wall)
    world = World.at(BEFORE_OPEN)
    async with running(path, world, environment=Environment.REAL, totp=codes, wall=wall) as bench:
        await bench.core.control.arming.accept_disclaimer(OWNER)
        yield bench.core


async def test_arming_asks_for_the_code_beside_the_digits_s117(tmp_path: Path) -> None:
    wall = FakeClock(NOW)
    async with real_core(tmp_path, wall) as core:
        assert (await core.control.arming.arm(OWNER, ARM_SECRET)).kind is OutcomeKind.DENIED
        assert (await core.control.arming.arm(OWNER, f"{ARM_SECRET} 000000")).kind is OutcomeKind.DENIED
        assert (await core.control.arming.arm(OWNER, f"{ARM_SECRET} {code(wall)}")).kind is OutcomeKind.DONE
        assert core.base.modes.armed


async def test_a_code_used_before_a_restart_does_not_arm_again_after_it(tmp_path: Path) -> None:
    wall = FakeClock(NOW)
    typed = f"{ARM_SECRET} {code(wall)}"
    async with real_core(tmp_path, wall) as core:
        assert (await core.control.arming.arm(OWNER, typed)).kind is OutcomeKind.DONE
    async with real_core(tmp_path, wall) as core:
        assert (await core.control.arming.arm(OWNER, typed)).kind is OutcomeKind.DENIED
        assert (await core.control.arming.arm(OWNER, f"{ARM_SECRET} {code(wall, 1)}")).kind is OutcomeKind.DONE


async def test_wrong_codes_typed_at_the_same_moment_are_all_counted(tmp_path: Path) -> None:
    wall = FakeClock(NOW)
    async with real_core(tmp_path, wall) as core:
        asked = [*(f"{ARM_SECRET} 00000{digit}" for digit in range(6)), f"{ARM_SECRET} {code(wall)}"]
        answers = await asyncio.gather(*(core.control.arming.arm(OWNER, typed) for typed in asked))
        assert [answer.kind for answer in answers] == [OutcomeKind.DENIED] * 7
        assert "60 min" in english(answers[-1].text)
