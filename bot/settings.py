"""What the environment says about Telegram: the token, the chats, and who may command."""

import re
from collections.abc import Mapping
from enum import StrEnum
from itertools import combinations
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.role import Role
from strategy.model import Said
from strategy.settings.messages import SettingFault


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

    telegram_bot_token: SecretStr
    telegram_api_url: str | None = None
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

    @model_validator(mode="after")
    def _telegrams_own_token(self) -> Self:
        """Ask Telegram's own form of a token unless another Bot API server is named."""
        token = self.telegram_bot_token.get_secret_value()
        if self.telegram_api_url is None and not _TOKEN.fullmatch(token):
            raise SettingFault(Said(ChatSettingFault.TOKEN_LENGTH))
        return self


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
        for position, item in enumerate(value.split(",") if value.strip() else [], start=1):
            text = item.strip()
            if not _ID.fullmatch(text) or text.startswith("-"):
                raise SettingFault(Said(ChatSettingFault.NO_USER, position=position))
            if int(text) in ids:
                raise SettingFault(Said(ChatSettingFault.REPEATED, position=position))
            if shared := SHARED.get(int(text)):
                raise SettingFault(Said(ChatSettingFault.SHARED_USER, position=position, id=text, who=shared))
            ids.append(int(text))
        return tuple(ids)

    @model_validator(mode="after")
    def _somebody_may_command(self) -> Self:
        if Role.OWNER not in self.roles.values():
            raise SettingFault(Said(ChatSettingFault.NO_USERS))
        return self

    @model_validator(mode="after")
    def _one_role_each(self) -> Self:
        """Refuse an id in two lists: nobody should have to guess which of them counts."""
        lists = {
            "TELEGRAM_ALLOWED_USER_IDS": self.telegram_allowed_user_ids,
            "TELEGRAM_OPERATOR_USER_IDS": self.telegram_operator_user_ids,
            "TELEGRAM_VIEWER_USER_IDS": self.telegram_viewer_user_ids,
        }
        for (first, ids), (second, others) in combinations(lists.items(), 2):
            for user_id in sorted(set(ids) & set(others)):
                raise SettingFault(Said(ChatSettingFault.TWO_ROLES, second=second, id=user_id, first=first))
        return self

    @property
    def roles(self) -> Mapping[int, Role]:
        """Who may command, and how much: the lists, and a private chat's own person, an owner unless listed."""
        listed = {
            **dict.fromkeys(self.telegram_viewer_user_ids, Role.VIEWER),
            **dict.fromkeys(self.telegram_operator_user_ids, Role.OPERATOR),
            **dict.fromkeys(self.telegram_allowed_user_ids, Role.OWNER),
        }
        if self.telegram_chat_id > 0:
            listed.setdefault(self.telegram_chat_id, Role.OWNER)
        return listed

    @property
    def allowed_users(self) -> frozenset[int]:
        """Everybody who is answered."""
        return frozenset(self.roles)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown; for the redaction of logs."""
        token = self.telegram_bot_token.get_secret_value()
        return (token, token.partition(":")[2])
