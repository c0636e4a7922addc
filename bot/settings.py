"""What the environment says about Telegram: the token, the chats, and who may command."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.role import Role
from strategy.model import Said
from strategy.settings.messages import SettingFault, refuse_placeholder


class SharedId(StrEnum):
    ANONYMOUS = "shared_id.anonymous"
    CHANNELS = "shared_id.channels"
    TELEGRAM = "shared_id.telegram"


class ChatSettingFault(StrEnum):
    EMPTY_CHAT = "chat_setting.empty_chat"
    NO_ID = "chat_setting.no_id"
    SHARED = "chat_setting.shared"
    EMPTY_TOKEN = "chat_setting.empty_token"
    TOKEN_FORM = "chat_setting.token_form"
    NO_USER = "chat_setting.no_user"
    REPEATED = "chat_setting.repeated"
    SHARED_USER = "chat_setting.shared_user"
    API_ADDRESS = "chat_setting.api_address"
    API_CREDENTIALS = "chat_setting.api_credentials"
    TOKEN_LENGTH = "chat_setting.token_length"
    NO_USERS = "chat_setting.no_users"
    TWO_ROLES = "chat_setting.two_roles"


# what `.env.sample` holds only to be replaced; a Bot API server of one's own takes these, too
PLACEHOLDERS = {
    "telegram_bot_token": "123456789:replace_with_the_token_of_your_bot",
    "telegram_chat_id": "123456789",
    "telegram_chat_test_id": "123456789",
}
_LISTS = ("telegram_allowed_user_ids", "telegram_operator_user_ids")
_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,80}")
_MADE_UP_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,80}")  # enough for a Bot API server of one's own
_ID = re.compile(r"-?[1-9]\d{0,19}")


def _chat_id(value: object) -> object:
    if isinstance(value, int):
        return value
    text = str(value).strip()
    if not text:
        raise SettingFault(Said(ChatSettingFault.EMPTY_CHAT))
    if not _ID.fullmatch(text):
        raise SettingFault(Said(ChatSettingFault.NO_ID))
    if shared := SHARED.get(int(text)):
        raise SettingFault(Said(ChatSettingFault.SHARED, who=shared, id=text))
    return int(text)


# ids that many share, as Telegram shows them to bots: whoever hides behind one of them would be let in
SHARED: dict[int, Said] = {
    1_087_968_824: Said(SharedId.ANONYMOUS),
    136_817_688: Said(SharedId.CHANNELS),
    777_000: Said(SharedId.TELEGRAM),
}


ChatId = Annotated[int, BeforeValidator(_chat_id)]


class TokenSettings(BaseSettings):
    """What it takes to ask Telegram anything at all.

    Raises pydantic's ValidationError; its messages never repeat a value, since one of them is the token.
    """

    model_config = SettingsConfigDict(
        env_file=None, frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True
    )

    telegram_api_url: str | None = None  # first: what a token must look like depends on whose server it is
    telegram_bot_token: SecretStr
    telegram_timeout_s: int = Field(15, ge=1, le=120)

    @field_validator("telegram_bot_token", mode="before")
    @classmethod
    def _token(cls, value: Any) -> Any:
        text = (value.get_secret_value() if isinstance(value, SecretStr) else str(value)).strip()
        if not text:
            raise SettingFault(Said(ChatSettingFault.EMPTY_TOKEN))
        if not _MADE_UP_TOKEN.fullmatch(text):
            raise SettingFault(Said(ChatSettingFault.TOKEN_FORM))
        return SecretStr(text)

    @field_validator("telegram_api_url", mode="before")
    @classmethod
    def _api_url(cls, value: Any) -> Any:
        text = "" if value is None else str(value).strip().rstrip("/")
        if not text:
            return None
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise SettingFault(Said(ChatSettingFault.API_ADDRESS))
        if parts.username or parts.password:
            raise SettingFault(Said(ChatSettingFault.API_CREDENTIALS))
        return text

    @field_validator("telegram_bot_token", mode="after")
    @classmethod
    def _telegrams_own_token(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        """Ask Telegram's own form of a token unless another Bot API server is named."""
        if _telegrams(info):
            refuse_placeholder(value.get_secret_value(), PLACEHOLDERS[str(info.field_name)])
            if not _TOKEN.fullmatch(value.get_secret_value()):
                raise SettingFault(Said(ChatSettingFault.TOKEN_LENGTH))
        return value


