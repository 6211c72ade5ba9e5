"""Tools that people move files with, as they come from their packages. One that is not on the
machine is skipped, and says so."""

import hashlib
import io
import pathlib
import random
import shutil
import subprocess
import sys

import minio
import pytest

NAMES = ["plain.txt", "with blank", "plus+plus", "ümlaut", "deep/er/file", "per%20cent", "a&b='c'"]
SIZES = [0, 1, 65535, 65536, 65537, 300_000, 2_000_001]


def tool(name):
    beside = pathlib.Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    return pytest.param(found, id=name, marks=pytest.mark.skipif(
        not found, reason=f"{name} is not installed"))


@pytest.fixture
def run(demo, tmp_path):
    def run(*command, **environment):
        done = subprocess.run(command, env=demo.environment() | environment, timeout=60, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout
    return run


@pytest.fixture
def folder(tmp_path):
    """Files of odd sizes and names."""
    folder = tmp_path / "there"
    for name, size in zip(NAMES, SIZES, strict=True):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(random.Random(size).randbytes(size))
    return folder


def tree(folder):
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("rclone", [tool("rclone")])
def test_rclone_copies_there_and_back_and_finds_no_difference(rclone, run, demo, bucket, folder):
    said = demo.credentials()
    remote = {
        "RCLONE_CONFIG_GATE_TYPE": "s3", "RCLONE_CONFIG_GATE_PROVIDER": "Other",
        "RCLONE_CONFIG_GATE_ENDPOINT": said["AWS_ENDPOINT_URL"],
        "RCLONE_CONFIG_GATE_ACCESS_KEY_ID": said["AWS_ACCESS_KEY_ID"],
        "RCLONE_CONFIG_GATE_SECRET_ACCESS_KEY": said["AWS_SECRET_ACCESS_KEY"],
        "RCLONE_CONFIG_GATE_REGION": said["AWS_REGION"]}
    place, back = f"gate:{bucket}/rclone", folder.with_name("back")
    told = run(rclone, "sync", folder, place, "-v", **remote)
    assert "mismatch" not in told.lower() and "differ" not in told.lower()
    again = run(rclone, "sync", folder, place, "-v", "--checksum", **remote)
    assert "Copied" not in again
    run(rclone, "check", folder, place, **remote)
    run(rclone, "check", "--download", folder, place, **remote)
    run(rclone, "sync", place, back, **remote)
    assert tree(back) == tree(folder)
    listed = run(rclone, "lsf", "-R", "--files-only", "--format", "sp", place, **remote)
    expected = {f"{size};{name}" for name, size in zip(NAMES, SIZES, strict=True)}
    assert expected <= set(listed.splitlines())
    run(rclone, "purge", place, **remote)


@pytest.mark.parametrize("s3cmd", [tool("s3cmd")])
def test_s3cmd_syncs_there_and_back_without_a_mismatch(s3cmd, run, demo, bucket, folder, tmp_path):
    said = demo.credentials()
    host = said["AWS_ENDPOINT_URL"].removeprefix("http://")
    config = tmp_path / "s3cfg"
    config.write_text(
        f"[default]\naccess_key = {said['AWS_ACCESS_KEY_ID']}\n"
        f"secret_key = {said['AWS_SECRET_ACCESS_KEY']}\nhost_base = {host}\n"
        f"host_bucket = {host}\nbucket_location = {said['AWS_REGION']}\nuse_https = False\n")
    s3 = lambda *arguments: run(s3cmd, "-c", config, "--no-progress", *arguments)
    back = folder.with_name("back")
    back.mkdir()
    told = s3("sync", f"{folder}/", f"s3://{bucket}/s3cmd/")
    assert "MD5" not in told and "WARNING" not in told
    told = s3("sync", f"s3://{bucket}/s3cmd/", f"{back}/")
    assert "MD5" not in told and "WARNING" not in told
    assert tree(back) == tree(folder)
    listed = s3("ls", "-r", f"s3://{bucket}/s3cmd/")
    assert sorted(int(line.split()[2]) for line in listed.splitlines()) == sorted(SIZES)
    url = s3("signurl", f"s3://{bucket}/s3cmd/plain.txt", "+60").strip()
    assert url.startswith("http")
    s3("rm", "-r", "--force", f"s3://{bucket}/s3cmd/")


@pytest.mark.parametrize("s5cmd", [tool("s5cmd")])
def test_s5cmd_copies_there_and_back(s5cmd, run, demo, bucket, folder):
    endpoint = ["--endpoint-url", demo.credentials()["AWS_ENDPOINT_URL"]]
    back = folder.with_name("back")
    run(s5cmd, *endpoint, "cp", f"{folder}/*", f"s3://{bucket}/s5cmd/")
    run(s5cmd, *endpoint, "cp", f"s3://{bucket}/s5cmd/*", f"{back}/")
    assert tree(back) == tree(folder)
    run(s5cmd, *endpoint, "rm", f"s3://{bucket}/s5cmd/*")


@pytest.mark.parametrize("curl", [tool("curl")])
def test_curl_signs_by_itself(curl, run, demo, bucket, folder):
    said = demo.credentials()
    url = f"{said['AWS_ENDPOINT_URL']}/{bucket}/curl/plain.txt"
    signs = ["-sS", "--fail-with-body", "--aws-sigv4", f"aws:amz:{said['AWS_REGION']}:s3", "--user",
             f"{said['AWS_ACCESS_KEY_ID']}:{said['AWS_SECRET_ACCESS_KEY']}"]
    unsigned = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    (folder / "text").write_text("by curl")
    run(curl, *signs, *unsigned, "-T", folder / "text", url)
    assert run(curl, *signs, *unsigned, url) == "by curl"
    assert run(curl, *signs, *unsigned, "-r", "3-6", url) == "curl"
    run(curl, *signs, *unsigned, "-X", "DELETE", url)


def test_minio_py_puts_stats_lists_and_presigns(demo, bucket, folder):
    said = demo.credentials()
    client = minio.Minio(
        said["AWS_ENDPOINT_URL"].removeprefix("http://"), said["AWS_ACCESS_KEY_ID"],
        said["AWS_SECRET_ACCESS_KEY"], secure=False, region=said["AWS_REGION"])
    for name, size in zip(NAMES, SIZES, strict=True):
        client.fput_object(bucket, f"minio/{name}", str(folder / name))
        assert client.stat_object(bucket, f"minio/{name}").size == size
        got = client.get_object(bucket, f"minio/{name}")
        assert got.read() == (folder / name).read_bytes()
        got.close()
    listed = {entry.object_name: entry.size
              for entry in client.list_objects(bucket, "minio/", recursive=True)}
    assert listed == {f"minio/{name}": size for name, size in zip(NAMES, SIZES, strict=True)}
    ranged = client.get_object(bucket, "minio/ümlaut", offset=65_530, length=6)
    assert ranged.read() == (folder / "ümlaut").read_bytes()[65_530:]
    assert client.presigned_get_object(bucket, "minio/plain.txt").startswith("http")
    client.put_object(bucket, "minio/stream", io.BytesIO(b"stream"), 6)
    for entry in client.list_objects(bucket, "minio/", recursive=True):
        client.remove_object(bucket, entry.object_name)
