"""What the owner does where an app asks to act for them: reads the page in a browser, types the code that
`majlis login` shows, and is led on.

    browser.py WORLD NODE URL [LANGUAGE]      prints what the page led to, as JSON
"""

import html.parser
import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request


class Page(html.parser.HTMLParser):
    """A page with a form, or with a code."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields, self.buttons, self.code, self.html = None, {}, {}, None, {}
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "html":
            self.html = attributes
        elif tag == "form":
            assert attributes["method"] == "post", attributes
            self.action = attributes["action"]
        elif tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "button":
            self.buttons[attributes["value"]] = attributes["name"]
        elif tag == "script":
            raise AssertionError("the page has a script")
        self.inside = tag == "code" and attributes.get("id") == "code"

    def handle_data(self, data):
        if self.inside:
            self.code = data

    def handle_endtag(self, _tag):
        self.inside = False


class Stays(urllib.request.HTTPRedirectHandler):
    """Where a redirection leads is looked at, and not gone to: it is the app's."""

    def redirect_request(self, *_arguments):
        return None


def fetch(url, language, form=None):
    headers = {"Accept": "text/html", "Accept-Language": language}
    data = None
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url))
        headers |= {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    request = urllib.request.Request(url, data, headers)
    try:
        return urllib.request.build_opener(Stays).open(request, timeout=20)
    except urllib.error.HTTPError as answer:
        return answer


def consent(node, url, language="en"):
    """Consents to what an app asks for with an address: the code, and the whole of what was said to the app."""
    with fetch(url, language) as answer:
        assert answer.status == 200, f"the page answers {answer.status}: {answer.read().decode()}"
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy, policy
        assert answer.headers["set-cookie"] is None, "the page sets a cookie"
        page = Page(answer.read().decode())
    assert page.html == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}, page.html
    assert page.buttons.keys() == {"allow", "deny"}, page.buttons
    shown = subprocess.run([*node["command"], "login"], capture_output=True, check=True, timeout=20).stdout
    typed = page.fields | {"code": json.loads(shown)["code"], page.buttons["allow"]: "allow"}
    with fetch(urllib.parse.urljoin(url, page.action), language, typed) as answer:
        if answer.status == 303:
            location = answer.headers["location"]
            said = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
            return {"code": said["code"], "said": said, "location": location}
        assert answer.status == 200, f"the form is answered with {answer.status}: {answer.read().decode()}"
        code = Page(answer.read().decode()).code
    assert code, "the page shows no code"
    return {"code": code, "said": {}, "location": None}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print(json.dumps(consent(json.load(file)["nodes"][sys.argv[2]], *sys.argv[3:])))
