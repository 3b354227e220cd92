"""Who may start boards by a comment, and with what."""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
import hil_command  # noqa: E402
from stand_in import StandIn  # noqa: E402

SHA = "0123456789abcdef0123456789abcdef01234567"


class HilCommandTest(unittest.TestCase):
    def setUp(self):
        self.api = StandIn()
        self.addCleanup(self.api.close)
        self.api.pull(7, "stranger:x", SHA)
        self.api.permissions = {"maintainer": "write", "reader": "read"}
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def decide(self, body, login="maintainer", association="MEMBER", pull=True, action="created"):
        issue = {"number": 7, **({"pull_request": {}} if pull else {})}
        comment = {"body": body, "user": {"login": login}, "author_association": association}
        event = {"action": action, "issue": issue, "comment": comment}
        (self.folder / "event").write_text(json.dumps(event))
        output = self.folder / "output"
        output.write_text("")
        env = {
            "GITHUB_EVENT_PATH": str(self.folder / "event"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_TOKEN": "a-token",
            "GITHUB_API_URL": self.api.base,
            "GITHUB_REPOSITORY": "o/r",
        }
        err = io.StringIO()
        with mock.patch.dict(os.environ, env), contextlib.redirect_stderr(err):
            with contextlib.redirect_stdout(io.StringIO()):
                code = hil_command.main(lambda _: None)
        self.err = err.getvalue()
        return code, output.read_text()

    def denied(self, *args, **named):
        code, output = self.decide(*args, **named)
        self.assertEqual((code, output), (1, ""))
        return self.err

    def test_a_maintainer_names_the_reviewed_commit(self):
        code, output = self.decide(f"/hil {SHA} T05 wrong_apn\r\nthanks")
        self.assertEqual((code, output), (0, f"run=true\nsha={SHA}\nfilters=T05 wrong_apn\n"))

    def test_what_is_no_command_runs_nothing_and_asks_nobody(self):
        for body in ("", "looks good", "/hill x", f"quote\n/hil {SHA}", f"> /hil {SHA}"):
            self.assertEqual(self.decide(body), (0, "run=false\n"))
        self.assertEqual(self.decide(f"/hil {SHA}", pull=False), (0, "run=false\n"))
        self.assertEqual(self.decide(f"/hil {SHA}", action="edited"), (0, "run=false\n"))
        self.assertEqual(self.api.requests, [])

    def test_strangers_and_readers_are_denied(self):
        said = self.denied(f"/hil {SHA}", login="stranger", association="CONTRIBUTOR")
        self.assertIn("no member", said)
        self.assertIn("may only read", self.denied(f"/hil {SHA}", login="reader"))
        # Somebody the server does not know as a collaborator.
        self.assertIn("404", self.denied(f"/hil {SHA}", login="former"))

    def test_a_push_after_the_review_is_not_run(self):
        self.api.pulls[0]["head"]["sha"] = "f" * 40
        self.assertIn("review it first", self.denied(f"/hil {SHA}"))

    def test_a_closed_pull_request_is_not_run(self):
        self.api.pulls[0]["state"] = "closed"
        self.assertIn("not open", self.denied(f"/hil {SHA}"))

    def test_a_branch_or_a_short_commit_is_no_consent(self):
        for commit in ("", "main", SHA[:12], "HEAD", SHA.upper()):
            self.assertIn("40 digits", self.denied(f"/hil {commit}"))

    def test_filters_are_words(self):
        for word in ("--config=/etc/x", "$(id)", "`id`", "a;b", "a'b", "*", "x" * 80):
            self.assertIn("a filter is", self.denied(f"/hil {SHA} {word}"))


if __name__ == "__main__":
    unittest.main()
