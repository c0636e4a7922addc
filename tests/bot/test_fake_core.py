"""The fake core is one in every method the chat asks for; mypy holds the signatures, as each fake is the real class."""

import re
from operator import attrgetter
from pathlib import Path

from tests.fakes.chat_core import FakeControl

BOT = Path(__file__).parent.parent.parent / "bot"
ASKED = re.compile(r"control\.((?:orders\.)?[a-z_]+)\.([a-z_]+)\b")


def test_the_fake_answers_itself_whatever_the_chat_asks() -> None:
    asked = {
        found
        for path in BOT.rglob("*.py")
        for found in ASKED.findall(path.read_text())
        if "/localchat/" not in str(path)
    }
    services = FakeControl().services
    assert len(asked) > 40
    for service, method in sorted(asked):
        assert method in vars(type(attrgetter(service)(services))), f"{service}.{method}"
