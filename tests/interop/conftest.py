"""A demo of its own for each test session, and the clients that speak to it."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import boto3
import botocore.config
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SEALGATE", ROOT / "target/debug/sealgate"))
sys.path.insert(0, str(ROOT / "tests/interop"))


class Demo:
    """A running `sealgate demo` in its folder."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.start()

    def start(self):
        self.log = open(self.folder.parent / "demo.log", "ab")
        self.process = subprocess.Popen(
            [BINARY, "demo", "--dir", self.folder, "--listen", "127.0.0.1:0",
             "--backend-listen", "127.0.0.1:0"],
            stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while True:
            assert self.process.poll() is None, self.log_text()
            try:
                address = self.credentials()["AWS_ENDPOINT_URL"].removeprefix("http://")
                host, port = address.rsplit(":", 1)
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except (OSError, KeyError):
                assert time.monotonic() < deadline, "demo does not listen: " + self.log_text()
                time.sleep(0.02)

    def stop(self, how=signal.SIGTERM):
        """Ends the process and returns the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        self.log.close()
        return time.monotonic() - began

    def log_text(self):
        return (self.folder.parent / "demo.log").read_text()

    def credentials(self):
        lines = (self.folder / "credentials.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def environment(self):
        """For command-line clients: nothing of the machine's own AWS settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        home = {"HOME": str(self.folder.parent), "AWS_EC2_METADATA_DISABLED": "true"}
        return kept | self.credentials() | home

    def client(self, endpoint="AWS_ENDPOINT_URL", **options):
        said = self.credentials()
        retries = {"max_attempts": 1}
        return boto3.client(
            "s3", endpoint_url=said[endpoint], region_name=said["AWS_REGION"],
            aws_access_key_id=options.pop("access_key", said["AWS_ACCESS_KEY_ID"]),
            aws_secret_access_key=options.pop("secret_key", said["AWS_SECRET_ACCESS_KEY"]),
            config=botocore.config.Config(
                retries=retries, s3={"addressing_style": "path"}, **options))


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp("demo") / "demo")
    yield demo
    demo.stop()


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
