"""A demo for each test session, and boto3 on both sides of it."""

import re

import pytest

pytest.register_assert_rewrite("gateways", "uploads", "wire")

from gateways import Demo  # noqa: E402
from signing import Signer  # noqa: E402
from uploads import BUCKET  # noqa: E402
from wire import Wire  # noqa: E402


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    with Demo(tmp_path_factory.mktemp("session") / "demo") as demo:
        yield demo


@pytest.fixture(scope="session")
def s3(demo):
    """boto3 through the gateway."""
    return demo.client()


@pytest.fixture(scope="session")
def backend(demo):
    """boto3 past the gateway, at what the store holds."""
    return demo.client("BACKEND_ENDPOINT_URL")


@pytest.fixture(scope="session", params=["aes", "sm4"])
def bucket(request, s3):
    """One bucket for each suite."""
    name = f"{request.param}-objects"
    s3.create_bucket(Bucket=name)
    return name


# --- for single requests, byte by byte -----------------------------------------------------------


@pytest.fixture(scope="session")
def stored(s3):
    """What was stored on purpose; in the end nothing else is there."""
    s3.create_bucket(Bucket=BUCKET)
    stored = set()
    yield stored
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    assert {entry["Key"] for entry in listed} == stored


@pytest.fixture
def name(request):
    """An object of the test's own."""
    return re.sub(r"\W+", "-", request.node.name)


@pytest.fixture
def good(s3, stored, name):
    """The same, and it stands, and must stand whatever comes."""
    stored.add(name)
    s3.put_object(Bucket=BUCKET, Key=name, Body=b"good")
    yield name
    assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == b"good"


@pytest.fixture
def signer(demo):
    return Signer(demo.credentials())


@pytest.fixture
def wire(demo):
    with Wire(demo.address()) as wire:
        yield wire
