"""What tests/interop asks of copies, in front of a store that nobody here wrote."""

from test_copy import *  # noqa: F403
