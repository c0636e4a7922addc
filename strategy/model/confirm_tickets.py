"""Single-use, owner-bound, expiring permission behind a money button."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a confirm button stands for. The button carries only `id`; the rest stays in the database."""

    id: str  # random, at most 22 characters, safe in callback data
    action: str  # "order", "cancel", "cancel_all", "setting", "mode", "panic", "undo", ...
    payload: str  # JSON, read only by the service that made it
    fingerprint: str  # the state the person was shown; the service compares it again at the press
    user_id: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
