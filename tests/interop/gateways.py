"""The gateway as processes: demos, servers, and the clients that speak to them."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import boto3
import botocore.config
from signing import Signer
from wire import endpoint

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SEALGATE", ROOT / "target/debug/sealgate"))
PATIENCE = 20

CONFIGURATION = """\
listen:
  - address: {listen}{tls}{listener}
domains: [s3.example.com, objects.test]
backend:
  endpoints: [http://{backend}]
  multipart_etag: {multipart_etag}
  credentials:
    access_key: {{env: AWS_ACCESS_KEY_ID}}
    secret_key: {{env: AWS_SECRET_ACCESS_KEY}}
clients:
  - name: tester
    access_key: {{env: AWS_ACCESS_KEY_ID}}
    secret_key: {{env: AWS_SECRET_ACCESS_KEY}}
    may: [{{bucket: "*", actions: [read, write, list, delete, configure]}}]
    keys: [{granted}]
{clients}
keys:
  - {{name: demo, provider: local, file: {keyring}}}
{keys}
{state}
rules:
{rules}
limits: {{connect: 1s, silence: {silence}}}
{more}
"""
SEAL_EVERYTHING = '  - {name: everything, match: {bucket: "*"}}'


def configuration(listen, backend, keyring, rules=SEAL_EVERYTHING, silence="60s", clients="",
                  tls=None, state=None, multipart_etag="counted", more="", keys="", granted="",
                  secure=False):
    """A whole one, of pieces of YAML."""
    tls = f"\n    tls: {tls}" if tls else ""
    state = f"state: {{bucket: {state}}}" if state else ""
    listener = "\n    secure: true" if secure else ""
    keys = keys.format(keyring=keyring)
    return CONFIGURATION.format(
        listener=listener, keys=keys, granted=granted, listen=listen, backend=backend, keyring=keyring, rules=rules, silence=silence,
        clients=clients, tls=tls, state=state, multipart_etag=multipart_etag, more=more)


def run(*arguments, **options):
    """`sealgate` to its end."""
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=PATIENCE, **options)


def eventually(holds, what):
    """Waits until `holds()`, no longer than patience lasts."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return "127.0.0.1:{1}".format(*taken.getsockname())


def listens(address):
    try:
        socket.create_connection(endpoint(address), timeout=1).close()
    except OSError:
        return False
    return True


def secrets(folder):
    """What must never be seen outside the files of `folder`."""
    found = []
    for name, mark in [("credentials.env", "AWS_SECRET_ACCESS_KEY="), ("keyring.yaml", "key: ")]:
        if (folder / name).exists():
            lines = (folder / name).read_text().splitlines()
            found += [line.split(mark, 1)[1] for line in lines if mark in line]
    assert found and all(len(secret) >= 40 for secret in found)
    return found


class Place:
    """Where clients go, as the environment tells them in `credentials()`."""

    def address(self, endpoint="AWS_ENDPOINT_URL"):
        return self.credentials()[endpoint].partition("://")[2]

    def client(self, endpoint="AWS_ENDPOINT_URL", **options):
        said = self.credentials()
        retries = {"max_attempts": 1}
        return boto3.client(
            "s3", endpoint_url=said[endpoint], region_name=said["AWS_REGION"],
            verify=options.pop("verify", None),
            aws_access_key_id=options.pop("access_key", said["AWS_ACCESS_KEY_ID"]),
            aws_secret_access_key=options.pop("secret_key", said["AWS_SECRET_ACCESS_KEY"]),
            config=botocore.config.Config(
                retries=retries, s3={"addressing_style": "path"}, **options))


class Store(Place):
    """One of somebody else's."""

    def __init__(self, endpoint, access_key, secret_key):
        self.said = {"AWS_ENDPOINT_URL": endpoint, "BACKEND_ENDPOINT_URL": endpoint,
                     "AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key,
                     "AWS_REGION": "us-east-1"}

    def credentials(self):
        return self.said


class Gateway(Place):
    """A `sealgate` that listens until it is stopped."""

    def __init__(self, folder, *arguments, environment=None):
        self.folder, self.arguments, self.variables = folder, arguments, environment or {}
        self.log_file = folder.with_suffix(".log")
        self.start()

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, *self.arguments], stdout=log, stderr=log,
                env=os.environ | {"SEALGATE_LOG": "trace"} | self.variables)
        eventually(self.is_up, "does not listen")

    def is_up(self):
        assert self.process.poll() is None, self.log_text()
        try:
            return listens(self.address())
        except (OSError, KeyError):
            return False

    def stop(self, how=signal.SIGTERM):
        """Ends the process; its exit code and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(timeout=PATIENCE)
        return code, time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """It can end, so it has lost count of no request; and it wrote no secret down."""
        if self.process.poll() is None:
            try:
                assert self.stop()[0] == 0, self.log_text()
            finally:
                self.process.kill()
        told = self.log_text()
        assert not any(secret in told for secret in [*self.secrets(), *Signer.made])

    def log_text(self):
        return self.log_file.read_text()

    def environment(self):
        """For command-line clients: nothing of the machine's own AWS settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        calm = {"HOME": str(self.folder.parent), "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_MAX_ATTEMPTS": "1"}
        return kept | self.credentials() | calm

    def opened(self, bucket, name):
        """What open.py makes of the stored object and its two entries of metadata."""
        stored = self.client("BACKEND_ENDPOINT_URL").get_object(Bucket=bucket, Key=name)
        body = self.folder.with_name("stored")
        body.write_bytes(stored["Body"].read())
        return subprocess.run(
            [sys.executable, ROOT / "tests/interop/open.py", f"--bucket={bucket}",
             f"--object={name}", f"--keyring={self.keyring}",
             f"--envelope={stored['Metadata']['sealgate']}",
             f"--mac={stored['Metadata']['sealgate-mac']}", body],
            stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout


class Demo(Gateway):
    """`sealgate demo` in its folder."""

    def __init__(self, folder):
        self.keyring = folder / "keyring.yaml"
        super().__init__(folder, "demo", "--dir", folder, "--listen", "127.0.0.1:0",
                         "--backend-listen", "127.0.0.1:0")

    def credentials(self):
        lines = (self.folder / "credentials.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    def secrets(self):
        return secrets(self.folder)


class Server(Gateway):
    """`sealgate serve` in front of a store of somebody else's."""

    def __init__(self, folder, store, backend, keyring, **said):
        folder.mkdir()
        listen = free_address()
        file = folder / "sealgate.yaml"
        file.write_text(configuration(listen, backend, keyring, **said))
        scheme = "https" if said.get("tls") else "http"
        self.keyring = keyring
        self.said = store.credentials() | {"AWS_ENDPOINT_URL": f"{scheme}://{listen}"}
        super().__init__(folder, "serve", file, environment=self.said)

    def credentials(self):
        return self.said

    def secrets(self):
        return [self.said["AWS_SECRET_ACCESS_KEY"]]
