# SPDX-License-Identifier: GPL-3.0-or-later
"""A DynamoDB behind HTTP (moto's), which counts its calls and can refuse them as AWS does."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import itertools
import json
import pathlib
import threading
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.dynamodb import DynamoCatalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.dynamodb_table import create
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsSettings
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

REGION = "eu-west-1"
ACCESS_DENIED = "AccessDeniedException"
THROTTLED = "ProvisionedThroughputExceededException"
ACTIONS = {"TransactWriteItems": "PutItem"}


@dataclasses.dataclass
class Fault:
    """Refuse the next calls of an operation; ``reason`` is why a transaction of so many steps was cancelled."""

    operation: str
    code: str
    times: int = 1_000_000
    reason: str | None = None
    steps: int = 1

    def answer(self) -> bytes:
        """Return what AWS would say."""
        action = ACTIONS.get(self.operation, self.operation)
        said: dict[str, t.Any] = {
            ACCESS_DENIED: f"User: arn:aws:iam::123456789012:user/ann is not authorized to perform: dynamodb:{action}"
        }
        text = said.get(self.code, "The level of configured provisioned throughput for the table was exceeded.")
        body: dict[str, t.Any] = {"__type": f"com.amazonaws.dynamodb.v20120810#{self.code}", "message": text}
        if self.reason:
            others = [{"Code": "None"}] * (self.steps - 1)
            body["CancellationReasons"] = [{"Code": self.reason, "Message": "said the test"}, *others]
        return json.dumps(body).encode()


class TableServer:
    """The server. One call at a time, because moto's transactions are none when two of them meet."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.calls: collections.Counter[str] = collections.Counter()
        self.items_read = 0
        self.faults: list[Fault] = []
        self._app = DomainDispatcherApplication(create_backend_app)
        self._alone = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True)
        self._names = (f"golden-{number}" for number in itertools.count())
        self.config_file = directory / "aws-config"
        self.config_file.write_text(
            f"[default]\nregion = {REGION}\nendpoint_url = http://127.0.0.1:{self._server.server_port}\n"
            "aws_access_key_id = a\naws_secret_access_key = b\n"
        )

    @property
    def settings(self) -> AwsSettings:
        return AwsSettings(config_file=str(self.config_file))

    @property
    def client(self) -> t.Any:
        return Aws(self.settings).client("dynamodb")

    def new_table(self) -> str:
        """Make a table for a catalogue; return its name."""
        name = next(self._names)
        create(Aws(self.settings), name)
        return name

    def open(self, table: str, **options: t.Any) -> DynamoCatalogue:
        """Open a catalogue, as one more controller does."""
        return DynamoCatalogue(Aws(self.settings), table, f"dynamodb:{table}", **options)

    def url(self, table: str) -> str:
        """Return a URL that opens a table from anywhere."""
        return f"dynamodb:{table}?config_file={self.config_file}"

    def change_item(self, table: str, pk: str, sk: str, **attributes: t.Any) -> None:
        """Change an item by hand, as somebody in the console could; None removes an attribute."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        item = self.client.get_item(TableName=table, Key=key).get("Item", key)
        item = {name: value for name, value in {**item, **attributes}.items() if value is not None}
        self.client.put_item(TableName=table, Item=item)

    def _serve(self, environ: dict[str, t.Any], start_response: t.Any) -> t.Iterable[bytes]:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
        with self._alone:
            self.calls[operation] += 1
            fault = next((fault for fault in self.faults if fault.operation == operation and fault.times > 0), None)
            if fault is None:
                answer = list(self._app(environ, start_response))
                self._count(operation, answer)
                return answer
            fault.times -= 1
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
        return [fault.answer()]

    def _count(self, operation: str, answer: list[bytes]) -> None:
        if operation not in ("Query", "BatchGetItem"):
            return
        content = json.loads(b"".join(answer))
        responses = content.get("Responses", {}).values()
        self.items_read += content.get("ScannedCount", 0) + sum(len(items) for items in responses)

    @contextlib.contextmanager
    def running(self) -> t.Iterator[TableServer]:
        """Serve in a thread."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
