"""What sentences of all rooms are made of."""

SENTENCES = {
    "span.seconds": "{count} s",
    "span.minutes": "{count} min",
    "span.hours": "{hours} h {minutes} min",
    "span.days": "{days} d {hours} h",
    "side.buy": "buy",
    "side.sell": "sell",
}
