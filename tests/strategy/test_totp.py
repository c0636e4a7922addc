"""TOTP_SECRET and the codes made of it (spec section 7, promise 8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from pydantic import ValidationError

from strategy.compose import Core
from strategy.faults import plain_faults
from strategy.testing import FakeClock
from strategy.totp import NEVER, ArmingSettings, OneTimeCodes
from strategy.views import Environment, OutcomeKind
from tests.strategy.engine_bench import ARM_SECRET, BEFORE_OPEN, OWNER, World, running

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 9, 15, 13, 30, 10, tzinfo=UTC)


def code(clock: FakeClock, shift: int = 0) -> str:
    return pyotp.TOTP(SECRET).generate_otp(int(clock.now().timestamp()) // 30 + shift)


@pytest.mark.parametrize("typed", [SECRET, "jbsw y3dp ehpk 3pxp JBSW-Y3DP-EHPK-3PXP", SECRET + "===="])
def test_the_secret_is_taken_as_apps_show_it(typed: str) -> None:
    read = ArmingSettings.model_validate({"totp_secret": typed})
    assert read.secrets == (SECRET,)
    assert SECRET not in repr(read)


@pytest.mark.parametrize("typed", ["", "  "])
def test_none_is_asked_for_where_none_is_set(typed: str) -> None:
    assert ArmingSettings.model_validate({"totp_secret": typed}).secrets == ()


@pytest.mark.parametrize(
    ("typed", "word"), [("JBSWY3DPEHPK3PX", "너무 짧습니다"), ("0" + SECRET, "Base32"), ("A" * 17, "Base32")]
)
def test_a_wrong_secret_is_told_in_plain_words_and_not_repeated(typed: str, word: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ArmingSettings.model_validate({"totp_secret": typed})
    [fault] = plain_faults(refused.value, ArmingSettings)
    assert (fault.name, fault.value) == ("TOTP_SECRET", "****")
    assert word in fault.text().ko
    assert typed not in fault.text().both() + str(refused.value)


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
        await bench.core.control.accept_disclaimer(OWNER)
        yield bench.core


async def test_s117_arming_asks_for_the_code_beside_the_digits(tmp_path: Path) -> None:
    wall = FakeClock(NOW)
    async with real_core(tmp_path, wall) as core:
        assert (await core.control.arm(OWNER, ARM_SECRET)).kind is OutcomeKind.DENIED
        assert (await core.control.arm(OWNER, f"{ARM_SECRET} 000000")).kind is OutcomeKind.DENIED
        assert (await core.control.arm(OWNER, f"{ARM_SECRET} {code(wall)}")).kind is OutcomeKind.DONE
        assert core.modes.armed


async def test_a_code_used_before_a_restart_does_not_arm_again_after_it(tmp_path: Path) -> None:
    wall = FakeClock(NOW)
    typed = f"{ARM_SECRET} {code(wall)}"
    async with real_core(tmp_path, wall) as core:
        assert (await core.control.arm(OWNER, typed)).kind is OutcomeKind.DONE
    async with real_core(tmp_path, wall) as core:
        assert (await core.control.arm(OWNER, typed)).kind is OutcomeKind.DENIED
        assert (await core.control.arm(OWNER, f"{ARM_SECRET} {code(wall, 1)}")).kind is OutcomeKind.DONE


async def test_wrong_codes_typed_at_the_same_moment_are_all_counted(tmp_path: Path) -> None:
    wall = FakeClock(NOW)
    async with real_core(tmp_path, wall) as core:
        asked = [*(f"{ARM_SECRET} 00000{digit}" for digit in range(6)), f"{ARM_SECRET} {code(wall)}"]
        answers = await asyncio.gather(*(core.control.arm(OWNER, typed) for typed in asked))
        assert [answer.kind for answer in answers] == [OutcomeKind.DENIED] * 7
        assert "10 minutes" in answers[-1].text.en
