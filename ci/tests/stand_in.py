"""A local stand-in for the part of GitHub's API that the scripts here use."""

import http.server
import json
import re
import threading
import urllib.parse


class StandIn:
    """Pull requests, comments and permissions in memory, behind HTTP on loopback.

    `failures` are answers to give instead, first to last: (method, status, headers).
    """

    PAGE = 3

    def __init__(self):
        self.pulls, self.comments, self.permissions = [], [], {}
        self.failures, self.requests = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, status, value, headers=None):
                data = json.dumps(value).encode()
                self.send_response(status)
                for name, text in (headers or {}).items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                data = json.loads(self.rfile.read(length)) if length else None
                outer.requests.append((self.command, self.path))
                for index, (method, status, headers) in enumerate(outer.failures):
                    if method == self.command:
                        del outer.failures[index]
                        return self.answer(status, {"message": f"planted {status}\n::error::x"}, headers)
                if self.headers["Authorization"] != "Bearer a-token":
                    return self.answer(401, {"message": "Bad credentials"})
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                return self.answer(*outer.route(self.command, url.path, query, data))

            do_GET = do_POST = do_PATCH = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def pull(self, number, head, sha):
        self.pulls.append({"number": number, "state": "open", "head": {"label": head, "sha": sha}})

    def comment(self, number, login, text):
        identity = 1000 + len(self.comments)
        item = {
            "id": identity,
            "issue": number,
            "user": {"login": login},
            "body": text,
            "html_url": f"https://github.example/c/{identity}",
        }
        self.comments.append(item)
        return item

    def page(self, items, path, query):
        number = int(query.get("page", 1))
        start = (number - 1) * self.PAGE
        headers = {}
        if start + self.PAGE < len(items):
            following = urllib.parse.urlencode({**query, "page": number + 1})
            headers["Link"] = f'<{self.base}{path}?{following}>; rel="next", <x>; rel="last"'
        return 200, items[start : start + self.PAGE], headers

    def route(self, method, path, query, data):
        if method == "GET" and path == "/repos/o/r/pulls":
            wanted = [p for p in self.pulls if p["head"]["label"] == query["head"]]
            return self.page(wanted, path, query)
        if found := re.fullmatch(r"/repos/o/r/pulls/(\d+)", path):
            for pull in self.pulls:
                if pull["number"] == int(found[1]):
                    return 200, pull
        if found := re.fullmatch(r"/repos/o/r/collaborators/([^/]+)/permission", path):
            if found[1] in self.permissions:
                return 200, {"permission": self.permissions[found[1]]}
        if found := re.fullmatch(r"/repos/o/r/issues/(\d+)/comments", path):
            number = int(found[1])
            if method == "POST":
                if len(data["body"]) > 65_536:
                    return 422, {"message": "Body is too long (maximum is 65536 characters)"}
                return 201, self.comment(number, "github-actions[bot]", data["body"])
            return self.page([c for c in self.comments if c["issue"] == number], path, query)
        if found := re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", path):
            for comment in self.comments:
                if comment["id"] == int(found[1]) and method == "PATCH":
                    comment["body"] = data["body"]
                    return 200, comment
        return 404, {"message": "Not Found"}
