"""The approval key of a WebSocket connection: a new one per connection, no more (kis-protocol 2.3).
See decision 0069."""

from datetime import datetime, timedelta

from kis.auth.keys import KeyPair
from kis.environment import Lane
from kis.errors import KisLater
from kis.rest.causes import Cause
from kis.rest.codes import error_for
from kis.rest.transport import NoAnswer, NotSent, Transport
from strategy.model import Clock, Said

_ISSUE_GAP = timedelta(seconds=1.05)


class Approvals:
    """Issues approval keys from the REST host of the stream's own environment."""

    def __init__(self, transport: Transport, keys: KeyPair, clock: Clock) -> None:
        self._transport = transport
        self._keys = keys
        self._clock = clock
        self._asked_at: datetime | None = None
        self.issued = 0

    async def issue(self) -> str:
        """Return a new key. Raise KisLater, or KisFault for wrong keys."""
        if self._asked_at is not None:
            await self._clock.sleep_until(self._asked_at + _ISSUE_GAP)
        self._asked_at = self._clock.now()
        body = {  # the secret has another name here than everywhere else (quirk 34)
            "grant_type": "client_credentials",
            "appkey": self._keys.app_key,
            "secretkey": self._keys.app_secret,
        }
        try:
            reply = await self._transport.send("POST", "/oauth2/Approval", name="Approval", lane=Lane.ORDER, body=body)
        except (NotSent, NoAnswer) as error:
            raise KisLater(f"/oauth2/Approval: {error}", user_message=Said(Cause.NETWORK)) from error
        self.issued += 1
        answer = reply.body or {}
        key = answer.get("approval_key")
        if isinstance(key, str) and key:
            return key
        code = str(answer.get("error_code") or answer.get("msg_cd") or "")
        message = str(answer.get("error_description") or answer.get("msg1") or "").strip()
        raise error_for(code, message, reply.status, changes=False)
