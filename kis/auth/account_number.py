"""The account number, `12345678-01`, and how it may be shown."""

import re
from dataclasses import dataclass

_FORM = re.compile(r"([0-9]{8})-?([0-9]{2})")


@dataclass(frozen=True, slots=True, repr=False)
class AccountNumber:
    """CANO and ACNT_PRDT_CD; its text and repr are masked, so that it cannot reach a log by accident (row S25)."""

    number: str
    product: str

    @classmethod
    def parse(cls, text: str) -> "AccountNumber":
        """Read `1234567801` or `12345678-01`; raise ValueError for anything else."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise ValueError("write the account as 8 and 2 digits, as in 12345678-01")
        return cls(found[1], found[2])

    @property
    def masked(self) -> str:
        """Return what may be shown."""
        return f"{self.number[:2]}******-{self.product}"  # the last four arm trading: not to be shown

    @property
    def last_four(self) -> str:
        """Return the digits the owner types to arm trading: of the first eight, since the product's two are shown."""
        return self.number[-4:]

    def params(self) -> dict[str, str]:
        """Return the two fields of every trading call."""
        return {"CANO": self.number, "ACNT_PRDT_CD": self.product}

    @property
    def aliases(self) -> frozenset[str]:
        """Return how a notice may name this account: 8 or 8+2 digits (kis-protocol 7.7)."""
        return frozenset({self.number, self.number + self.product})

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Account({self.masked})"
