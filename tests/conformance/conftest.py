"""Two demos: of one the store is asked, of the other the gateway."""

import pathlib
import sys

import pytest

INTEROP = pathlib.Path(__file__).resolve().parents[1] / "interop"
sys.path[:0] = [str(INTEROP), str(pathlib.Path(__file__).parent)]
pytest.register_assert_rewrite("answers", "sides")

from gateways import Demo  # noqa: E402
from sides import Side  # noqa: E402


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("store") / "demo") as demo:
        yield Side(demo, "BACKEND_ENDPOINT_URL", sealed=False)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("gateway") / "demo") as demo:
        yield Side(demo, "AWS_ENDPOINT_URL", sealed=True)
