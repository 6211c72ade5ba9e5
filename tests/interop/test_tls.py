"""Clients that come over TLS: what they send differs, and who may connect can be said."""

import shutil
import socket
import ssl
import subprocess
import sys

import boto3
import botocore.config
import botocore.exceptions
import pytest
from certificates import Authority
from gateways import PATIENCE, Server, run
from wire import endpoint

CHUNK = 65536
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 << 20]
BUCKET = "over-tls"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "authority")


def serving(demo, folder, files, more=""):
    """A gateway with that certificate, in front of the demo's store."""
    return Server(folder, demo, demo.address("BACKEND_ENDPOINT_URL"),
                  demo.folder / "keyring.yaml",
                  tls=f"{{certificate: {files[0]}, key: {files[1]}{more}}}")


@pytest.fixture(scope="module")
def gateway(demo, backend, authority, tmp_path_factory):
    backend.create_bucket(Bucket=BUCKET)
    with serving(demo, tmp_path_factory.mktemp("tls") / "server",
                 authority.issue("server")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def tls(gateway, authority):
    return gateway.client(verify=str(authority.file))


@pytest.mark.parametrize("size", SIZES)
def test_boto3_sends_unsigned_frames_with_a_trailer(tls, backend, name, size):
    """Over TLS it leaves the payload to the transport, and puts its checksum behind it."""
    sent = []
    tls.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: sent.append(dict(request.headers)))
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    tls.put_object(Bucket=BUCKET, Key=name, Body=data)
    assert b"STREAMING-UNSIGNED-PAYLOAD-TRAILER" in [
        value if isinstance(value, bytes) else value.encode() for value in sent[0].values()]
    got = tls.get_object(Bucket=BUCKET, Key=name, ChecksumMode="ENABLED")
    assert got["Body"].read() == data and got["ChecksumCRC32"]
    assert size < 16 or data[:16] not in backend.get_object(Bucket=BUCKET, Key=name)["Body"].read()
    assert tls.head_object(Bucket=BUCKET, Key=name)["ContentLength"] == size


def client_commands(gateway, authority, folder):
    """Uploads by clients nobody here wrote."""
    said = gateway.credentials()
    to, key, secret = said["AWS_ENDPOINT_URL"], said["AWS_ACCESS_KEY_ID"], \
        said["AWS_SECRET_ACCESS_KEY"]
    host = gateway.address()
    return {
        "aws": [f"{sys.prefix}/bin/aws", "--ca-bundle", authority.file, "s3", "cp",
                "--no-progress", folder / "file", f"s3://{BUCKET}/aws"],
        "curl": ["curl", "-sSf", "--cacert", authority.file, "--aws-sigv4", "aws:amz:us-east-1:s3",
                 "-u", f"{key}:{secret}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                 "-T", folder / "file", f"{to}/{BUCKET}/curl"],
        "rclone": ["rclone", "copyto", "--ca-cert", authority.file, "--s3-provider=Other",
                   f"--s3-endpoint={to}", "--s3-env-auth", "--s3-force-path-style",
                   "--retries=1", folder / "file", f":s3:{BUCKET}/rclone"],
        "s3cmd": ["s3cmd", "--config=/dev/null", f"--ca-certs={authority.file}", "--ssl",
                  f"--access_key={key}", f"--secret_key={secret}", f"--host={host}",
                  f"--host-bucket={host}", "put", folder / "file", f"s3://{BUCKET}/s3cmd"],
    }


@pytest.mark.parametrize("client", ["aws", "curl", "rclone", "s3cmd"])
def test_other_clients_come_over_tls(demo, gateway, tls, authority, tmp_path, client):
    data = b"0123456789abcdef" * 20_000
    (tmp_path / "file").write_bytes(data)
    command = client_commands(gateway, authority, tmp_path)[client]
    if not shutil.which(command[0]):
        pytest.skip(f"{client} is not installed")
    environment = demo.environment() | gateway.credentials()
    done = subprocess.run(command, capture_output=True, text=True, env=environment,
                          timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tls.get_object(Bucket=BUCKET, Key=client)["Body"].read() == data


@pytest.mark.parametrize("kind, form", [("rsa", "pkcs8"), ("rsa", "traditional"),
                                        ("ec", "traditional")])
def test_keys_may_be_of_every_usual_kind(demo, authority, tmp_path, kind, form):
    files = authority.issue(f"{kind}-{form}", kind, form)
    with serving(demo, tmp_path / "server", files) as gateway:
        gateway.client(verify=str(authority.file)).list_buckets()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_old_protocols_are_refused(gateway, authority):
    def protocol(most):
        context = ssl.create_default_context(cafile=authority.file)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_1, most
        with socket.create_connection(endpoint(gateway.address()), timeout=PATIENCE) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as session:
                return session.version()
    assert protocol(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert protocol(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises(ssl.SSLError):
        protocol(ssl.TLSVersion.TLSv1_1)


def test_plain_http_gets_no_answer(gateway, tls):
    with socket.create_connection(endpoint(gateway.address()), timeout=PATIENCE) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nhost: gateway\r\n\r\n")
        told = b"".join(iter(lambda: plain.recv(4096), b""))
    assert b"HTTP" not in told
    tls.list_buckets()


def test_clients_show_certificates_where_they_must(demo, authority, tmp_path):
    stranger = Authority(tmp_path / "strangers", "stranger")
    with serving(demo, tmp_path / "server", authority.issue("server"),
                 f", client_ca: {authority.file}") as gateway:
        def asks(*certificate):
            said = gateway.credentials()
            config = botocore.config.Config(
                client_cert=tuple(map(str, certificate)) or None, retries={"max_attempts": 1})
            client = boto3.client(
                "s3", endpoint_url=said["AWS_ENDPOINT_URL"], region_name="us-east-1",
                verify=str(authority.file), config=config,
                aws_access_key_id=said["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=said["AWS_SECRET_ACCESS_KEY"])
            return client.list_buckets()
        asks(*authority.issue("client"))
        for certificate in [(), stranger.issue("client")]:
            with pytest.raises(botocore.exceptions.BotoCoreError):
                asks(*certificate)


def test_check_tells_what_is_wrong_with_certificates(demo, gateway, authority, tmp_path):
    chain, key = authority.issue("good")
    chain.chmod(0o600)
    other = authority.issue("other")[1]
    readable = tmp_path / "readable.key"
    readable.write_bytes(key.read_bytes())
    readable.chmod(0o644)
    file = gateway.folder / "sealgate.yaml"
    text = file.read_text()
    before = text[text.index("tls: {") + 5:text.index("}", text.index("tls: {")) + 1]
    for tls, problem in [
        (f"{{certificate: {chain}}}", "tls.key: is missing"),
        (f"{{certificate: {tmp_path}/none, key: {key}}}", "tls.certificate: cannot read"),
        (f"{{certificate: {key}, key: {key}}}", "tls.key: holds no certificates in PEM"),
        (f"{{certificate: {chain}, key: {chain}}}", "tls.key: holds no private key in PEM"),
        (f"{{certificate: {chain}, key: {other}}}", "tls.key: is not the key of the certificate"),
        (f"{{certificate: {chain}, key: {readable}}}", "tls.key: others can reach"),
        (f"{{certificate: {chain}, key: {key}, client_ca: {key}}}",
         "tls.client_ca: holds no certificates in PEM"),
    ]:
        broken = tmp_path / "broken.yaml"
        broken.write_text(text.replace(before, tls))
        done = run("check", broken, env=gateway.credentials())
        told = done.stdout + done.stderr
        assert done.returncode == 64 and f"listen[0].{problem}" in told, told
