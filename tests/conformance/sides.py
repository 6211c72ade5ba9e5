"""The two that are asked: the store itself, and the gateway in front of another one of its kind."""

import datetime
import email.utils

import objects
from answers import Answer
from sending import Request, fill
from wire import Wire

NO_ETAG = '"00000000000000000000000000000000"'


class Side:
    """One of the two."""

    def __init__(self, demo, endpoint, sealed):
        self.said = demo.credentials() | {"AWS_ENDPOINT_URL": demo.credentials()[endpoint]}
        self.address, self.sealed = demo.address(endpoint), sealed
        self.s3 = demo.client(endpoint)
        objects.store(self.s3)

    def ask(self, row):
        """A row's answer and those after it, each with the row that asked for it; and the facts."""
        taken = {}
        for given in row.beside("given"):
            answer, _ = self.exchange(given, taken)
            assert answer.status < 300, (self.sealed, given.request, answer.body)
            for fact, path in (given.take or {}).items():
                taken[fact], = answer.elements()[path]
        answer, request = self.exchange(row, taken)
        then = [(after, self.exchange(after, taken)[0]) for after in row.beside("then")]
        return [(row, answer), *then], request.facts

    def exchange(self, row, taken):
        request = Request(row, self.said, self.facts(row) | taken)
        with Wire(self.address) as wire:
            wire.send(request.bytes)
            if request.is_short:
                wire.finish_sending()
            return Answer(wire.answer(request.method), self.sealed, request.sent_target()), request

    def facts(self, row):
        """What a row may quote of its object."""
        if not row.object:
            return {}
        name = fill(row.object, {"own": row.own})
        head = self.s3.head_object(Bucket=objects.BUCKET, Key=name)

        def date(days):
            then = head["LastModified"].astimezone(datetime.timezone.utc)
            then += datetime.timedelta(days=days)
            return email.utils.format_datetime(then, usegmt=True)
        return {"etag": head["ETag"], "bare": head["ETag"].strip('"'), "modified": date(0),
                "before": date(-1), "after": date(1), "other": NO_ETAG}
