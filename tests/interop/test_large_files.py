"""Files that every tool sends in parts, and reads by ranges again."""

import hashlib
import pathlib
import random
import shutil
import subprocess
import sys

import boto3.s3.transfer
import polars
import pyarrow
import pyarrow.fs
import pyarrow.parquet
import pytest

MIB = 1 << 20
SIZE = 34 * MIB + 5


def tool(name):
    beside = pathlib.Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    return pytest.param(found, id=name, marks=pytest.mark.skipif(
        not found, reason=f"{name} is not installed"))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    file = tmp_path_factory.mktemp("large") / "file"
    file.write_bytes(random.Random(1).randbytes(SIZE))
    return file


@pytest.fixture
def back(tmp_path, file):
    """What comes back; it must be the same."""
    back = tmp_path / "back"
    yield back
    assert digest(back) == digest(file)


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def run(demo):
    def run(*command, **environment):
        done = subprocess.run(command, env=demo.environment() | environment, timeout=120, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout
    return run


@pytest.fixture
def is_in_parts(s3, bucket, name):
    """The tool did what it is tested for."""
    yield
    head = s3.head_object(Bucket=bucket, Key=name)
    assert head["ContentLength"] == SIZE and "-" in head["ETag"]
    assert s3.get_object(Bucket=bucket, Key=name, PartNumber=1)["PartsCount"] > 1


@pytest.mark.parametrize("size", [5, 8, 17])
def test_boto3_sends_parts_of_any_size(s3, bucket, name, file, back, is_in_parts, size):
    config = boto3.s3.transfer.TransferConfig(
        multipart_threshold=5 * MIB, multipart_chunksize=size * MIB, max_concurrency=10)
    s3.upload_file(str(file), bucket, name, Config=config)
    s3.download_file(bucket, name, str(back), Config=config)


@pytest.mark.parametrize("size", [5, 8, 17])
@pytest.mark.parametrize("aws", [tool("aws")])
def test_awscli_sends_parts_of_any_size(run, bucket, name, file, back, is_in_parts, aws, size,
                                        tmp_path):
    settings = tmp_path / "config"
    settings.write_text(f"[default]\ns3 =\n  multipart_chunksize = {size}MB\n"
                        "  max_concurrent_requests = 10\n")
    there = f"s3://{bucket}/{name}"
    run(aws, "s3", "cp", file, there, AWS_CONFIG_FILE=str(settings))
    run(aws, "s3", "cp", there, back, AWS_CONFIG_FILE=str(settings))


@pytest.mark.parametrize("s5cmd", [tool("s5cmd")])
def test_s5cmd_sends_parts(run, demo, bucket, name, file, back, is_in_parts, s5cmd):
    endpoint = ["--endpoint-url", demo.credentials()["AWS_ENDPOINT_URL"]]
    there = f"s3://{bucket}/{name}"
    run(s5cmd, *endpoint, "cp", "--part-size=6", "--concurrency=10", file, there)
    run(s5cmd, *endpoint, "cp", "--part-size=7", there, back)


@pytest.mark.parametrize("rclone", [tool("rclone")])
def test_rclone_sends_parts(run, demo, bucket, name, file, back, is_in_parts, rclone):
    said = demo.credentials()
    gate = {
        "RCLONE_CONFIG_GATE_TYPE": "s3", "RCLONE_CONFIG_GATE_PROVIDER": "Other",
        "RCLONE_CONFIG_GATE_ENDPOINT": said["AWS_ENDPOINT_URL"],
        "RCLONE_CONFIG_GATE_ACCESS_KEY_ID": said["AWS_ACCESS_KEY_ID"],
        "RCLONE_CONFIG_GATE_SECRET_ACCESS_KEY": said["AWS_SECRET_ACCESS_KEY"],
        "RCLONE_CONFIG_GATE_REGION": said["AWS_REGION"]}
    there = f"gate:{bucket}/{name}"
    told = run(rclone, "copyto", "-v", "--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M",
               "--s3-upload-concurrency", "10", file, there, **gate)
    assert "mismatch" not in told.lower() and "differ" not in told.lower()
    run(rclone, "copyto", "--multi-thread-streams", "4", there, back, **gate)


@pytest.mark.parametrize("s3cmd", [tool("s3cmd")])
def test_s3cmd_sends_parts(run, demo, bucket, name, file, back, is_in_parts, s3cmd, tmp_path):
    said = demo.credentials()
    host = said["AWS_ENDPOINT_URL"].removeprefix("http://")
    settings = tmp_path / "s3cfg"
    settings.write_text(
        f"[default]\naccess_key = {said['AWS_ACCESS_KEY_ID']}\n"
        f"secret_key = {said['AWS_SECRET_ACCESS_KEY']}\nhost_base = {host}\n"
        f"host_bucket = {host}\nbucket_location = {said['AWS_REGION']}\nuse_https = False\n")
    there = f"s3://{bucket}/{name}"
    for arguments in [["put", "--multipart-chunk-size-mb=15", file, there], ["get", there, back]]:
        told = run(s3cmd, "-c", settings, "--no-progress", *arguments)
        assert "MD5" not in told and "WARNING" not in told


@pytest.mark.parametrize("restic", [tool("restic")])
def test_restic_keeps_a_repository(run, demo, bucket, name, file, back, restic, tmp_path):
    repository = {
        "RESTIC_REPOSITORY": f"s3:{demo.credentials()['AWS_ENDPOINT_URL']}/{bucket}/{name}",
        "RESTIC_PASSWORD": "of the test", "RESTIC_CACHE_DIR": str(tmp_path / "cache")}
    run(restic, "init", **repository)
    run(restic, "backup", file, **repository)
    run(restic, "backup", file, **repository)
    assert "no errors were found" in run(restic, "check", "--read-data", **repository)
    run(restic, "restore", "latest", "--target", tmp_path / "restored", **repository)
    (tmp_path / "restored" / file.relative_to("/")).rename(back)
    run(restic, "forget", "latest", "--prune", **repository)
    assert "no errors were found" in run(restic, "check", **repository)


# --- columns of a table, by ranges ---------------------------------------------------------------

ROWS = 400_000


@pytest.fixture(scope="module")
def table():
    """Its columns lie some MiB apart."""
    draw = random.Random(2)
    return pyarrow.table({
        "number": range(ROWS),
        "noise": [draw.random() for _ in range(ROWS)],
        "text": [f"row {draw.randrange(ROWS)}" for _ in range(ROWS)]})


def test_pyarrow_writes_and_reads_columns(demo, bucket, name, table):
    said = demo.credentials()
    store = pyarrow.fs.S3FileSystem(
        access_key=said["AWS_ACCESS_KEY_ID"], secret_key=said["AWS_SECRET_ACCESS_KEY"],
        endpoint_override=demo.address(), scheme="http", region=said["AWS_REGION"])
    there = f"{bucket}/{name}"
    pyarrow.parquet.write_table(table, there, filesystem=store, row_group_size=ROWS // 4)
    read = pyarrow.parquet.read_table(there, filesystem=store, columns=["number", "text"])
    assert read == table.select(["number", "text"])
    assert store.get_file_info(there).size > MIB


def test_polars_writes_and_reads_columns(demo, bucket, name, table):
    said = demo.credentials()
    options = {"aws_endpoint_url": said["AWS_ENDPOINT_URL"], "aws_allow_http": "true",
               "aws_access_key_id": said["AWS_ACCESS_KEY_ID"],
               "aws_secret_access_key": said["AWS_SECRET_ACCESS_KEY"],
               "aws_region": said["AWS_REGION"]}
    there = f"s3://{bucket}/{name}"
    frame = polars.from_arrow(table)
    frame.write_parquet(there, storage_options=options, row_group_size=ROWS // 4)
    wanted = polars.scan_parquet(there, storage_options=options).select("noise")
    assert wanted.collect().equals(frame.select("noise"))
    some = polars.scan_parquet(there, storage_options=options).filter(polars.col("number") < 9)
    assert some.collect().equals(frame.head(9))
