"""What every test shares."""

from hypothesis import settings

# a time limit per example fails on a busy machine and says nothing about the code; pytest-timeout ends what hangs
settings.register_profile("project", deadline=None)
settings.load_profile("project")
