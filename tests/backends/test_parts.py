"""What tests/interop asks of objects in parts, in front of a store that nobody here wrote."""

from test_multipart import *  # noqa: F403
