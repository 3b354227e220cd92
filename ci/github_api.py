"""The few calls of GitHub's API that the scripts here make, with retries where they can help."""

import json
import re
import sys
import time
import urllib.error
import urllib.request

TRIES = 5
PAGES = 50


class Refused(Exception):
    """The server said no; the message says what to do. `code` is its HTTP status, if it gave one."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


class Api:
    """One server and one token. `sleep` takes seconds."""

    def __init__(self, base, token, sleep=time.sleep):
        self.base, self.token, self.sleep = base.rstrip("/"), token, sleep

    def call(self, method, path, body=None):
        """Returns the decoded answer and the address of the next page, or raises `Refused`."""
        url = path if path.startswith(self.base + "/") else self.base + path
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(1, TRIES + 1):
            request = urllib.request.Request(url, data=data, method=method)
            request.add_header("Accept", "application/vnd.github+json")
            request.add_header("X-GitHub-Api-Version", "2022-11-28")
            request.add_header("Authorization", f"Bearer {self.token}")
            if data is not None:
                request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer), self.next_page(answer.headers.get("Link"))
            except urllib.error.HTTPError as error:
                problem, wait = self.judge(error, method, path, attempt)
            except (OSError, ValueError) as error:
                problem, wait = f"{method} {path}: {error}", 2**attempt
            if attempt == TRIES:
                raise Refused(f"{problem}; gave up after {TRIES} tries")
            print(f"{problem}; trying again in {wait} s", file=sys.stderr)
            self.sleep(wait)
        raise AssertionError("the loop above ends by return or raise")

    @staticmethod
    def judge(error, method, path, attempt):
        """What is wrong and how long to wait, or raises `Refused` where waiting cannot help."""
        with error:
            text = error.read(2000).decode("utf-8", "replace")
        problem = f"{method} {path}: the server said {error.code}: {one_line(text)}"
        after = error.headers.get("Retry-After", "")
        limited = error.headers.get("X-RateLimit-Remaining") == "0"
        if error.code == 429 or error.code == 403 and (after or limited):
            return problem, min(int(after) if after.isdigit() else 2**attempt * 5, 60)
        if error.code >= 500:
            return problem, 2**attempt
        if error.code in (401, 403):
            problem += "; see the permissions of this job's token, a comment needs `pull-requests: write`"
        raise Refused(problem, error.code)

    def next_page(self, link):
        """The address in a Link header, unless it leads to another server."""
        found = re.search(r'<([^<>]+)>;\s*rel="next"', link or "")
        return found[1] if found and found[1].startswith(self.base + "/") else None

    def pages(self, path):
        """All items of a list."""
        for _ in range(PAGES):
            items, path = self.call("GET", path)
            yield from items
            if path is None:
                return


def one_line(text):
    """An answer of the server for a log: short, and with no line that a runner takes for a command."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]
