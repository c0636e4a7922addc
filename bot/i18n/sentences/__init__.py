"""The sentences of the core and of the client: what a code with its values says, in either language.

Both languages stand in `bot/locales/ko/LC_MESSAGES/sentences.po`, an entry by the code. Nothing here imports aiogram:
the console of a program that has not started yet speaks through it too.
"""

from bot.i18n.sentences.speech import both, paired, say, word

__all__ = ["both", "paired", "say", "word"]
