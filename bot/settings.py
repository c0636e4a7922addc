"""What the environment says about Telegram: the token, the chats, and who may command."""

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.role import Role
from strategy.model import Text
from strategy.settings.messages import SettingFault

_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,80}")
_MADE_UP_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,80}")  # enough for a Bot API server of one's own
_ID = re.compile(r"-?[1-9]\d{0,19}")


def _chat_id(value: object) -> object:
    if isinstance(value, int):
        return value
    text = str(value).strip()
    if not text:
        raise SettingFault(
            "값이 비어 있습니다. 채팅의 숫자 ID를 적으세요", "is empty: write the numeric id of the chat"
        )
    if not _ID.fullmatch(text):
        raise SettingFault(
            "채팅 ID는 123456789 또는 -1001234567890 같은 숫자입니다 (@이름 아님)",
            "must be a numeric chat id, such as 123456789 or -1001234567890 (not a @name)",
        )
    if shared := SHARED.get(int(text)):
        raise SettingFault(
            f"{text} 은(는) {shared.ko}의 공용 ID입니다. 사람이나 그룹의 ID를 적으세요",
            f"is the id shared by {shared.en}: write that of a person or a group",
        )
    return int(text)


# ids that many share, as Telegram shows them to bots: whoever hides behind one of them would be let in
SHARED: dict[int, Text] = {
    1_087_968_824: Text("익명 관리자", "anonymous administrators"),
    136_817_688: Text("채널 이름으로 쓰는 사람", "everybody who writes as a channel"),
    777_000: Text("텔레그램 서비스", "Telegram's own service"),
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
            raise SettingFault(
                "값이 비어 있습니다. 텔레그램의 @BotFather 에게서 토큰을 받으세요",
                "is empty: ask @BotFather in Telegram for a token",
            )
        if not _MADE_UP_TOKEN.fullmatch(text):
            raise SettingFault(
                "봇 토큰의 형식이 아닙니다 (숫자, 쌍점, 영문자와 숫자)",
                "does not look like a bot token (digits, a colon, then letters and digits)",
            )
        return SecretStr(text)

    @field_validator("telegram_api_url", mode="before")
    @classmethod
    def _api_url(cls, value: Any) -> Any:
        text = "" if value is None else str(value).strip().rstrip("/")
        if not text:
            return None
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise SettingFault(
                "Bot API 서버의 주소여야 합니다. 예: https://api.telegram.org",
                "must be the address of a Bot API server, such as https://api.telegram.org",
            )
        if parts.username or parts.password:
            raise SettingFault("사용자 이름이나 암호를 넣을 수 없습니다", "must not carry a user name or password")
        return text

    @model_validator(mode="after")
    def _telegrams_own_token(self) -> Self:
        """Ask Telegram's own form of a token unless another Bot API server is named."""
        token = self.telegram_bot_token.get_secret_value()
        if self.telegram_api_url is None and not _TOKEN.fullmatch(token):
            raise SettingFault(
                "TELEGRAM_BOT_TOKEN: 텔레그램이 준 토큰의 형식이 아닙니다 (쌍점 뒤가 20자 미만)",
                "TELEGRAM_BOT_TOKEN: too short for Telegram's own (fewer than 20 characters after the colon)",
            )
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
                raise SettingFault(
                    f"{position}번째 항목이 사용자 ID(양의 정수)가 아닙니다",
                    f"item {position} is not a user id (a positive number)",
                )
            if int(text) in ids:
                raise SettingFault(f"{position}번째 항목이 중복입니다", f"item {position} is a repeat")
            if shared := SHARED.get(int(text)):
                raise SettingFault(
                    f"{position}번째 항목 {text} 은(는) {shared.ko}의 공용 ID입니다. 사람마다의 ID를 적으세요"
                    " (그룹에서 익명으로 쓰는 관리자는 익명을 끄세요)",
                    f"item {position}, {text}, is the id shared by {shared.en}; name the ids of people"
                    " (administrators who write anonymously must switch that off)",
                )
            ids.append(int(text))
        return tuple(ids)

    @model_validator(mode="after")
    def _somebody_may_command(self) -> Self:
        if Role.OWNER not in self.roles.values():
            raise SettingFault(
                "TELEGRAM_ALLOWED_USER_IDS: TELEGRAM_CHAT_ID 가 그룹이므로 명령할 사람들의 숫자 ID를 적어야 합니다"
                " (비어 있으면 아무도 명령할 수 없습니다)",
                "TELEGRAM_ALLOWED_USER_IDS: TELEGRAM_CHAT_ID is a group, so name the numeric ids of the people who"
                " may command (empty means nobody, never everybody)",
            )
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
                raise SettingFault(
                    f"{second}: {user_id} 이(가) {first} 에도 있습니다. 한 곳에만 적으세요",
                    f"{second}: {user_id} stands in {first}, too; name it in one of them only",
                )
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
