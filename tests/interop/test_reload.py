"""Change without a restart: what comes into force, what is refused, and what goes on meanwhile."""

import concurrent.futures
import contextlib
import itertools
import re
import shutil
import signal
import socket
import ssl
import urllib.request

import botocore.exceptions
import pytest
from certificates import Authority
from gateways import Demo, Gateway, Server, configuration
from gateways import eventually, free_address, listens, run
from signing import UNSIGNED, Signer, sized
from wire import Wire, endpoint

BUCKET = "reloaded"
DATA = b"0123456789" * 20_000
OPEN = '  - {name: open, match: {bucket: "reloaded*"}}'
CLOSED = '  - {name: closed, match: {bucket: "elsewhere"}}'
CLIENT = """\
  - name: other
    access_key: AKOTHER
    secret_key: {{file: {file}}}
    may: [{{bucket: "*", actions: [read, write]}}]
"""


def put_in_place(file, text, mode=0o600):
    """As a whole, as careful editors do."""
    new = file.with_name(file.name + ".new")
    new.touch(mode)
    new.write_text(text)
    new.rename(file)


class Reloading(Server):
    """A server whose configuration is written anew."""

    def __init__(self, folder, store, backend, keyring, **said):
        self.admin, self.backend = free_address(), backend
        self.kept = said
        super().__init__(folder, store, backend, keyring, **self.all(said))

    def is_up(self):
        return super().is_up() and listens(self.admin)

    def all(self, said):
        more = f"admin: {{address: {self.admin}}}\n" + said.get("more", "")
        return {"state": "reload-state", "rules": OPEN} | said | {"more": more}

    def text(self, **said):
        """What would be written."""
        return configuration(self.address(), self.backend, self.keyring,
                             **self.all(self.kept | said))

    def write(self, **said):
        put_in_place(self.folder / "sealgate.yaml", self.text(**said))

    def metric(self, name):
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        value, = (line.split()[-1] for line in lines if line.startswith(f"{name} "))
        return int(value)

    def snapshot(self):
        return self.metric("sealgate_snapshot")

    def refused(self):
        return self.metric('sealgate_reloads_total{outcome="refused"}')

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    @contextlib.contextmanager
    def changing(self):
        """Within it something changes; after it, that is in force."""
        before = self.snapshot()
        yield
        eventually(lambda: self.snapshot() > before, f"snapshot {before} stays")

    @contextlib.contextmanager
    def refusing(self, *words):
        """Within it something goes wrong; after it, the log says these words of it."""
        snapshot, refused, told = self.snapshot(), self.refused(), len(self.log_text())
        yield
        eventually(lambda: self.refused() > refused, "nothing was refused")
        assert self.snapshot() == snapshot
        log = self.log_text()[told:]
        assert f"refused, snapshot {snapshot} stays in force" in log
        assert all(word in log for word in words), log


@pytest.fixture(scope="module")
def store(demo, backend):
    for bucket in [BUCKET, "elsewhere"]:
        backend.create_bucket(Bucket=bucket)
    return demo


@pytest.fixture
def keyring(tmp_path):
    assert run("keyring", "init", tmp_path / "keyring.yaml").returncode == 0
    return tmp_path / "keyring.yaml"


@pytest.fixture
def serve(store, tmp_path, keyring):
    """Starts a server with what is said of it."""
    with contextlib.ExitStack() as stack:
        backend = store.address("BACKEND_ENDPOINT_URL")
        yield lambda **said: stack.enter_context(
            Reloading(tmp_path / "server", store, backend, keyring, **said))


@pytest.fixture
def gateway(serve):
    return serve()


