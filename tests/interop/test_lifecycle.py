"""How the gateway starts, refuses to start and ends: exit codes, files, and what it says."""

import re
import signal
import socket
import stat
import time

import botocore.exceptions
import pytest
from gateways import Demo, Server, configuration
from gateways import eventually, free_address, listens, run, secrets
from signing import UNSIGNED, Signer, sized
from wire import Wire, endpoint

OBJECT = {"Bucket": "kept", "Key": "a"}
PAIR = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "not-so-secret-" * 3}


@pytest.fixture
def own(tmp_path):
    """A demo that may be stopped and spoilt, with an object in it."""
    with Demo(tmp_path / "own") as own:
        own.client().create_bucket(Bucket="kept")
        own.client().put_object(**OBJECT, Body=b"kept")
        yield own


@pytest.fixture
def keyring(tmp_path):
    assert run("keyring", "init", tmp_path / "keyring.yaml").returncode == 0
    return tmp_path / "keyring.yaml"


@pytest.fixture
def file(tmp_path, keyring):
    """A good configuration."""
    file = tmp_path / "sealgate.yaml"
    file.write_text(configuration(free_address(), free_address(), keyring.name))
    return file


def contents(folder):
    return {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def refuses(code, *arguments, folder):
    """The lines of a refusal, which comes soon, changes no file and tells no secret."""
    before, began = contents(folder), time.monotonic()
    done = run(*arguments, env=PAIR)
    assert time.monotonic() - began < 2
    assert done.returncode == code, done.stderr
    assert contents(folder) == before
    found = secrets(folder) if before else []
    assert not any(secret in done.stdout + done.stderr for secret in [*found, *PAIR.values()])
    return done.stderr.splitlines()


# --- ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_demo_ends_at_once(own, how):
    code, seconds = own.stop(how)
    assert code == 0 and seconds < 5


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_at_once(demo, tmp_path, keyring, how):
    with Server(tmp_path / "server", demo, demo.address("BACKEND_ENDPOINT_URL"), keyring) as server:
        with Wire(server.address()):
            code, seconds = server.stop(how)
    assert code == 0 and seconds < 5


def test_an_upload_under_way_is_finished_first(own):
    head = Signer(own.credentials()).head("PUT", "/kept/late", UNSIGNED, {"expect": "100-continue"})
    with Wire(own.address()) as wire:
        wire.send(sized(head, b"", length=4))
        assert wire.head().status == 100
        own.process.send_signal(signal.SIGTERM)
        eventually(lambda: not listens(own.address()), "still listens")
        wire.send(b"late")
        assert wire.answer().status == 200
    assert own.process.wait(timeout=5) == 0
    own.start()
    assert own.client().get_object(Bucket="kept", Key="late")["Body"].read() == b"late"


# --- does not start ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["serve", "demo", "demo's store"])
def test_a_taken_port_is_named_in_one_line(demo, tmp_path, file, command):
    taken = demo.address()
    if command == "serve":
        file.write_text(re.sub(r"address: \S+", f"address: {taken}", file.read_text()))
        lines = refuses(69, "serve", file, folder=tmp_path)
    else:
        addresses = {"--listen": "127.0.0.1:0", "--backend-listen": "127.0.0.1:0"}
        addresses["--listen" if command == "demo" else "--backend-listen"] = taken
        arguments = [word for pair in addresses.items() for word in pair]
        lines = refuses(69, "demo", "--dir", tmp_path / "new", *arguments, folder=tmp_path)
    assert len(lines) == 1 and taken in lines[0]


def test_a_port_that_was_taken_since_the_first_start_is_named(own):
    own.stop()
    with socket.create_server(endpoint(own.address())):
        lines = refuses(69, "demo", "--dir", own.folder, folder=own.folder)
    assert len(lines) == 1 and own.address() in lines[0]


@pytest.mark.parametrize("command", ["serve", "check"])
def test_every_mistake_is_named_with_its_line(tmp_path, file, command):
    text = file.read_text()
    for good, bad in [("region: ", "regoin: "), ("silence: 60s", "silence: 60"),
                      ("secret_key: {env: AWS_SECRET_ACCESS_KEY}", "secret_key: hunter2hunter2"),
                      ("actions: [read,", "actions: [reed,")]:
        text = text.replace(good, bad)
    file.write_text(text)
    lines = refuses(64, command, file, folder=tmp_path)
    for mistake in ["hunter2", "reed", "silence: 60"]:
        for number, line in enumerate(text.splitlines(), 1):
            if mistake in line:
                assert any(said.startswith(f"{file}:{number}:") for said in lines), (number, lines)
    assert len(lines) == 4 and "hunter2" not in "".join(lines)


def test_what_is_no_yaml_is_named_with_its_line(tmp_path, file):
    file.write_text(file.read_text() + "}\n")
    line, = refuses(64, "check", file, folder=tmp_path)
    assert line.startswith(f"{file}:{len(file.read_text().splitlines())}:")


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_missing_configuration_is_named(tmp_path, command):
    line, = refuses(64, command, tmp_path / "none.yaml", folder=tmp_path)
    assert "none.yaml" in line


def test_a_good_configuration_is_said_to_be_good(tmp_path, file):
    done = run("check", file, env=PAIR)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(file) in done.stdout and "good" in done.stdout
    told = done.stdout + done.stderr
    assert not any(secret in told for secret in [*secrets(tmp_path), *PAIR.values()])


def test_a_missing_secret_is_named(tmp_path, file):
    done = run("check", file, env={"AWS_ACCESS_KEY_ID": "AK"})
    assert done.returncode == 64 and "AWS_SECRET_ACCESS_KEY" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["serve"], ["sing"], ["check", "a", "b"]])
