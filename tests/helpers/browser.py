"""browser.py - a headless Chromium for tests, driven through its debugging pipe.

	import browser
	with browser.Browser("chromium", width=1400, height=900) as b:
	    b.open("page.html"); b.js("document.title"); b.audit("page"); assert not b.errors

`errors` collects exceptions of the page, messages of its console that are errors, and
every request that is not for the page's own file.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

AUDIT = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "audit.js"), encoding="utf-8").read()


def find():
    """The browser of this machine, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    return None


class Browser:
    def __init__(self, program, width=1400, height=900):
        # Chromium reads commands from file 3 and answers on file 4, each JSON text ended by NUL.
        command_read, self.command = os.pipe()
        self.answer, answer_write = os.pipe()

        def give_pipes():
            a, b = os.dup(command_read), os.dup(answer_write)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.profile = tempfile.mkdtemp(prefix="browser-", dir=os.environ.get("RECPIPE_TMP"))
        self.chrome = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--disable-gpu", "--enable-unsafe-swiftshader",
             "--user-data-dir=" + self.profile, "--window-size=%d,%d" % (width, height), "about:blank"],
            preexec_fn=give_pipes, close_fds=False, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            env=dict(os.environ, HOME=self.profile))
        os.close(command_read)
        os.close(answer_write)
        self.rest, self.number, self.session, self.errors = b"", 0, None, []
        target = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"][0]
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Runtime", "Page", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.size(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.chrome.kill()
        self.chrome.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.rest:
            piece = os.read(self.answer, 1 << 20)
            if not piece:
                sys.exit("the browser has gone")
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        answer = json.loads(text)
        method, params = answer.get("method"), answer.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details.get("text"))
        if method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append("console: " + str(params["args"]))
        if method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append("log: " + params["entry"]["text"])
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:", "blob:", "about:")):
                self.errors.append("a request: " + url)
        return answer

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.command, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer)
                return answer["result"]

    def js(self, text):
        answer = self.call("Runtime.evaluate", expression=text, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, (text, answer)
        return answer["result"].get("value")

    def size(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def dark(self, on):
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def open(self, page):
        self.call("Page.navigate", url="file://" + os.path.abspath(page))
        while self.js("document.readyState") != "complete":
            pass
        self.frame()

    def frame(self):
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def picture(self, name, whole=False):
        self.frame()
        more = {}
        if whole:
            box = self.call("Page.getLayoutMetrics")["cssContentSize"]
            more = {"captureBeyondViewport": True,
                    "clip": dict(x=0, y=0, width=box["width"], height=min(box["height"], 9000), scale=1)}
        with open(name, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", **more)["data"]))

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y, count=1):
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=count)

    def key(self, key, code=None, number=0, **more):
        text = {"text": more.pop("text")} if "text" in more else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code or key, windowsVirtualKeyCode=number, **text, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code or key, windowsVirtualKeyCode=number, **more)

    def tab(self):
        """The Tab key; what has the focus then, as text."""
        self.key("Tab", number=9)
        return self.js("(e => e === document.body ? '' : e.tagName + ' ' + (e.id || e.textContent.trim().slice(0, 40)))"
                       "(document.activeElement)")

    def audit(self, what):
        """What makes the page hard to use: colors too alike, controls without a name, a
        focus that is not seen, two elements of an id, text beyond the window."""
        self.tab()  # from here on a focus that a script sets is one of the keyboard
        found = self.js("(() => {%s; return audit(); })()" % AUDIT)
        for line in found[:12]:
            print("%s: %s" % (what, line))
        return found
