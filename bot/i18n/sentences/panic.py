"""What is said of a panic."""

SENTENCES = {
    "panic_reason.session_end": "the session has ended",
    "panic_reason.closed": "the session is closed",
    "panic_reason.not_orderable": "the broker lets them not be ordered now (another order, a loan, settlement)",
    "panic_reason.rejected": "refused by the broker",
    "panic_reason.halted": "trading halted, or stopped by /halt",
    "panic_reason.unknown": "an order's outcome is not known yet",
    "panic_reason.left": "still being sold, or new",
    "panic_reason.restarted": "The program was restarted and goes on with it.",
}
