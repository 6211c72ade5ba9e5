"""The JSON Schema of configurations takes what the gateway takes, and underlines what it refuses."""

import json

import jsonschema
import pytest
import yaml
from gateways import ROOT, run


@pytest.fixture(scope="module")
def judge():
    printed = run("check", "--schema")
    assert printed.returncode == 0
    schema = json.loads(printed.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture
def example():
    return yaml.safe_load((ROOT / "deploy/sealgate.example.yaml").read_text())


def test_whole_configurations_fit(judge, demo, example):
    for whole in [example, yaml.safe_load((demo.folder / "sealgate.yaml").read_text())]:
        assert [error.message for error in judge.iter_errors(whole)] == []


@pytest.mark.parametrize("path, value", [
    ("rules.0.protcet", "none"), ("rules.0.protect", "nobody"), ("rules.0.allow", ["SSE-C"]),
    ("rules.0.default", {"sse": "C2"}), ("rules.0.missing", True), ("rules.0.require_tls", "yes"),
    ("limits.connect", 5), ("limits.connect", "5"), ("limits.xml_body", "2MB"),
    ("backend.credentials.secret_key", "a secret in plain sight"),
    ("backend.credentials.secret_key", {"env": "A", "file": "b"}),
    ("backend.dialect", "obs"), ("cache", {}), ("listen.0.unix", "/x"), ("mode", "off"),
    ("audit", "stderr"), ("clients.0.may.0.actions", ["everything"]), ("keys.0.provider", "vault"),
])
def test_what_is_refused_is_underlined(judge, example, path, value):
    *way, last = path.split(".")
    place = example
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value
    assert list(judge.iter_errors(example)) != []


@pytest.mark.parametrize("path", [
    "listen", "backend", "backend.endpoints", "backend.credentials", "rules", "rules.0.name",
    "rules.0.match.bucket", "keys.0.provider", "clients.0.name", "state.bucket"])
def test_what_has_no_default_is_missed(judge, example, path):
    *way, last = path.split(".")
    place = example
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    del place[last]
    assert list(judge.iter_errors(example)) != []


def test_the_reference_is_what_the_types_say():
    printed = run("check", "--reference").stdout
    assert (ROOT / "config/REFERENCE.md").read_text() == printed, \
        "make it anew: sealgate check --reference > config/REFERENCE.md"
