"""An app key of 36 characters with its secret of 180 (kis-protocol 0, 2.1)."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The credentials of one account in one environment; the repr shows neither."""

    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)

    def digest(self, host: str) -> str:
        """Return a short name of the key at that host which does not give it away, for file names."""
        return hashlib.sha256(f"{self.app_key} {host}".encode()).hexdigest()[:16]