def test_a_wrong_command_line_is_a_mistake_of_use(tmp_path, arguments):
    assert refuses(64, *arguments, folder=tmp_path)


# --- keyrings ------------------------------------------------------------------------------------


def test_a_new_keyring_is_its_owners_only(keyring):
    assert stat.S_IMODE(keyring.stat().st_mode) == 0o600


def test_a_keyring_is_never_overwritten(keyring):
    assert str(keyring) in refuses(73, "keyring", "init", keyring, folder=keyring.parent)[0]


def test_two_keyrings_are_never_the_same(tmp_path, keyring):
    run("keyring", "init", tmp_path / "other.yaml")
    assert secrets(tmp_path)[0] not in (tmp_path / "other.yaml").read_text()


def test_making_a_keyring_shows_no_key(tmp_path):
    done = run("keyring", "init", tmp_path / "keyring.yaml")
    assert not any(secret in done.stdout + done.stderr for secret in secrets(tmp_path))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o660])
@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_keyring_that_others_may_use_is_refused(tmp_path, file, keyring, command, mode):
    keyring.chmod(mode)
    said = "\n".join(refuses(64, command, file, folder=tmp_path))
    assert str(keyring) in said and "chmod 600" in said
    assert stat.S_IMODE(keyring.stat().st_mode) == mode


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_missing_keyring_is_named_and_not_made(tmp_path, file, keyring, command):
    keyring.rename(tmp_path / "elsewhere")
    done = run(command, file, env=PAIR)
    assert done.returncode == 64 and str(keyring) in done.stderr
    assert not keyring.exists()


@pytest.mark.parametrize("text", [
    "", "active: a\n", "active: a\nkeys:\n  - {id: a, key: c2hvcnQ=}\n", "active: b\nkeys: []\n",
    "%%%"])
def test_a_spoilt_keyring_is_refused(tmp_path, file, keyring, text):
    keyring.write_text(text)
    done = run("serve", file, env=PAIR)
    assert done.returncode == 64 and str(keyring) in done.stderr
    assert "c2hvcnQ" not in done.stderr and keyring.read_text() == text


@pytest.mark.parametrize("id", ["demo", "other"])
def test_with_another_key_an_object_stays_closed_and_whole(own, tmp_path, id):
    keyring, kept = own.folder / "keyring.yaml", own.folder.with_name("kept")
    own.stop()
    keyring.rename(kept)
    assert run("keyring", "init", "--id", id, keyring).returncode == 0
    own.start()
    wrong = secrets(own.folder)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        own.client().get_object(**OBJECT)
    told = caught.value.response
    assert (told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]) == (
        "InternalError", 500)
    assert not any(secret in str(told) for secret in wrong)
    assert not any(secret in own.log_text() for secret in wrong)
    own.stop()
    kept.replace(keyring)
    own.start()
    assert own.client().get_object(**OBJECT)["Body"].read() == b"kept"


# --- starts again --------------------------------------------------------------------------------


def test_a_second_start_keeps_what_was_edited(own):
    own.stop()
    for name in ["sealgate.yaml", "credentials.env", "keyring.yaml"]:
        with open(own.folder / name, "a") as edited:
            edited.write("# edited by hand\n")
    config = own.folder / "sealgate.yaml"
    config.write_text(config.read_text().replace("sm4 buckets", "renamed by hand"))
    before = contents(own.folder)
    own.start()
    assert own.client().get_object(**OBJECT)["Body"].read() == b"kept"
    own.client().put_object(Bucket="kept", Key="b", Body=b"new")
    assert own.client().get_object(Bucket="kept", Key="b")["Body"].read() == b"new"
    own.stop()
    assert contents(own.folder) == before


def test_a_demo_keeps_its_secrets_to_its_owner(own):
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in own.folder.iterdir()}
    assert modes["keyring.yaml"] == modes["credentials.env"] == 0o600
    assert stat.S_IMODE(own.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["keyring.yaml", "sealgate.yaml", "credentials.env"])
def test_a_demo_that_lost_a_file_makes_no_other(own, name):
    own.stop()
    kept = (own.folder / name).rename(own.folder.with_name("kept"))
    done = run("demo", "--dir", own.folder)
    assert done.returncode == 64 and name in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (own.folder / name).exists()
    kept.rename(own.folder / name)
    own.start()
    assert own.client().get_object(**OBJECT)["Body"].read() == b"kept"


def test_a_demos_configuration_is_good_for_serve(own):
    """What it says of itself: `serve` finds the pair of keys in the environment."""
    done = run("check", own.folder / "sealgate.yaml", env=own.credentials())
    assert done.returncode == 0, done.stderr
