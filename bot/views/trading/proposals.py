"""Trades the engine proposes: the card with its buttons, how it ended, and a signal that is only told."""

from datetime import datetime, timedelta

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import moment, plain, price, shares, usd
from bot.i18n.terms import SIDE_ICONS, side
from bot.ui.blocks import block
from bot.ui.buttons import Button, Confirm, Dismiss, Keyboard, Open
from bot.ui.screen import Screen, ViewContext
from bot.views.decisions import signal_lines
from strategy.model import Proposal, ProposalClosed, Proposed

_SAME_CLOCK = timedelta(minutes=1)  # further apart, the market's clock is not the world's


def proposed(event: Proposed, ui: ViewContext) -> Screen:
    """Ask for a tap, or tell the signal alone where the ticker's TRADE_MODE says so."""
    t, card = ui.t, event.proposal
    names = {"side": side(card.side, t), "ticker": card.symbol.ticker}
    if card.ticket is None:
        return ui.screen(
            block(ui.title(f"{SIDE_ICONS[card.side]} ", t("{side} signal: {ticker}", **names)), _terms(card, ui)),
            _why(card, ui),
            block(t("Only told: TRADE_MODE of this ticker is signal. Nothing is ordered.")),
            block(ui.when(event.at)),
            keyboard=_further(card, ui),
        )
    return ui.screen(
        block(
            ui.title(f"{SIDE_ICONS[card.side]} ", t("{side} {ticker}: may I?", **names)),
            _terms(card, ui),
        ),
        _why(card, ui),
        block(
            _deadline(card.expires_at, ui),
            _void(card, ui),
            t("Without your tap nothing is ordered."),
        ),
        block(ui.when(event.at)),
        keyboard=(
            (
                Button(t("✅ Approve"), Confirm(ticket=card.ticket), style="success"),
                Button(t("✖️ Dismiss"), Dismiss(ticket=card.ticket)),
            ),
            *_further(card, ui),
        ),
    )


def proposal_closed(event: ProposalClosed, ui: ViewContext) -> Screen:
    """Say how a card ended; it takes the place of the card, without its buttons."""
    t, card, no = ui.t, event.proposal, event.order_no
    names = {"side": side(card.side, t), "ticker": card.symbol.ticker}
    how = {
        "taken": t("✅ Approved"),
        "dismissed": t("✖️ Dismissed: nothing was ordered."),
        "expired": t("⌛ Not answered in time: nothing was ordered."),
        "drifted": _drifted(card, ui),
        "changed": t("🔁 The conditions no longer hold: nothing was ordered."),
    }[event.how]
    taken = "" if no is None else t(", order #{no}", no=no)
    order: Keyboard = ()
    if no is not None:
        order = ((Button(t("🧾 Order #{no}", no=no), Open(screen="order", ref=str(no))),),)
    return ui.screen(
        block(
            ui.title(f"{SIDE_ICONS[card.side]} ", t("{side} {ticker}: proposal over", **names)),
            Bold(how + taken),
            _terms(card, ui),
        ),
        block(ui.when(event.at)),
        keyboard=order,
    )


def _terms(card: Proposal, ui: ViewContext) -> str:
    return ui.t(
        "{qty} sh. · limit {price} · {amount}",
        qty=shares(card.qty),
        price=price(card.limit_price),
        amount=usd(card.limit_price * card.qty),
    )


def _why(card: Proposal, ui: ViewContext) -> Text:
    t = ui.t
    return block(*signal_lines(card.decision, ui, only=card.side), t("Price {price}", price=price(card.decision.last)))


def _deadline(until: datetime | None, ui: ViewContext) -> str | None:
    """Say until when the card waits: a moment of the world, which the market's clock may have left (in the demo)."""
    if until is None:
        return None
    t, now = ui.t, ui.real_now or ui.now
    minutes = max(int(-(-(until - now).total_seconds() // 60)), 0)
    end = moment(until, now)
    if abs(now - ui.now) > _SAME_CLOCK:
        return t("Waits for your tap until {time} by your own clock ({n} min).", time=end, n=minutes)
    return t("Waits for your tap until {time} ({n} min).", time=end, n=minutes)


def _void(card: Proposal, ui: ViewContext) -> str | None:
    """Say how far the price may move; None for a card of an earlier version, which did not keep it."""
    if card.drift_pct is None:
        return None
    return ui.t("Void when the price moves by more than {pct}% from here.", pct=plain(card.drift_pct))


def _drifted(card: Proposal, ui: ViewContext) -> str:
    t = ui.t
    if card.drift_pct is None:
        return t("📈 The price moved too far: nothing was ordered.")
    return t("📈 The price moved by more than {pct}%: nothing was ordered.", pct=plain(card.drift_pct))


def _further(card: Proposal, ui: ViewContext) -> Keyboard:
    t = ui.t
    ref = str(card.symbol)
    return (
        (
            Button(t("🔎 Why?"), Open(screen="why", ref=ref)),
            Button(t("📈 {ticker}", ticker=card.symbol.ticker), Open(screen="ticker", ref=ref)),
        ),
    )
