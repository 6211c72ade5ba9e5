"""The gateway in front of stores that nobody here wrote."""

import pathlib
import re
import select
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "interop")]
pytest.register_assert_rewrite("gateways", "wire", "test_boto3", "test_copy", "test_large_files",
                              "test_multipart", "test_tools")

from gateways import Server, Store, run  # noqa: E402

BECOMES_READY = 120
RULES = """\
  - {name: sm4 buckets, match: {bucket: "sm4-*"}, default: {sse: AES256, algorithm: SM4}}
  - {name: everything else, match: {bucket: "*"}}
"""

# What does not hold in front of Ceph 16, and why. Whoever changes that will hear of it.
KNOWN = {
    "test_the_etag_of_the_store_matches_nothing":
        "it compares no more of an ETag than its own, so hex-0 is hex",
    "test_what_is_known_is_overwritten":
        "its writes take the quotes of If-Match for a piece of the ETag",
}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == HERE and item.originalname in KNOWN:
            item.add_marker(pytest.mark.xfail(strict=True, reason=KNOWN[item.originalname]))


@pytest.fixture(scope="session", params=["ceph"])
def store(request, tmp_path_factory):
    """A running one, from the script of its name."""
    folder = tmp_path_factory.mktemp(request.param)
    with open(folder / "script.log", "wb") as log:
        script = subprocess.Popen(
            [HERE / request.param, folder], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        ready, _, _ = select.select([script.stdout], [], [], BECOMES_READY)
        said = script.stdout.readline() if ready else "not up in time"
        if not said.startswith("http"):
            assert script.wait(timeout=BECOMES_READY) == 77, (folder / "script.log").read_text()
            pytest.skip(f"{request.param}: {said}")
        yield Store(*said.split())
    finally:
        script.terminate()
        script.wait(timeout=BECOMES_READY)


@pytest.fixture(scope="session")
def demo(store, tmp_path_factory):
    """The gateway, by the name that it has in tests/interop."""
    folder = tmp_path_factory.mktemp("gateway")
    keyring = folder / "keyring.yaml"
    assert run("keyring", "init", keyring).returncode == 0
    with Server(folder / "server", store, store.address(), keyring,
                rules=RULES, state="sealgate-state") as server:
        yield server


@pytest.fixture(scope="session")
def s3(demo):
    """boto3 through the gateway."""
    return demo.client()


@pytest.fixture(scope="session")
def backend(store):
    """boto3 past the gateway, at what the store holds."""
    return store.client()


@pytest.fixture(scope="session", params=["aes", "sm4"])
def bucket(request, s3):
    """One bucket for each suite."""
    name = f"{request.param}-objects"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def name(request):
    """An object of the test's own."""
    return re.sub(r"\W+", "-", request.node.name)
