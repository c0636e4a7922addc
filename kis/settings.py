"""The KIS settings of `.env`: keys, account, hosts, limits, time-outs."""

import ipaddress
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kis.auth.account_number import AccountNumber
from kis.auth.keys import KeyPair
from kis.environment import REAL, VIRTUAL, KisEnvironment
from strategy.model import Said
from strategy.settings.messages import SettingFault, refuse_placeholder


class KisSettingFault(StrEnum):
    NO_FLAG = "kis_setting.no_flag"
    EMPTY = "kis_setting.empty"
    ACCOUNT = "kis_setting.account"
    ADDRESS = "kis_setting.address"
    QUOTE_PAIR = "kis_setting.quote_pair"
    LENGTH = "kis_setting.length"


KEY_LENGTH, SECRET_LENGTH = 36, 180  # kis-protocol 0, 10.1 line 10

# what `.env.sample` holds only to be replaced; a simulator on this machine takes these, too
PLACEHOLDERS = {
    "hts_id": "your_hts_id",
    "app_key": "your_app_key",
    "app_secret": "your_app_secret",
    "account_no": "00000000-00",
}


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine only."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _true_or_false(value: object) -> object:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise SettingFault(Said(KisSettingFault.NO_FLAG))
    return text == "true"


def _filled(value: object) -> object:
    if isinstance(value, str):
        value = value.strip()
        if not value:
            raise SettingFault(Said(KisSettingFault.EMPTY))
    return value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _account(value: object) -> object:
    if isinstance(value, AccountNumber):
        return value
    try:
        return AccountNumber.parse(str(value))
    except ValueError as error:
        raise SettingFault(Said(KisSettingFault.ACCOUNT)) from error


def _url(value: object, schemes: tuple[str, ...]) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip().rstrip("/")
    parts = urlsplit(text)
    try:
        usable = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        wanted = " / ".join(f"{scheme}://host:port" for scheme in schemes)
        raise SettingFault(Said(KisSettingFault.ADDRESS, wanted=wanted))
    return text


def _rest(value: object) -> object:
    return _url(_blank_is_none(value), ("https", "http"))


def _ws(value: object) -> object:
    return _url(_blank_is_none(value), ("ws", "wss"))


Flag = Annotated[bool, BeforeValidator(_true_or_false)]
Secret = Annotated[SecretStr, BeforeValidator(_filled)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]
RestUrl = Annotated[str | None, BeforeValidator(_rest)]
WsUrl = Annotated[str | None, BeforeValidator(_ws)]


