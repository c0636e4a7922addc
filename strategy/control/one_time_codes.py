"""The six-digit code of an authenticator app, asked for beside the account's digits when real trading is armed.
See decision 0097."""

import base64
import hmac
from enum import StrEnum
from typing import Any

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from strategy.model import Clock, Said
from strategy.settings.messages import SettingFault


class ArmingFault(StrEnum):
    TOO_SHORT = "arming.too_short"
    WRONG_LENGTH = "arming.wrong_length"
    NO_BASE32 = "arming.no_base32"


_SHORTEST = 16  # characters, 80 bits: what many authenticator apps and services give
_WHOLE = frozenset({0, 2, 4, 5, 7})  # characters past a multiple of eight that make whole bytes
_DIGITS = 6
_STEP_S = 30  # of the codes, as every app has it (RFC 6238)
NEVER = -1  # the step before any code
_TOLERANCE = (0, -1, 1)  # steps: clocks differ, and typing takes a while


class ArmingSettings(BaseSettings):
    """Raises pydantic's ValidationError; its messages never repeat the value."""

    model_config = SettingsConfigDict(
        env_file=None, frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True
    )

    totp_secret: SecretStr | None = None

    @field_validator("totp_secret", mode="before")
    @classmethod
    def _base32(cls, value: Any) -> Any:
        """Take the secret as apps show it: groups, small letters and padding are fine; blank is none."""
        text = str(value.get_secret_value() if isinstance(value, SecretStr) else value or "")
        text = "".join(text.split()).replace("-", "").rstrip("=").upper()
        if not text:
            return None
        if len(text) < _SHORTEST:
            raise SettingFault(Said(ArmingFault.TOO_SHORT, length=len(text), least=_SHORTEST))
        if len(text) % 8 not in _WHOLE:
            raise SettingFault(Said(ArmingFault.WRONG_LENGTH, length=len(text)))
        try:
            _key(text)
        except ValueError:  # also what is no ASCII
            raise SettingFault(Said(ArmingFault.NO_BASE32)) from None
        return SecretStr(text)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown; for the redaction of logs."""
        return () if self.totp_secret is None else (self.totp_secret.get_secret_value(),)


class OneTimeCodes:
    """Reads codes of one secret by a person's clock. Each is good once: whoever accepts one keeps its step."""

    def __init__(self, secret: str, wall: Clock) -> None:
        self._key = _key(secret)
        self._wall = wall

    def step_of(self, code: str, *, newer_than: int) -> int | None:
        """Return the time step of a code that is right now, give or take one; None for any other and for older ones."""
        now = int(self._wall.now().timestamp())
        for shift in _TOLERANCE:
            step = now // _STEP_S + shift
            if step > newer_than and hmac.compare_digest(code.encode(), one_time(self._key, step).encode()):
                return step
        return None


def one_time(key: bytes, step: int) -> str:
    """Return the code of a time step (RFC 4226, 5.3): four bytes of the digest, from where its last half byte says."""
    digest = hmac.digest(key, step.to_bytes(8), "sha1")
    at = digest[-1] & 0xF
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def _key(secret: str) -> bytes:
    """Return the bytes of a base32 key without its padding; raise ValueError."""
    return base64.b32decode(secret + "=" * (-len(secret) % 8))
