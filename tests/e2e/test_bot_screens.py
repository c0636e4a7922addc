"""The pictures in `docs/screens/` are those of the script, small, and all named on their page."""

import pytest

from tests.e2e.bot_screens import ENGLISH, SCREENS, SHOTS, file_of, index

NAMES = [file_of(shot, "ko") for shot in SHOTS] + [file_of(shot, "en") for shot in SHOTS if shot.name in ENGLISH]


def test_the_page_names_every_picture() -> None:
    assert (SCREENS / "README.md").read_text(encoding="utf-8") == index()
    assert sorted(path.name for path in SCREENS.glob("bot-*.png")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_small(name: str) -> None:
    assert 0 < (SCREENS / name).stat().st_size < 120_000