class KisSettings(BaseSettings):
    """How to reach KIS and as whom. `main` passes `_env_file`; nothing is read at import."""

    model_config = SettingsConfigDict(
        env_file=None, frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True
    )

    # the addresses first: what a key must look like depends on whose it is, and a validator sees only what stands above
    is_virtual: Flag
    rest_url_base: RestUrl = None
    ws_url_base: WsUrl = None
    quote_rest_url_base: RestUrl = None
    quote_ws_url_base: WsUrl = None

    hts_id: Annotated[str, BeforeValidator(_filled)]
    app_key: Secret
    app_secret: Secret
    account_no: Annotated[AccountNumber, NoDecode, BeforeValidator(_account)]
    quote_app_key: OptionalSecret = None
    quote_app_secret: OptionalSecret = None

    kis_real_calls_per_s: float = Field(REAL.calls_per_s, ge=0.1, le=20)
    kis_virtual_calls_per_s: float = Field(VIRTUAL.calls_per_s, ge=0.1, le=20)
    kis_ledger_calls_per_s: float = Field(REAL.ledger_calls_per_s, ge=0.1, le=20)
    kis_pacing_slack: float = Field(0.01, ge=0.0, le=0.5)
    kis_timeout_s: float = Field(10.0, gt=0, le=120)
    kis_read_timeout_s: float = Field(5.0, gt=0, le=120)
    kis_connect_timeout_s: float = Field(3.0, gt=0, le=60)
    kis_ws_ticks: Flag = True
    kis_ws_silence_s: float = Field(90.0, ge=5, le=600)
    kis_buying_power: Literal["foreign", "integrated"] = "foreign"

    @field_validator("app_key", "app_secret", "quote_app_key", "quote_app_secret", mode="after")
    @classmethod
    def _stripped(cls, value: Any) -> Any:
        """Drop blanks around a pasted key: a trailing newline gives EGW00105 (kis-protocol 1.2)."""
        return SecretStr(value.get_secret_value().strip()) if isinstance(value, SecretStr) else value

    @field_validator(*PLACEHOLDERS, mode="after")
    @classmethod
    def _filled_in(cls, value: Any, info: ValidationInfo) -> Any:
        if not _here(info, "rest_url_base"):
            refuse_placeholder(_plain(value), PLACEHOLDERS[str(info.field_name)])
        return value

    @field_validator("app_key", "app_secret", mode="after")
    @classmethod
    def _whole(cls, value: Any, info: ValidationInfo) -> Any:
        if not _here(info, "rest_url_base"):
            _check_length(str(info.field_name), value)
        return value

    @field_validator("quote_app_key", "quote_app_secret", mode="after")
    @classmethod
    def _whole_for_quotes(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and not _here(info, "quote_rest_url_base", "rest_url_base"):
            _check_length(str(info.field_name), value)
        return value

    @field_validator("quote_app_secret", mode="after")
    @classmethod
    def _pair(cls, value: Any, info: ValidationInfo) -> Any:
        if "quote_app_key" in info.data and (info.data["quote_app_key"] is None) != (value is None):
            raise SettingFault(Said(KisSettingFault.QUOTE_PAIR), between=True)
        return value

    @property
    def environment(self) -> KisEnvironment:
        """Return the environment of the account, with the hosts and limits set here."""
        base = VIRTUAL if self.is_virtual else REAL
        return replace(
            base,
            rest_url=self.rest_url_base or base.rest_url,
            ws_url=self.ws_url_base or base.ws_url,
            calls_per_s=self.kis_virtual_calls_per_s if self.is_virtual else self.kis_real_calls_per_s,
            ledger_calls_per_s=self.kis_ledger_calls_per_s,
        )

    @property
    def quote_environment(self) -> KisEnvironment:
        """Return where quotes come from: the real host when a quote key is given, else the account's own (D9)."""
        if self.quote_app_key is None:
            return self.environment
        return replace(
            REAL,
            rest_url=self.quote_rest_url_base or self.rest_url_base or REAL.rest_url,
            ws_url=self.quote_ws_url_base or self.ws_url_base or REAL.ws_url,
            calls_per_s=self.kis_real_calls_per_s,
            ledger_calls_per_s=self.kis_ledger_calls_per_s,
        )

    @property
    def keys(self) -> KeyPair:
        return KeyPair(self.app_key.get_secret_value(), self.app_secret.get_secret_value())

    @property
    def quote_keys(self) -> KeyPair | None:
        """Return the key pair for quotes only, None when quotes go with the account's own."""
        if self.quote_app_key is None or self.quote_app_secret is None:
            return None
        return KeyPair(self.quote_app_key.get_secret_value(), self.quote_app_secret.get_secret_value())

    @property
    def overridden(self) -> bool:
        """Return whether a host is not KIS's own: worth a warning in the real environment (row S43)."""
        return any((self.rest_url_base, self.ws_url_base, self.quote_rest_url_base, self.quote_ws_url_base))


def _here(info: ValidationInfo, *names: str) -> bool:
    """Return whether the first of these addresses that is given names this machine, whose simulator takes any key."""
    return is_loopback(next((info.data[name] for name in names if info.data.get(name)), ""))


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return f"{value.number}-{value.product}" if isinstance(value, AccountNumber) else str(value)


def _check_length(name: str, value: SecretStr) -> None:
    wanted = KEY_LENGTH if name.endswith("key") else SECRET_LENGTH
    found = len(value.get_secret_value())
    if found != wanted:
        raise SettingFault(Said(KisSettingFault.LENGTH, length=wanted, found=found))
