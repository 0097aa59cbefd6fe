import http.client
import json
import os
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import mock

from machine import aws, files, parameters, places, prepare
from machine.console import Failure

NAMES = {"settings": "/b/nodes/arm64/settings", "tls": "/b/nodes/arm64/tls", "lease": "/b/lease"}
SETTINGS = {"isEphemeral": True, "buildkit": {}, "buildkitdToml": ""}
ROLE = {"AccessKeyId": "key", "SecretAccessKey": "secret", "Token": "token"}


class Answering(BaseHTTPRequestHandler):
    """Instance metadata and Parameter Store, at one address."""

    metadata = {}
    parameters = {}
    refusal = None

    def do_PUT(self):
        self.answer(200, "session")

    def do_GET(self):
        text = self.metadata.get(self.path.removeprefix("/latest/meta-data/"))
        has_session = self.headers["x-aws-ec2-metadata-token"] == "session"
        self.answer(401 if not has_session else 404 if text is None else 200, text or "")

    def do_POST(self):
        wanted = json.loads(self.rfile.read(int(self.headers["content-length"])))["Names"]
        found = [{"Name": name, "Value": self.parameters[name]} for name in wanted if name in self.parameters]
        if self.refusal:
            self.answer(400, json.dumps({"__type": f"com.amazonaws#{self.refusal}", "message": "No."}))
        else:
            self.answer(200, json.dumps({"Parameters": found}))

    def answer(self, status, text):
        self.say(text.encode(), status)

    def say(self, body, status=200):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class AwsTest(unittest.TestCase):
    def setUp(self):
        self.server = HTTPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        address = f"127.0.0.1:{self.server.server_port}"
        connect = http.client.HTTPConnection
        folder = self.enterContext(tempfile.TemporaryDirectory())
        for place in ("NAMES", "KNOWN_SETTINGS"):
            self.enterContext(mock.patch.object(places, place, os.path.join(folder, place)))
        self.enterContext(mock.patch.object(aws, "IMDS", address))
        self.enterContext(
            mock.patch.object(aws.http.client, "HTTPSConnection", lambda _, timeout: connect(address, timeout=timeout))
        )
        aws.instance_id.cache_clear()
        files.write(places.NAMES, json.dumps(NAMES))
        Answering.refusal = None
        Answering.metadata = {
            "instance-id": "i-1",
            "placement/region": "eu-west-1",
            "iam/security-credentials/": "role",
            "iam/security-credentials/role": json.dumps(ROLE),
        }
        Answering.parameters = {
            NAMES["settings"]: json.dumps(SETTINGS),
            NAMES["tls"]: json.dumps({"ca": "", "cert": "", "key": ""}),
            NAMES["lease"]: '{"i-1": 5, "i-2": 7, "i-2 cold": 7}',
        }

    def test_an_ephemeral_node_reads_its_own_claims(self):
        read = parameters.read()
        self.assertEqual((read.lease, read.is_cold), (5, False))
        Answering.parameters[NAMES["lease"]] = '{"i-1": 5, "i-1 cold": 1}'
        read = parameters.read()
        self.assertEqual((read.lease, read.is_cold), (5, True))
        self.assertTrue(parameters.known_settings()["isEphemeral"])

    def test_any_other_node_reads_those_of_all(self):
        # Settings of older builders do not say what kind of node it is.
        settings = {name: value for name, value in SETTINGS.items() if name != "isEphemeral"}
        Answering.parameters[NAMES["settings"]] = json.dumps(settings)
        Answering.metadata.pop("instance-id")
        read = parameters.read()
        self.assertEqual((read.lease, read.is_cold), (7, False))
        self.assertFalse(parameters.known_settings()["isEphemeral"])

    def test_a_question_without_an_answer_tells_no_node_to_go_without_its_volume(self):
        wanted = parameters.read()
        self.assertFalse(prepare.is_told_cold(wanted))
        Answering.refusal = "ThrottlingException"
        self.assertFalse(prepare.is_told_cold(wanted))
        Answering.refusal = None
        Answering.parameters[NAMES["lease"]] = '{"i-1 cold": 1}'
        self.assertTrue(prepare.is_told_cold(wanted))

    def test_tells_a_refusal_from_a_failure(self):
        Answering.refusal = "ThrottlingException"
        with self.assertRaisesRegex(Failure, "400 ThrottlingException: No.") as raised:
            parameters.read()
        self.assertNotIsInstance(raised.exception, aws.Refused)
        Answering.refusal = "AccessDeniedException"
        with self.assertRaisesRegex(aws.Refused, "400 AccessDeniedException: No."):
            parameters.read()
        Answering.refusal = None
        Answering.parameters.pop(NAMES["settings"])
        with self.assertRaisesRegex(aws.Refused, "the parameter /b/nodes/arm64/settings does not exist"):
            parameters.read()
        Answering.metadata.pop("iam/security-credentials/")
        with self.assertRaisesRegex(aws.Refused, "the instance has no credentials of its role"):
            parameters.read()

    def test_what_answers_in_its_place_is_a_failure(self):
        for answer in (b"<html>captive portal</html>", b"[]", b'{"Parameters": [{}]}', b"\xff\xfe"):
            with self.subTest(answer), mock.patch.object(Answering, "do_POST", lambda self, said=answer: self.say(said)):
                with self.assertRaisesRegex(Failure, "its answer is none of Parameter Store"):
                    parameters.read()

    def test_settings_are_good_though_they_can_not_be_kept(self):
        with mock.patch.object(files, "write", side_effect=OSError(28, "No space left on device")):
            self.assertEqual(parameters.read().settings, SETTINGS)
        self.assertEqual(parameters.known_settings(), parameters.DEFAULTS)

    def test_settings_are_kept_once(self):
        parameters.read()
        with mock.patch.object(files, "write", side_effect=AssertionError):
            parameters.read()

    def test_notices_that_aws_reclaims_the_instance(self):
        self.assertIsNone(aws.spot_notice())
        for said, expected in (
            ('{"action": "terminate", "time": "2026-11-21T09:14:00Z"}', "2026-11-21T09:14:00Z"),
            ('{"action": "stop", "time": "2026-11-21T09:14:00Z"}', "2026-11-21T09:14:00Z"),
            ("no JSON", None),
            ("[]", None),
            ("{}", None),
        ):
            Answering.metadata["spot/instance-action"] = said
            with self.subTest(said):
                self.assertEqual(aws.spot_notice(), expected)
        with mock.patch.object(aws, "IMDS", "127.0.0.1:1"):
            self.assertIsNone(aws.spot_notice())


if __name__ == "__main__":
    unittest.main()
