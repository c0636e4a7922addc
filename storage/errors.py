"""What storage raises beyond the core's StorageError and InstanceLocked."""

from strategy.model import StorageError, Text


class MigrationFailed(StorageError):
    """The database could not be brought to this version; it stays as it was."""

    user_message = Text(
        "데이터베이스를 새 버전으로 바꾸지 못했습니다. 기존 데이터는 그대로입니다.",
        "The database could not be upgraded. The existing data is unchanged.",
    )


class DatabaseTooNew(StorageError):
    """A newer version of the program has written this database."""

    user_message = Text(
        "더 새로운 버전이 쓴 데이터베이스입니다. 최신 버전으로 실행하세요.",
        "A newer version wrote this database. Run the newest version.",
    )
