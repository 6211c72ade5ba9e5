"""`sealgate explain`: the deciding rule, why no rule before it, and what comes of the call."""

import pytest
from gateways import configuration, run
from sse import KEY, Caller, base, customer, kms, plain

RULES = """\
  - {name: strict, match: {bucket: "strict-*"}, default: {sse: kms}, missing: reject}
  - {name: logs, match: {bucket: "*", prefix: "logs/"}, protect: none}
  - {name: deletes, match: {bucket: "*", operations: [DeleteObject]}}
  - {name: all, match: {bucket: "explained*"}, allow: [kms, C], default: {key: demo}}"""


@pytest.fixture(scope="module")
def file(demo, tmp_path_factory):
    file = tmp_path_factory.mktemp("explain") / "sealgate.yaml"
    file.write_text(configuration("127.0.0.1:1", "127.0.0.1:2", demo.folder / "keyring.yaml",
                                  rules=RULES))
    return file


@pytest.fixture
def explain(demo, file, monkeypatch):
    for name, value in demo.credentials().items():
        monkeypatch.setenv(name, value)

    def explain(method, url, headers=None, *more, client="tester"):
        said = [f"--header={name}: {value}" for name, value in (headers or {}).items()]
        done = run("explain", file, method, url, f"--client={client}", *said, *more)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return explain


def test_every_rule_before_says_why_it_does_not_match(explain):
    assert explain("PUT", "/explained/a/b") == [
        "PutObject on object `a/b` of bucket `explained` by client `tester`",
        "  rule `strict` does not match: it speaks of other buckets",
        "  rule `logs` does not match: it speaks of objects under another prefix",
        "  rule `deletes` does not match: it speaks of other operations",
        "  rule `all` decides",
        "permitted: sealed here, mode AES256, cipher AES256, key `demo`",
        "unless the bucket has been set to something else with ?encryption"]


@pytest.mark.parametrize("method, url, headers, last", [
    ("PUT", "/explained/x", kms(), "permitted: sealed here, mode kms, cipher AES256, key `demo`, "
                                   "shown as `demo`"),
    ("PUT", "/explained/x?x-amz-server-side-encryption=aws:kms", {},
     "permitted: sealed here, mode kms, cipher AES256, key `demo`, shown as `demo`"),
    ("PUT", "http://explained.s3.example.com/x", customer(),
     "permitted: sealed here, mode C, cipher AES256"),
    ("PUT", "/explained/logs/x", {}, "permitted: passed on as it is"),
    ("GET", "/explained/x", {}, "permitted: objects are sealed here"),
    ("GET", "/explained?list-type=2", {}, "permitted"),
    ("PUT", "/strict-1/x", {}, "refused: 403 AccessDenied: Access Denied: rule `strict` demands "
                               "that server-side encryption is asked for."),
    ("PUT", "/strict-1/x", plain(), "refused: 403 AccessDenied: Access Denied: rule `strict` does "
                                    "not allow server-side encryption `AES256`."),
    ("PUT", "/explained/x", kms("nowhere"),
     "refused: 400 KMS.NotFoundException: Invalid keyId 'nowhere'"),
    ("PUT", "/explained/x", plain() | customer(),
     "refused: 400 InvalidArgument: Server Side Encryption with Customer provided key is "
     "incompatible with the encryption method specified"),
    ("GET", "/other/x", {}, "refused: 403 AccessDenied: Access Denied: no rule matches client "
                            "`tester` on this object of bucket `other`."),
])
def test_the_last_line_is_the_outcome(explain, method, url, headers, last):
    lines = explain(method, url, headers)
    assert last in lines[-2:]


def test_keys_of_clients_need_tls_and_are_not_repeated(explain):
    secure, insecure = (explain("PUT", "/explained/x", customer(), *more)
                        for more in [[], ["--insecure"]])
    assert secure[-1].startswith("permitted")
    assert insecure[-1].startswith("refused: 400 InvalidRequest")
    assert not [line for line in secure + insecure if base(KEY) in line]


def test_a_copy_reads_its_source(explain):
    lines = explain("PUT", "/explained/x", {"x-amz-copy-source": "/strict-1/y"})
    assert lines[-3:] == ["its source, object `y` of bucket `strict-1`, is read:",
                          "  rule `strict` decides", "permitted: objects are sealed here"]


def test_strangers_are_named_too(explain):
    lines = explain("GET", "/explained/x", client="anonymous")
    assert lines[-2:] == ["  no rule is left",
                          "refused: 403 AccessDenied: Access Denied: no rule matches an anonymous "
                          "caller on this object of bucket `explained`."]


def test_who_is_not_configured_is_a_mistake(demo, file, monkeypatch):
    for name, value in demo.credentials().items():
        monkeypatch.setenv(name, value)
    done = run("explain", file, "GET", "/explained/x", "--client=nobody")
    assert (done.returncode, done.stderr) == (64, "--client: no client is named `nobody`\n")


CALLS = [
    ("PUT", "", {}), ("PUT", "", plain()), ("PUT", "", kms()), ("PUT", "", kms("demo-key")),
    ("PUT", "", kms("nowhere")), ("PUT", "", customer()), ("PUT", "", plain() | customer()),
    ("PUT", "", {"x-amz-server-side-encryption": "aws:kms:dsse"}), ("GET", "", plain()),
    ("PUT", "?x-amz-server-side-encryption-customer-key=x", {}),
    ("POST", "?uploads=", kms()), ("POST", "?uploads=", plain()),
]


@pytest.mark.parametrize("bucket", ["explained-1", "strict-explained"])
@pytest.mark.parametrize("method, query, headers", CALLS)
def test_what_is_explained_is_what_happens(demo, monkeypatch, bucket, method, query, headers):
    for name, value in demo.credentials().items():
        monkeypatch.setenv(name, value)
    caller = Caller(demo)
    caller.call("PUT", f"/{bucket}")
    said = [f"--header={name}: {value}" for name, value in headers.items()]
    url = f"/{bucket}/x{query}"
    told = run("explain", demo.folder / "sealgate.yaml", method, url, "--client=demo", *said)
    answer = caller.call(method, url, headers, b"hello" if method == "PUT" else b"")
    refused = [line for line in told.stdout.splitlines() if line.startswith("refused: ")]
    if answer.status == 200:
        assert not refused
    else:
        assert refused[0].startswith(f"refused: {answer.status} {answer.code}: ")
