"""What tests/interop asks of tools that people use, in front of a store that nobody here wrote."""

from test_large_files import *  # noqa: F403
from test_tools import *  # noqa: F403
