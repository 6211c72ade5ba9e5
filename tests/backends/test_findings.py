"""What `sealgate doctor` says of a store that nobody here wrote."""

from gateways import run

# Ceph 16 copies whatever the ETag of the source is.
KNOWN = {"copies onto themselves", "copies of parts"}


def test_the_doctor_has_no_other_complaints(demo, backend):
    done = run("doctor", demo.folder / "sealgate.yaml", env=demo.environment())
    lines = [line.split(None, 1) for line in done.stdout.splitlines()]
    verdicts = {text.partition(": ")[0]: verdict for verdict, text in lines}
    problems = {title for title, verdict in verdicts.items() if verdict == "problem"}
    assert problems <= KNOWN and verdicts["multipart ETags"] == "ok", done.stdout
    assert done.returncode == (1 if problems else 0)
    left = backend.list_objects_v2(Bucket="sealgate-state", Prefix="doctor/")
    assert "Contents" not in left
