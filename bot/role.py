"""What a person is allowed to be here. Imports nothing heavy: the settings are read before anything else."""

from enum import IntEnum


class Role(IntEnum):
    """Each may do what the ones below it may."""

    VIEWER = 1  # looks, never changes
    OPERATOR = 2  # trades and sets modes
    OWNER = 3  # everything
