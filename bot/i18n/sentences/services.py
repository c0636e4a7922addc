"""The services of the program: their names, what it means while one is down, and that it is."""

SENTENCES = {
    "service.engine": "the signal checks",
    "service.desk": "the order desk",
    "service.stops": "the stop watcher",
    "service.price watchdog": "the price watch of the stops",
    "service.panic": "the panic service",
    "service.stream": "the live connection",
    "service.stream news": "the news of the live connection",
    "service.watch list": "the watch list",
    "service.moved listings": "the following of moved listings",
    "service.proposals": "the proposal cards",
    "service.cards": "the ready check and the calendar",
    "service.price alerts": "the price alerts",
    "service.storage alarm": "the alarm of a full disk",
    "service.clock": "the watch over the clock",
    "service.upkeep": "the tidying of records",
    "service.lag": "the measuring of delays",
    "service.memory": "the tidying of memory",
    "service.chat": "the chat commands",
    "service.alerts": "the delivery of alerts",
    "service.reminders": "the reminders of critical alerts",
    "service.digests": "the morning digest",
    "service.dashboard": "the pinned dashboard",
    "service.late answers": "the answers that Telegram takes later",
    "service.in_private": "alerts in private while the alert chat is barred",
    "service_means.engine": "The rules do not trade meanwhile. Stops work.",
    "service_means.desk": "Fills may show late meanwhile. What was missed is found by asking the broker.",
    "service_means.stops": "No stop can fire meanwhile, and the rules buy nothing.",
    "service_means.price watchdog": "Without live ticks no stop can fire meanwhile. The rules buy nothing.",
    "service_means.panic": "A panic under way goes on afterwards.",
    "service_means.stream": "Prices and fills are asked for meanwhile.",
    "service_means.chat": "Commands get no answer meanwhile. Trading goes on.",
    "service_means.alerts": "Alerts come later, in order. Trading goes on.",
    "services.crashed": (
        "A fault in the program has stopped {service:service}. It is started again in {pause:seconds}"
        " s.{service:service_means}{consequences:more} If it comes again, see /health and /logs."
    ),
    "services.given_up": (
        "A fault keeps stopping {service:service}. From now on it is tried only every {pause:minutes} min. Look"
        " at the log and restart the program. If it is urgent, use the broker's"
        " app.{service:service_means}{consequences:more}"
    ),
    "services.again": "Working again: {service:service}.",
}
