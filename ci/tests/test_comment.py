"""The comment script against a stand-in for the API."""

import contextlib
import io
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
import comment  # noqa: E402
from stand_in import StandIn  # noqa: E402

SHA = "0123456789abcdef0123456789abcdef01234567"
HEAD = "stranger:feature/x"
MARKER = comment.marker("report")


class CommentTest(unittest.TestCase):
    def setUp(self):
        self.api = StandIn()
        self.addCleanup(self.api.close)
        self.api.pull(7, HEAD, SHA)
        self.waits = []
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "comment.md"

    def run_script(self, text, sha=SHA, token="a-token", which=("--head", HEAD), words=()):
        if text is not None:
            self.file.write_text(text, encoding="utf-8")
        env = {"GITHUB_API_URL": self.api.base, "GITHUB_TOKEN": token}
        out, err = io.StringIO(), io.StringIO()
        words = [*words, "--repository", "o/r", *which, "--sha", sha]
        words += ["--run-url", "https://github.example/o/r/actions/runs/1", str(self.file)]
        with mock.patch.dict(os.environ, env), contextlib.redirect_stdout(out):
            with contextlib.redirect_stderr(err):
                code = comment.main(words, self.waits.append)
        self.out, self.err = out.getvalue(), err.getvalue()
        return code

    def ours(self):
        return [c for c in self.api.comments if c["user"]["login"] == "github-actions[bot]"]

    def test_one_comment_is_created_and_then_edited(self):
        self.assertEqual(self.run_script("# first"), 0)
        self.assertIn("created the comment on #7", self.out)
        self.assertEqual(self.run_script("# second"), 0)
        self.assertIn("edited the comment on #7", self.out)
        (only,) = self.ours()
        self.assertTrue(only["body"].startswith(MARKER))
        self.assertIn("# second", only["body"])
        self.assertNotIn("# first", only["body"])
        self.assertIn(f"Run of {SHA}: [log and report](https://github.example/", only["body"])

    def test_our_comment_is_found_on_a_later_page(self):
        for number in range(7):
            self.api.comment(7, f"person-{number}", "a remark")
        self.run_script("# first")
        self.api.comment(8, "github-actions[bot]", MARKER + "of another pull request")
        self.assertEqual(self.run_script("# second"), 0)
        self.assertIn("edited", self.out)
        self.assertEqual(len(self.api.comments), 9)
        asked = [path for method, path in self.api.requests if "comments?" in path]
        self.assertTrue(any("page=3" in path for path in asked), asked)

    def test_the_marker_in_a_strangers_comment_does_not_make_it_ours(self):
        theirs = self.api.comment(7, "stranger", MARKER + "mine")
        self.assertEqual(self.run_script("# report"), 0)
        self.assertIn("created", self.out)
        self.assertEqual(theirs["body"], MARKER + "mine")

    def test_a_head_that_moved_on_gets_no_comment(self):
        self.assertEqual(self.run_script("# report", sha="f" * 40), 0)
        self.assertIn("no open pull request", self.out)
        self.assertEqual(self.api.comments, [])

    def test_a_pull_request_can_be_named_and_each_kind_has_its_comment(self):
        boards = {"which": ("--pull-request", "7"), "words": ("--kind", "boards")}
        self.run_script("# report")
        self.assertEqual(self.run_script("# boards", **boards), 0)
        self.assertIn("created the comment on #7", self.out)
        self.assertEqual(self.run_script("# boards again", **boards), 0)
        self.assertEqual(["# report" in c["body"] for c in self.ours()], [True, False])
        self.assertEqual(self.run_script("# late", sha="f" * 40, **boards), 0)
        self.assertIn("no open pull request #7", self.out)

    def test_too_long_a_report_is_cut_at_a_line_with_all_closed_and_a_link(self):
        lines = "".join(f"{n:06} > AT+CSQ € {'x' * 40}\n" for n in range(4000))
        text = f"# head\n<details><summary>AT</summary>\n\n```diff\n{lines}```\n\n</details>\n"
        self.assertEqual(self.run_script(text), 0)
        (only,) = self.ours()
        body = only["body"]
        self.assertLessEqual(len(body.encode()), comment.LIMIT)
        self.assertGreater(len(body.encode()), comment.LIMIT - 1000)
        self.assertIn("\n```\n</details>\n\n**Cut here:**", body)
        self.assertIn("[All of it](https://github.example/o/r/actions/runs/1)", body)
        self.assertEqual(body.count("```"), 2)

    def test_a_report_of_any_size_is_read_up_to_a_bound(self):
        self.assertEqual(self.run_script("y" * (3 << 20)), 0)
        self.assertLessEqual(len(self.ours()[0]["body"].encode()), comment.LIMIT)

    def test_nothing_of_a_stranger_acts(self):
        hostile = "\n".join(
            [
                "@team/security and @me, mail a@b.example",
                "![pixel](https://evil.example/p.png) [click](javascript:x) [a][b] [p](//evil.example)",
                "[b]: https://evil.example",
                "<https://evil.example> www.evil.example mailto:x@y.example",
                "<script>alert(1)</script><img src=x onerror=y><a href=//evil>z</a>",
                "<details open ontoggle=x><summary>s</summary>",
                "&#64;team &commat;team fixes #12 GH-12 o/r#12",
                "<!-- hil: report --> \u202eabc",
                "```\n```` @team\n```",
            ]
        )
        self.assertEqual(self.run_script(hostile), 0)
        body = self.ours()[0]["body"]
        body = body.removeprefix(MARKER).rsplit("\n\n<sub>", 1)[0]
        for acting in (
            r"@[\w-]", r"\]\(", r"\]\[", r"\]:", r"://", r"www\.", r"mailto:", r"&[#\w]", r"#\d",
            r"GH-\d", r"<(?!/?(details|summary)>)[\w/!?]", "\u202e",
        ):  # fmt: skip
            self.assertNotRegex(body, acting)
        # What it says stays readable.
        self.assertIn("team/security", body)
        self.assertIn("<summary>s</summary>", body)

    def test_the_layout_of_our_own_reports_survives(self):
        text = "# H\n\n| a | b |\n|---|--:|\n| `x` | **1** |\n\n```diff\n-12 < OK\n+12 > AT+S\n```"
        self.assertEqual(comment.defuse(text), text)

    def test_server_errors_and_limits_are_waited_out(self):
        self.api.failures = [
            ("GET", 502, {}),
            ("GET", 503, {}),
            ("POST", 403, {"Retry-After": "7"}),
            ("POST", 429, {}),
        ]
        self.assertEqual(self.run_script("# report"), 0)
        self.assertEqual(self.waits, [2, 4, 7, 20])
        self.assertEqual(len(self.ours()), 1)

    def test_a_server_that_stays_down_is_given_up(self):
        self.api.failures = [("GET", 500, {})] * 9
        self.assertEqual(self.run_script("# report"), 1)
        self.assertIn("gave up after 5 tries", self.err)
        self.assertEqual(len(self.api.failures), 4)

    def test_refusals_are_told_at_once(self):
        for status, said in ((403, "`pull-requests: write`"), (404, "404"), (422, "422")):
            self.api.failures = [("POST", status, {})]
            self.assertEqual(self.run_script("# report"), 1)
            self.assertIn(said, self.err)
            self.assertIn(f"planted {status}", self.err)
            # A runner takes such a line for a command.
            self.assertNotRegex(self.err, r"(?m)^::")
        self.assertEqual((self.waits, self.api.comments), ([], []))

    def test_a_comment_deleted_meanwhile_is_created_again(self):
        self.run_script("# first")
        self.api.failures = [("PATCH", 404, {})]
        self.assertEqual(self.run_script("# second"), 0)
        self.assertIn("created", self.out)

    def test_a_wrong_token_is_named_and_never_printed(self):
        self.assertEqual(self.run_script("# report", token="wrong-token"), 1)
        self.assertIn("401", self.err)
        self.assertNotIn("wrong-token", self.err)

    def test_wrong_usage(self):
        self.assertEqual(self.run_script(""), 2)
        self.assertIn("is empty", self.err)
        self.file.unlink()
        self.assertEqual(self.run_script(None), 2)
        self.assertIn("cannot read", self.err)
        self.assertEqual(self.run_script("x", token=""), 2)
        good = ["--repository", "o/r", "--head", HEAD, "--sha", SHA, "--run-url", "https://x", "f"]
        comment.arguments(good)
        for words in (["--sha", "main"], ["--repository", "o"], ["--head", "x"], ["--run-url", "a b"]):
            with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
                comment.arguments([*good, *words])
            self.assertEqual(ended.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
