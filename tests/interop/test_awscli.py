"""aws-cli, as people type it."""

import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

AWS = pathlib.Path(sys.executable).with_name("aws")
CHUNK = 65536
SIZES = [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1]
LARGE = [3_000_001, (8 << 20) - 1]
MARK = b"plain as the day"
ODD = ["with blank", "plus+plus", "ümläut", "per%20cent", "100%", "a&b", "a=b", "quote'\"<&>",
       "semi;colon,comma", "question?mark", "#hash", "back\\slash", "star*[]{}()!", "~tilde",
       "\U0001f512", ".hidden", "trailing dot.", "@at", "a|b^c`d", "e\u0301 decomposed", "$dollar",
       "sub folder/ümläut/per%2Fcent", "/".join(["d" * 200] * 3 + ["long"])]
KEYS = ["a//b", "/", "//x//", "k" * 900, "ü" * 450, "%2F%2f", "a/../b"]


def contents(size):
    """Random bytes that would be recognised in the store."""
    data = bytearray(random.Random(size).randbytes(size))
    for at in range(0, size - len(MARK), 4096):
        data[at:at + len(MARK)] = MARK
    return bytes(data)


def write(path, data):
    """A file that is older than the whole seconds that S3 remembers, as far as sync can see."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_700_000_000, 1_700_000_000))


def plant(folder):
    """300 files, odd in name and size."""
    dice = random.Random(300)
    sizes = SIZES + LARGE
    sizes += [dice.randrange(80_000) for _ in range(300 - len(sizes))]
    for index, size in enumerate(sizes):
        name = ODD[index] if index < len(ODD) else f"{index % 7}/{ODD[index % 20]} {index}"
        write(folder / name, contents(size))


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def aws(demo):
    def aws(*arguments, fails=False, **options):
        done = subprocess.run([AWS, *arguments], env=demo.environment(), capture_output=True,
                              timeout=60, **options)
        assert (done.returncode != 0) == fails, done.stderr.decode()
        return done.stderr.decode() if fails else done.stdout.decode()

    return aws


@pytest.fixture(scope="module", params=["aes", "sm4"])
def synced(request, aws, tmp_path_factory):
    """A bucket, and the folder that was synced into it."""
    folder, bucket = tmp_path_factory.mktemp("sync") / "up", f"{request.param}-cli"
    plant(folder)
    aws("s3", "mb", f"s3://{bucket}")
    aws("s3", "sync", folder, f"s3://{bucket}/tree", "--only-show-errors")
    return bucket, folder


@pytest.fixture(scope="module")
def bucket(synced):
    return synced[0]


def test_a_synced_tree_comes_back_identical(aws, synced, tmp_path):
    bucket, folder = synced
    aws("s3", "sync", f"s3://{bucket}/tree", tmp_path, "--only-show-errors")
    assert len(tree(folder)) == 300
    assert tree(tmp_path) == tree(folder)


def test_a_second_sync_copies_nothing(aws, synced):
    bucket, folder = synced
    assert aws("s3", "sync", folder, f"s3://{bucket}/tree") == ""
    assert aws("s3", "sync", f"s3://{bucket}/tree", folder, "--size-only") == ""


def test_a_sync_with_delete_removes_what_is_gone(aws, bucket, tmp_path):
    write(tmp_path / "a b+c", b"1")
    write(tmp_path / "gone", b"2")
    aws("s3", "sync", tmp_path, f"s3://{bucket}/mirror")
    (tmp_path / "gone").unlink()
    told = aws("s3", "sync", tmp_path, f"s3://{bucket}/mirror", "--delete")
    assert told.split() == ["delete:", f"s3://{bucket}/mirror/gone"]
    assert aws("s3", "ls", f"s3://{bucket}/mirror/").split()[2:] == ["1", "a", "b+c"]


def test_listed_sizes_are_those_of_the_plaintext(aws, synced):
    bucket, folder = synced
    listed = json.loads(aws("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", "tree/",
                            "--page-size", "77"))["Contents"]
    sizes = {f"tree/{name}": len(data) for name, data in tree(folder).items()}
    assert {entry["Key"]: entry["Size"] for entry in listed} == sizes


def test_the_store_holds_no_plaintext(demo, synced):
    stored = [path for path in demo.folder.joinpath("objects").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in stored) > sum(LARGE)
    for path in stored:
        assert MARK not in path.read_bytes(), path


def test_open_py_opens_what_was_synced(demo, synced):
    bucket, folder = synced
    for name in ODD[:8] + ODD[11:13]:
        assert demo.opened(bucket, f"tree/{name}") == (folder / name).read_bytes()


def test_a_file_is_piped_up_and_down(aws, bucket):
    aws("s3", "cp", "-", f"s3://{bucket}/piped", input=b"through a pipe")
    assert aws("s3", "cp", f"s3://{bucket}/piped", "-") == "through a pipe"
    assert "piped" in aws("s3", "ls", f"s3://{bucket}")


def test_keys_that_are_no_file_names_are_kept(aws, bucket, tmp_path):
    keys = [f"odd/{key}" for key in KEYS]
    for key in keys:
        where = ["--bucket", bucket, "--key", key]
        (tmp_path / "up").write_bytes(key.encode())
        aws("s3api", "put-object", *where, "--body", tmp_path / "up")
        aws("s3api", "get-object", *where, tmp_path / "down")
        assert (tmp_path / "down").read_bytes() == key.encode()
    listed = json.loads(aws("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", "odd/"))
    sizes = {entry["Key"]: entry["Size"] for entry in listed["Contents"]}
    assert sizes == {key: len(key.encode()) for key in keys}
    aws("s3", "rm", "--recursive", f"s3://{bucket}/odd/")
    aws("s3", "ls", f"s3://{bucket}/odd/", fails=True)


def test_a_large_file_goes_up_in_parts(aws, bucket, tmp_path):
    data = bytes(range(256)) * (9 << 12)
    (tmp_path / "large").write_bytes(data)
    aws("s3", "cp", tmp_path / "large", f"s3://{bucket}/large")
    assert f" {len(data)} large" in aws("s3", "ls", f"s3://{bucket}/large")
    aws("s3", "cp", f"s3://{bucket}/large", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


def test_a_tree_is_removed(aws, bucket):
    for name in ["a b", "ü/+", "%"]:
        aws("s3", "cp", "-", f"s3://{bucket}/remove/{name}", input=b"x")
    told = aws("s3", "rm", "--recursive", f"s3://{bucket}/remove/").splitlines()
    assert sorted(told) == [f"delete: s3://{bucket}/remove/{name}" for name in ["%", "a b", "ü/+"]]
    aws("s3", "ls", f"s3://{bucket}/remove/", fails=True)


def test_buckets_are_made_listed_and_removed(aws):
    aws("s3", "mb", "s3://made-by-cli")
    assert "made-by-cli" in aws("s3", "ls").split()
    aws("s3", "rb", "s3://made-by-cli")
    assert "made-by-cli" not in aws("s3", "ls").split()
