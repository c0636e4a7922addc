"""What every test of the client shares."""

import pytest

import kis.client


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat reads at once, as often as ever: the pauses between them are for a real network."""
    monkeypatch.setattr(kis.client, "_NETWORK_PAUSE_S", 0.001)
