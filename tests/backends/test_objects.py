"""What tests/interop asks of whole objects, in front of a store that nobody here wrote."""

from test_boto3 import *  # noqa: F403