def code(call, **arguments):
    """The error's code, or nothing."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def put(client, name, bucket=BUCKET):
    return code(client.put_object, Bucket=bucket, Key=name, Body=DATA)


def get(client, name):
    got = client.get_object(Bucket=BUCKET, Key=name)
    assert got["Body"].read() == DATA


# --- comes into force ----------------------------------------------------------------------------


def test_a_changed_file_comes_into_force(gateway, name):
    s3 = gateway.client()
    assert gateway.snapshot() == 1
    assert put(s3, name, "elsewhere") == "AccessDenied"
    with gateway.changing():
        gateway.write(rules=CLOSED)
    assert gateway.snapshot() == 2
    assert put(s3, name, "elsewhere") is None
    assert put(s3, name) == "AccessDenied"
    assert "snapshot 2 is in force" in gateway.log_text()


def test_a_file_that_is_written_in_place_comes_into_force(gateway, name):
    with gateway.changing():
        (gateway.folder / "sealgate.yaml").write_text(gateway.text(rules=CLOSED))
    assert put(gateway.client(), name) == "AccessDenied"


def test_a_hangup_reloads_what_has_not_changed(gateway, name):
    for number in [2, 3]:
        with gateway.changing():
            gateway.hang_up()
        assert gateway.snapshot() == number
        assert put(gateway.client(), name) is None
    assert gateway.metric('sealgate_reloads_total{outcome="applied"}') == 2


def test_a_demo_reloads_too(tmp_path):
    with Demo(tmp_path / "own") as own:
        s3 = own.client()
        s3.create_bucket(Bucket="mine")
        file = own.folder / "sealgate.yaml"
        put_in_place(file, file.read_text().replace('bucket: "*"}\n', 'bucket: "other"}\n'))
        eventually(lambda: "snapshot 2 is in force" in own.log_text(), "no reload")
        assert put(s3, "a", "mine") == "AccessDenied"


def test_a_clients_new_secret_takes_the_place_of_the_old(serve, tmp_path, name):
    secret = tmp_path / "other.secret"
    put_in_place(secret, "the-first-of-all-the-secrets-of-this-test")
    gateway = serve(clients=CLIENT.format(file=secret))
    first, second = (gateway.client(access_key="AKOTHER", secret_key=text) for text in [
        secret.read_text(), "the-second-of-all-the-secrets-of-this-test"])
    assert put(first, name) is None and put(second, name) == "SignatureDoesNotMatch"
    with gateway.changing():
        put_in_place(secret, "the-second-of-all-the-secrets-of-this-test\n")
    assert put(second, name) is None and put(first, name) == "SignatureDoesNotMatch"
    told = gateway.log_text()
    assert "of-all-the-secrets" not in told


def test_a_mounted_folder_changes_by_its_link(store, tmp_path, keyring, name):
    """As Kubernetes mounts a ConfigMap or a Secret."""
    def written(version, rules):
        (mount / version).mkdir(parents=True)
        text = configuration(address, store.address("BACKEND_ENDPOINT_URL"), "keyring.yaml",
                             rules=rules)
        (mount / version / "sealgate.yaml").write_text(text)
        shutil.copy(keyring, mount / version)
        (mount / "..new").symlink_to(version)
        (mount / "..new").rename(mount / "..data")

    class Mounted(Server):
        def __init__(self):
            self.said = store.credentials() | {"AWS_ENDPOINT_URL": f"http://{address}"}
            Gateway.__init__(self, mount, "serve", mount / "sealgate.yaml", environment=self.said)

    mount, address = tmp_path / "mount", free_address()
    written("..1", OPEN)
    for file in ["sealgate.yaml", "keyring.yaml"]:
        (mount / file).symlink_to(f"..data/{file}")
    with Mounted() as gateway:
        assert put(gateway.client(), name) is None
        for number, (version, rules, answer) in enumerate([
                ("..2", CLOSED, "AccessDenied"), ("..3", OPEN, None)], 2):
            written(version, rules)
            said = f"snapshot {number} is in force"
            eventually(lambda: said in gateway.log_text(), said)
            assert put(gateway.client(), name) == answer


def test_a_withdrawn_master_key_opens_nothing_any_more(gateway, keyring, name):
    """Also not out of a memory of keys that were unwrapped with it."""
    s3, old = gateway.client(), keyring.read_text()
    assert put(s3, name) is None
    get(s3, name)
    assert run("keyring", "init", "--id", "new", keyring.with_name("other")).returncode == 0
    new = keyring.with_name("other").read_text()
    with gateway.changing():
        put_in_place(keyring, new)
    for how in [{}, {"Range": "bytes=0-9"}]:
        assert code(s3.get_object, Bucket=BUCKET, Key=name, **how) == "InternalError"
    assert put(s3, f"{name}-new") is None
    both = new.rstrip("\n") + "\n" + old[old.index("keys:\n") + len("keys:\n"):]
    with gateway.changing():
        put_in_place(keyring, both)
    get(s3, name)
    get(s3, f"{name}-new")


# --- certificates --------------------------------------------------------------------------------


def serial(gateway, authority):
    """The number of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=authority.file)
    with socket.create_connection(endpoint(gateway.address()), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as session:
            return session.getpeercert()["serialNumber"]


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


def tls(files, more=""):
    return f"{{certificate: {files[0]}, key: {files[1]}{more}}}"


def test_a_renewed_certificate_is_shown_to_who_comes(serve, authority, name):
    files = authority.issue("server")
    gateway = serve(tls=tls(files))
    before, s3 = serial(gateway, authority), gateway.client(verify=str(authority.file))
    assert put(s3, name) is None
    with gateway.changing():
        authority.issue("server")
    assert serial(gateway, authority) != before
    get(s3, name)
    with gateway.changing():
        gateway.write(tls=tls(authority.issue("another")))
    get(gateway.client(verify=str(authority.file)), name)


def test_a_key_of_another_certificate_is_refused(serve, authority):
    files = authority.issue("server")
    gateway = serve(tls=tls(files))
    before, (_, other) = serial(gateway, authority), authority.issue("other")
    with gateway.refusing("is not the key of the certificate"):
        put_in_place(files[1], other.read_text())
    assert serial(gateway, authority) == before


# --- does not come into force --------------------------------------------------------------------


@pytest.mark.parametrize("bad, words", [
    (lambda text: text.replace("clients:", "cleints:"), ["cleints: unknown key"]),
    (lambda text: text + "}\n", ["sealgate.yaml:"]),
    (lambda text: text.replace("AWS_SECRET_ACCESS_KEY", "NOWHERE"), ["`NOWHERE` is not set"]),
    (lambda text: text.replace("keyring.yaml", "no.yaml"), ["no.yaml", "cannot be read"]),
    (lambda _: "", ["the file is empty"])])
def test_a_bad_file_is_refused_and_the_old_one_stays(gateway, name, bad, words):
    file, s3 = gateway.folder / "sealgate.yaml", gateway.client()
    good = file.read_text()
    with gateway.refusing(*words):
        put_in_place(file, bad(good))
    assert put(s3, name) is None
    with gateway.refusing(*words):
        gateway.hang_up()
    with gateway.changing():
        gateway.write(rules=CLOSED)
    assert gateway.snapshot() == 2
    assert put(s3, name) == "AccessDenied"


def test_a_missing_file_is_refused_until_it_is_back(gateway, keyring, name):
    for file in [gateway.folder / "sealgate.yaml", keyring]:
        away = file.with_name("away")
        with gateway.refusing(file.name, "cannot be read"):
            file.rename(away)
        assert put(gateway.client(), name) is None
        with gateway.changing():
            away.rename(file)


def test_a_keyring_that_others_may_read_is_refused(gateway, keyring):
    with gateway.refusing("chmod 600"):
        keyring.chmod(0o644)
    with gateway.changing():
        keyring.chmod(0o600)


@pytest.mark.parametrize("what", ["another address", "one more", "TLS", "admin", "no admin"])
def test_addresses_need_a_restart_and_nothing_else_comes_in_with_them(
        gateway, authority, name, what):
    text = gateway.text(rules=CLOSED)
    listen = f"  - address: {gateway.address()}"
    assert listen in text
    more, word = listen + f"\n  - address: {free_address()}", "listen: addresses"
    if what == "another address":
        text = text.replace(listen, f"  - address: {free_address()}")
    elif what == "one more":
        text = text.replace(listen, more)
    elif what == "TLS":
        text = text.replace(listen, f"{listen}\n    tls: {tls(authority.issue('server'))}")
    else:
        new = f"admin: {{address: {free_address()}}}" if what == "admin" else ""
        text, word = re.sub("admin: .*", new, text), "admin: the address"
    with gateway.refusing(word, "cannot change without a restart"):
        put_in_place(gateway.folder / "sealgate.yaml", text)
    assert put(gateway.client(), name) is None


def test_other_authorities_of_clients_need_a_restart(serve, authority, tmp_path):
    files, stranger = authority.issue("server"), Authority(tmp_path / "strangers", "stranger")
    gateway = serve(tls=tls(files, f", client_ca: {authority.file}"))
    for more in ["", f", client_ca: {stranger.file}"]:
        with gateway.refusing("client_ca", "cannot change without a restart"):
            gateway.write(tls=tls(files, more))
    with gateway.changing():
        authority.issue("server")
        gateway.write()


# --- goes on meanwhile ---------------------------------------------------------------------------


def test_a_request_under_way_ends_as_it_began(gateway, name):
    head = Signer(gateway.credentials()).head(
        "PUT", f"/{BUCKET}/{name}", UNSIGNED, {"expect": "100-continue"})
    with Wire(gateway.address()) as wire:
        wire.send(sized(head, b"", length=len(DATA)))
        assert wire.head().status == 100
        wire.send(DATA[:100_000])
        with gateway.changing():
            gateway.write(rules=CLOSED)
        assert put(gateway.client(), name) == "AccessDenied"
        wire.send(DATA[100_000:])
        assert wire.answer().status == 200
        again = Signer(gateway.credentials()).head("GET", f"/{BUCKET}/{name}", UNSIGNED)
        wire.send(again)
        assert wire.answer().status == 403
    with gateway.changing():
        gateway.write()
    get(gateway.client(), name)


def test_an_upload_in_parts_outlives_reloads(gateway, name):
    s3, target = gateway.client(), {"Bucket": BUCKET, "Key": name}
    upload = s3.create_multipart_upload(**target)["UploadId"]
    parts = []
    for number, data in enumerate([b"a" * (5 << 20), b"b" * 1000], 1):
        with gateway.changing():
            gateway.hang_up()
        part = s3.upload_part(**target, UploadId=upload, PartNumber=number, Body=data)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    with gateway.changing():
        gateway.write(rules=OPEN + "\n" + CLOSED)
    s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**target)["Body"].read() == b"a" * (5 << 20) + b"b" * 1000


def test_ten_reloads_under_load_fail_no_request(gateway, name):
    """Each object is read again after it was written, in whole and in part."""
    s3, numbers = gateway.client(), itertools.count()

    def work(number):
        where = {"Bucket": BUCKET, "Key": f"{name}-{number}"}
        data = b"%d" % number * 20_000
        s3.put_object(**where, Body=data)
        whole = s3.get_object(**where)["Body"].read()
        piece = s3.get_object(**where, Range="bytes=10-19")["Body"].read()
        head = s3.head_object(**where)["ContentLength"]
        assert (whole, piece, head) == (data, data[10:20], len(data))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        begun = []
        for _ in range(10):
            begun += [pool.submit(work, next(numbers)) for _ in range(25)]
            rules = f'  - {{name: rules-{len(begun)}, match: {{bucket: "*"}}}}'
            with gateway.changing():
                put_in_place(gateway.folder / "sealgate.yaml", gateway.text(rules=rules))
                gateway.hang_up()
        for done in begun:
            done.result()
    assert len(begun) * 4 == 1000 and gateway.snapshot() >= 11 and gateway.refused() == 0
