"""The scripts that find baselines and judge over boards."""

import os
import pathlib
import subprocess
import tempfile
import unittest

CI = pathlib.Path(__file__).parent.parent


class InRepository(unittest.TestCase):
    """A repository whose branch `change` left `main` one commit before its newest."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commits = [self.commit() for _ in range(4)]
        self.git("checkout", "--quiet", "-b", "change", self.commits[2])
        self.head = self.commit()
        self.kept = self.root / "baselines"
        self.kept.mkdir()

    def git(self, *words):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            **{f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        done = subprocess.run(["git", *words], cwd=self.root, env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def commit(self):
        branch = self.git("symbolic-ref", "--short", "HEAD")
        self.git("commit", "--quiet", "--allow-empty", "-m", f"a change on {branch}")
        return self.git("rev-parse", "HEAD")

    def keep(self, commit):
        (self.kept / commit).mkdir()
        (self.kept / commit / "report.json").write_text("{}")

    def script(self, name, *words):
        words = [str(CI / name), *map(str, words)]
        return subprocess.run(words, cwd=self.root, capture_output=True, text=True)

    def find(self, *words):
        return self.script("find-baseline", *words)


class FindBaseline(InRepository):
    def test_the_newest_report_before_the_change_left_main_is_found(self):
        for commit in (self.commits[0], self.commits[1], self.commits[3]):
            self.keep(commit)
        found = self.find(self.kept, "main")
        self.assertEqual(found.stdout.strip(), str(self.kept / self.commits[1]), found.stderr)
        self.assertIn(f"baseline: report of {self.commits[1]}, 1 commits before", found.stderr)
        self.keep(self.commits[2])
        self.assertIn(self.commits[2], self.find(self.kept, "main").stdout)

    def test_on_main_itself_the_one_before_counts(self):
        self.git("checkout", "--quiet", "main")
        self.keep(self.commits[3])
        self.keep(self.commits[2])
        self.assertIn(self.commits[2], self.find(self.kept, "main").stdout)

    def test_none_is_said(self):
        found = self.find(self.kept, "main")
        self.assertEqual((found.returncode, found.stdout), (1, ""))
        self.assertIn("no baseline:", found.stderr)
        self.assertIn("no report of the 3 commits", found.stderr)
        self.assertEqual(self.find(self.root / "nowhere", "main").returncode, 1)

    def test_the_walk_is_bounded(self):
        self.keep(self.commits[0])
        self.assertEqual(self.find(self.kept, "main", 2).returncode, 1)
        self.assertEqual(self.find(self.kept, "main", 3).returncode, 0)

    def test_an_unfinished_report_is_none(self):
        (self.kept / self.commits[2]).mkdir()
        self.assertEqual(self.find(self.kept, "main").returncode, 1)

    def test_wrong_usage(self):
        self.assertEqual(self.find().returncode, 2)
        self.assertEqual(self.find(self.kept, "main", "x").returncode, 2)
        unknown = self.find(self.kept, "origin/main")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("`origin/main`", unknown.stderr)


class KeepBaseline(InRepository):
    def test_what_is_kept_is_found_and_old_ones_go(self):
        report = self.root / "report"
        report.mkdir()
        refused = self.script("keep-baseline", self.kept, report)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("no report.json", refused.stderr)
        (report / "report.json").write_text("{}")
        self.git("checkout", "--quiet", "main")
        for age, commit in enumerate(self.commits[:3]):
            self.keep(commit)
            os.utime(self.kept / commit, (1_000_000 + age, 1_000_000 + age))
        for _ in range(2):  # a second run of the same commit replaces its report
            kept = self.script("keep-baseline", self.kept, report, 3)
            self.assertEqual(kept.returncode, 0, kept.stderr)
        names = sorted(path.name for path in self.kept.iterdir())
        self.assertEqual(names, sorted(self.commits[1:]))


class Gate(unittest.TestCase):
    def gate(self, **codes):
        with tempfile.TemporaryDirectory() as folder:
            for board, code in codes.items():
                if code is not None:
                    (pathlib.Path(folder) / board).mkdir()
                    (pathlib.Path(folder) / board / "exit-code").write_text(f"{code}\n")
            words = [str(CI / "gate"), folder, *codes]
            return subprocess.run(words, capture_output=True, text=True)

    def test_all_boards_as_expected(self):
        self.assertEqual(self.gate(a=0, b=0).returncode, 0)

    def test_a_failure_is_one_whoever_else_passed(self):
        self.assertEqual(self.gate(a=0, b=1, c=3).returncode, 1)
        self.assertEqual(self.gate(a=0, b=2).returncode, 1)
        self.assertEqual(self.gate(a=0, b="0;id").returncode, 1)

    def test_a_dead_bench_blocks_nobody_but_is_no_pass(self):
        done = self.gate(a=0, b=3, c=None)
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 passed, 0 failed, 2 without verdict", done.stdout)
        self.assertEqual(self.gate(a=3, b=None).returncode, 3)


if __name__ == "__main__":
    unittest.main()
