"""The allowed moves between order states: one table, read by the desk before it stores a change.

The broker's words arrive late, twice, or out of order, so the table is wider than a textbook's. What it never allows
is a move that would hide a fact: from FILLED nothing leads away, and nothing leads back to INTENDED.
"""

from collections.abc import Mapping
from types import MappingProxyType

from strategy.model import OrderStatus as S

# What the broker or the venue may make of an order that is working there.
_VENUE_OUTCOMES = frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED, S.UNKNOWN})

MOVES: Mapping[S, frozenset[S]] = MappingProxyType(
    {
        S.INTENDED: frozenset(
            {
                S.SENT,
                S.DENIED,  # found on disk after a crash: not sent
                S.CANCELED,  # found on disk after a crash and surely never sent: taken back, not sent late
                S.UNKNOWN,  # found on disk after a crash, and it may have left before SENT was stored
            }
        ),
        S.SENT: _VENUE_OUTCOMES  # a fill, reject or cancel notice may arrive before the broker's acceptance
        | {
            S.ACCEPTED,
            S.SENT,  # certainly not taken, and sent again in a moment; the broker's words are the news
            S.DENIED,  # whoever wanted it had gone before the request was made or made again: nothing is out
            S.CANCEL_SENT,  # the acceptance was lost but its number is known from a notice
        },
        S.ACCEPTED: _VENUE_OUTCOMES  # REJECTED: the broker took it, and a late notice says that the venue did not
        | {
            S.ACCEPTED,  # amended: a new number or price in the same state
            S.CANCEL_SENT,
        },
        S.PARTIALLY_FILLED: frozenset(
            {
                S.PARTIALLY_FILLED,  # one more fill, or the rest amended
                S.FILLED,
                S.CANCEL_SENT,
                S.CANCELED,  # the rest is canceled; what was filled stays bought or sold
                S.REJECTED,  # a late refusal of the rest (venue halt); the fills stay facts
                S.EXPIRED,  # the rest ends with the session
                S.UNKNOWN,
            }
        ),
        S.CANCEL_SENT: frozenset(
            {
                S.CANCELED,
                S.FILLED,  # the fill was faster than the cancel
                S.PARTIALLY_FILLED,  # a fill on the way, or the cancel was refused with a part filled
                S.ACCEPTED,  # the cancel was refused and nothing is filled: the order works on
                S.REJECTED,  # the order itself was refused by the venue while the cancel was on its way
                S.EXPIRED,  # the session ended before the cancel was confirmed
                S.UNKNOWN,
                S.CANCEL_SENT,  # asked once more
            }
        ),
        S.UNKNOWN: frozenset(set(S) - {S.INTENDED}),  # looking it up may find anything; DENIED: proven never sent
        S.CANCELED: frozenset(
            {
                S.FILLED,  # the notice of the last fill overtaken by the cancel's: the inquiry is the judge
                S.CANCELED,  # a fill before the cancel told late: the state stays, the fill is added
            }
        ),
        S.EXPIRED: frozenset(
            {
                S.FILLED,  # filled in the closing moments, told after the session's end
                S.CANCELED,  # the broker's list later says that it was canceled, not expired
                S.EXPIRED,  # a late partial fill
            }
        ),
        S.REJECTED: frozenset(
            {
                S.ACCEPTED,  # a refusal read as final and later found working: the inquiry is the judge
                S.PARTIALLY_FILLED,
                S.FILLED,
                S.REJECTED,  # refused twice: by the reply and by the notice
            }
        ),
        S.FILLED: frozenset({S.FILLED}),  # told twice; fills are facts, nothing takes them back
        S.DENIED: frozenset(),  # never left us, so nobody can say more of it
    }
)


def may_move(old: S, new: S) -> bool:
    """Return whether an order in `old` may be stored as `new`; the same state again only where it carries news."""
    return new in MOVES[old]
