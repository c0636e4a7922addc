"""Rows S26, S27 and S28: what the environment may say about Telegram."""

import traceback

import pytest
from pydantic import ValidationError

from bot.role import Role
from bot.settings import TelegramSettings
from strategy.settings.messages import plain_faults
from tests.support.words import english

GOOD = {
    "telegram_bot_token": "123456789:AAExampleExampleExampleExample-1234",
    "telegram_chat_id": "1001",
    "telegram_chat_test_id": "1002",
}


def read(**changes: str) -> TelegramSettings:
    return TelegramSettings.model_validate({**GOOD, **changes})


def faults(**changes: str) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        read(**changes)
    return [english(each.said()) for each in plain_faults(caught.value, TelegramSettings)]


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("TELEGRAM_ALLOWED_USER_IDS", " 5 , 6")
    settings = TelegramSettings()
    assert settings.telegram_chat_id == 1001
    assert settings.allowed_users == {1001, 5, 6}


@pytest.mark.parametrize("name", list(GOOD))
def test_missing_and_empty_values_are_named_s26_s27_s28(name: str) -> None:
    without = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate(without)
    assert [each.name for each in plain_faults(caught.value, TelegramSettings)] == [name.upper()]
    assert faults(**{name: ""})[0].startswith(name.upper())


@pytest.mark.parametrize("token", ["nonsense", "123456789", "123456789:has spaces in the token text", "1:short"])
def test_a_malformed_token_is_refused_and_not_shown_s26(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(telegram_bot_token=token)
    shown = "".join(traceback.format_exception(caught.value))
    shown += str([each.said() for each in plain_faults(caught.value, TelegramSettings)])
    assert "TELEGRAM_BOT_TOKEN" in shown.upper()
    assert token not in shown


def test_the_token_is_stars_in_every_form_s26() -> None:
    settings = read()
    token = GOOD["telegram_bot_token"]
    assert token not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.secrets[0] == token


def test_a_made_up_token_will_do_for_a_server_of_ones_own() -> None:
    settings = read(telegram_bot_token="1000:local-chat", telegram_api_url="http://127.0.0.1:8080/")
    assert settings.telegram_api_url == "http://127.0.0.1:8080"
    assert "too short" in faults(telegram_bot_token="1000:local-chat")[0]


@pytest.mark.parametrize("value", ["@owner", "12a", "0", "1.5", "--5"])
def test_a_chat_id_is_a_number_s27_s28(value: str) -> None:
    assert "numeric chat id" in faults(telegram_chat_id=value)[0]
    assert "numeric chat id" in faults(telegram_chat_test_id=value)[0]


def test_a_group_without_a_list_is_nobody_and_refused_s27() -> None:
    assert "TELEGRAM_ALLOWED_USER_IDS" in faults(telegram_chat_id="-1001234567890")[0]
    assert read(telegram_chat_id="-1001234567890", telegram_allowed_user_ids="7").allowed_users == {7}


@pytest.mark.parametrize(
    ("value", "said"), [("5,,6", "item 2"), ("5,x", "item 2"), ("-5", "item 1"), ("5,5", "item 2 is a repeat")]
)
def test_a_wrong_user_id_is_named_by_its_place_s27(value: str, said: str) -> None:
    assert said in faults(telegram_allowed_user_ids=value)[0]


@pytest.mark.parametrize("url", ["ftp://x", "api.telegram.org", "https://", "https://u:p@host", "https://x/?a=b"])
def test_the_api_address_is_checked(url: str) -> None:
    assert faults(telegram_api_url=url)[0].startswith("TELEGRAM_API_URL")


def test_all_faults_are_listed_together() -> None:
    assert len(faults(telegram_bot_token="", telegram_chat_id="x", telegram_chat_test_id="")) == 3


def test_people_have_roles() -> None:
    settings = read(telegram_allowed_user_ids="5", telegram_operator_user_ids=" 6, 7", telegram_viewer_user_ids="8")
    assert settings.roles == {
        1001: Role.OWNER,
        5: Role.OWNER,
        6: Role.OPERATOR,
        7: Role.OPERATOR,
        8: Role.VIEWER,
    }
    assert read(telegram_viewer_user_ids="1001", telegram_allowed_user_ids="5").roles[1001] is Role.VIEWER


def test_an_id_in_two_lists_is_a_fault() -> None:
    said = faults(telegram_operator_user_ids="6", telegram_viewer_user_ids="8,6")[0]
    assert "TELEGRAM_VIEWER_USER_IDS: 6 stands in TELEGRAM_OPERATOR_USER_IDS" in said


def test_somebody_must_be_owner() -> None:
    only = {"telegram_chat_id": "-1001234567890", "telegram_operator_user_ids": "7"}
    assert "TELEGRAM_ALLOWED_USER_IDS" in faults(**only)[0]


@pytest.mark.parametrize("name", ["telegram_operator_user_ids", "telegram_viewer_user_ids"])
def test_lists_of_roles_are_read_like_the_owners(name: str) -> None:
    assert "item 2" in faults(**{name: "5,x"})[0]
