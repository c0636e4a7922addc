"""What storage raises beyond the core's StorageError and InstanceLocked."""

from enum import StrEnum

from strategy.model import Said, StorageError


class UpgradeNote(StrEnum):
    NOT_UPGRADED = "database.not_upgraded"
    TOO_NEW = "database.too_new"


class MigrationFailed(StorageError):
    """The database could not be brought to this version; it stays as it was."""

    user_message = Said(UpgradeNote.NOT_UPGRADED)


class DatabaseTooNew(StorageError):
    """A newer version of the program has written this database."""

    user_message = Said(UpgradeNote.TOO_NEW)