class TelegramSettings(TokenSettings):
    """The token, the chats, and who may command. Raises as `TokenSettings` does."""

    telegram_chat_id: ChatId
    telegram_chat_test_id: ChatId
    telegram_allowed_user_ids: Annotated[tuple[int, ...], NoDecode] = ()
    telegram_operator_user_ids: Annotated[tuple[int, ...], NoDecode] = ()
    telegram_viewer_user_ids: Annotated[tuple[int, ...], NoDecode] = ()

    @field_validator(
        "telegram_allowed_user_ids", "telegram_operator_user_ids", "telegram_viewer_user_ids", mode="before"
    )
    @classmethod
    def _users(cls, value: Any) -> Any:
        """Read `111,222`; name the position of what is wrong."""
        if not isinstance(value, str):
            return value
        ids: list[int] = []
        found: list[Said] = []
        for position, item in enumerate(value.split(",") if value.strip() else [], start=1):
            text = item.strip()
            if not _ID.fullmatch(text) or text.startswith("-"):
                found.append(Said(ChatSettingFault.NO_USER, position=position))
            elif int(text) in ids:
                found.append(Said(ChatSettingFault.REPEATED, position=position))
            elif shared := SHARED.get(int(text)):
                found.append(Said(ChatSettingFault.SHARED_USER, position=position, id=text, who=shared))
            else:
                ids.append(int(text))
        if found:
            raise SettingFault(*found)
        return tuple(ids)

    @field_validator("telegram_chat_id", "telegram_chat_test_id", mode="after")
    @classmethod
    def _own_chat(cls, value: int, info: ValidationInfo) -> int:
        if _telegrams(info):
            refuse_placeholder(str(value), PLACEHOLDERS[str(info.field_name)])
        return value

    @field_validator("telegram_operator_user_ids", "telegram_viewer_user_ids", mode="after")
    @classmethod
    def _one_role_each(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        """Refuse an id in two lists: nobody should have to guess which of them counts."""
        second = str(info.field_name).upper()
        found = [
            Said(ChatSettingFault.TWO_ROLES, second=second, id=user_id, first=first.upper())
            for first in _LISTS
            for user_id in sorted(set(info.data.get(first, ())) & set(value))
        ]
        if found:
            raise SettingFault(*found, between=True)
        return value

    @field_validator("telegram_viewer_user_ids", mode="after")
    @classmethod
    def _somebody_may_command(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if {"telegram_chat_id", "telegram_allowed_user_ids", "telegram_operator_user_ids"} <= info.data.keys():
            roles = _roles(
                info.data["telegram_chat_id"],
                owners=info.data["telegram_allowed_user_ids"],
                operators=info.data["telegram_operator_user_ids"],
                viewers=value,
            )
            if Role.OWNER not in roles.values():
                raise SettingFault(Said(ChatSettingFault.NO_USERS), between=True)
        return value

    @property
    def roles(self) -> Mapping[int, Role]:
        """Who may command, and how much: the lists, and a private chat's own person, an owner unless listed."""
        return _roles(
            self.telegram_chat_id,
            owners=self.telegram_allowed_user_ids,
            operators=self.telegram_operator_user_ids,
            viewers=self.telegram_viewer_user_ids,
        )

    @property
    def allowed_users(self) -> frozenset[int]:
        """Everybody who is answered."""
        return frozenset(self.roles)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown; for the redaction of logs."""
        token = self.telegram_bot_token.get_secret_value()
        return (token, token.partition(":")[2])


def _telegrams(info: ValidationInfo) -> bool:
    """Return whether Telegram's own server is asked; False also where the address given cannot be used."""
    return "telegram_api_url" in info.data and info.data["telegram_api_url"] is None


def _roles(
    chat_id: int, *, owners: Iterable[int], operators: Iterable[int], viewers: Iterable[int]
) -> Mapping[int, Role]:
    listed = {
        **dict.fromkeys(viewers, Role.VIEWER),
        **dict.fromkeys(operators, Role.OPERATOR),
        **dict.fromkeys(owners, Role.OWNER),
    }
    if chat_id > 0:
        listed.setdefault(chat_id, Role.OWNER)
    return listed
