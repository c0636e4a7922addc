"""What the chat says of Telegram and of what was typed."""

SENTENCES = {
    "telegram.unreachable": "Telegram could not be reached. Check the internet connection and TELEGRAM_API_URL.",
    "telegram.token_refused": "Telegram refused the bot token. Check TELEGRAM_BOT_TOKEN with @BotFather.",
    "telegram.token_doubted": (
        "Telegram refuses the bot token. It has worked before, so trading and stop-losses start, and Telegram"
        " is tried again and again; the chat is told once it works. If you changed the token, correct"
        " TELEGRAM_BOT_TOKEN and start again."
    ),
    "telegram.chat_refused": (
        "The bot may not write to that chat. Check the chat id, and send /start to the bot in Telegram first."
    ),
    "telegram.webhook_set": (
        "A webhook is set for this bot, so commands and buttons do not arrive ({host}). Start the program: its"
        " alert has a button that removes it, and after 5 minutes it does so by itself. If you did not set it,"
        " change the token with @BotFather."
    ),
    "telegram.chat_moved": (
        "The group has become a supergroup with the chat id {new_id}. Correct TELEGRAM_CHAT_TEST_ID in .env,"
        " and TELEGRAM_CHAT_ID where it is the same group."
    ),
    "addressing.start_first": (
        "There is no way to answer you unseen here. Nothing was done. Open the private chat with the bot and"
        " press /start."
    ),
    "parsing.whole_shares": "Shares are whole numbers: 1, 2, 3.",
    "parsing.most_percent": "100 % is the most.",
    "parsing.no_number": "{given} cannot be read as a number. Write it like 1000, 1,000 or 61.25.",
    "parsing.above_zero": "It must be above zero.",
    "migration.moved": (
        "The group has become a supergroup, so its chat id changed from {old} to {new}. Alerts go on coming"
        " here. Write TELEGRAM_CHAT_ID={new} into .env, and the same for TELEGRAM_CHAT_TEST_ID where it is this"
        " group."
    ),
    "server_clock.agrees": "This machine's clock agrees with Telegram's again.",
    "hearing.webhook": "a webhook is set for this bot",
    "hearing.rival": "another program takes the messages of this bot token",
    "hearing.token": "Telegram refuses the bot token",
    "hearing.flood": "Telegram makes the bot wait before it may listen (429)",
    "hearing.servers": "Telegram's servers answer with errors",
    "hearing.network": "the requests for messages get no answer",
    "hearing.garbled": "the answers to the requests for messages cannot be read (a proxy?)",
    "hearing.refused": "Telegram refuses the requests for messages",
    "hearing.heard_in_part": (
        "Commands and buttons go there, so that none or only some are heard here, /stop included. Trading and"
        " stop-losses go on."
    ),
    "hearing.not_heard": "Commands and buttons are not heard, not even /stop. Trading and stop-losses go on.",
    "hearing.remove_webhook": (
        "Remove it with the button below. The press may go to the webhook, too, so the bot removes it by itself"
        " after 5 minutes. If you did not set it, change the token with @BotFather."
    ),
    "hearing.stop_rival": (
        "Stop the program on the other computer, or the one started earlier. If you know of none, change the"
        " token with @BotFather and in .env."
    ),
    "hearing.wait": "It is tried again and again. If it is urgent, use the broker's own app.",
    "hearing.at": "{reason} ({where})",
    "hearing.deaf": "{reason:begun}. {heard} {to_do}",
    "hearing.again": (
        "Commands and buttons are heard again. They were not for {length:span}: {reason}. Commands older than 2"
        " minutes are not carried out."
    ),
    "server_clock.ahead": (
        "This machine's clock is {by:span} ahead of Telegram's. Commands are judged by Telegram's time and"
        " carried out, but market hours and records follow this machine. Switch on time synchronisation (NTP):"
        " timedatectl set-ntp true"
    ),
    "server_clock.behind": (
        "This machine's clock is {by:span} behind Telegram's. Commands are judged by Telegram's time and"
        " carried out, but market hours and records follow this machine. Switch on time synchronisation (NTP):"
        " timedatectl set-ntp true"
    ),
    "telegram.taken": (
        "What people write to this bot is taken by somebody else. Stop the program that uses the token, or"
        " remove the webhook, and run this again."
    ),
}
