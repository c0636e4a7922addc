"""The sentences of the core and of the client: what a code with its values says, in either language.

English stands in the modules here by code, Korean in `bot/locales/ko/LC_MESSAGES/sentences.po` under the code as
context; `python -m bot.i18n.sentences` brings that file up to date. Nothing here imports aiogram: the console of a
program that has not started yet speaks through it too.
"""

from bot.i18n.sentences.speech import both, paired, say, word

__all__ = ["both", "paired", "say", "word"]
