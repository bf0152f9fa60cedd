"""toot-tooi, a client for the terminal: https://pypi.org/project/toot-tooi"""

import itertools
import os
import re
from pathlib import Path

from browser import consent
from story import ALT, ARABIC, ENGLISH, Story, eventually, write_many
from terminal import PATIENCE, Terminal

MANY = 45
# Shift and End: to the last post, from which on tooi asks for more.
END = "\x1b[1;2F"
# The line below the tabs, where the first one is shown.
FIRST = re.compile("^╸━+╺", re.MULTILINE)

story = Story()
TOOI = Path(story.world["bin"]) / "tooi"
# Pictures are drawn with halves of letters, as in a terminal that has nothing better; people are called by their names.
COMMAND = [TOOI, "--animation-level", "none", "--image-type", "halfcell", "--name-type", "display_name"]


def open_on(name):
    """tooi, of whoever has a node, with settings of its own."""
    home = story.folder / f"tooi-{name}"
    home.mkdir()
    terminal = Terminal(COMMAND, os.environ | {
        "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
    })
    terminal.owner = name
    return terminal


def log_in(terminal, name, language):
    """Goes through tooi's own way of logging in, with the address that it shows."""
    node = story.node(name)
    terminal.click("Add Instance")
    terminal.until("mastodon.social")
    terminal.press(node["http"])
    terminal.until(node["http"])
    terminal.press("\r")
    terminal.until("Found instance")
    terminal.press("\r")
    terminal.click("Add Account")
    lines = [line.strip(" │") for line in terminal.until("Authorization code").split("\n")]
    begins = next(number for number, line in enumerate(lines) if "/oauth/authorize" in line)
    url = "".join(itertools.takewhile(lambda line: not line.startswith("─"), lines[begins:]))
    code = consent(node, url, language)["code"]
    terminal.press(code)
    terminal.until(code)
    terminal.press("\r")
    terminal.until(lambda screen: "Authorization code" not in screen and node["key"] in screen)
    terminal.click(node["key"])
    terminal.until("Context Menu")


def again(terminal, what):
    """Has the timeline look for what is new, once the node has it, until that is shown. It looks once: a look that is
    broken off by the next is tooi's last."""
    def has(post):
        return what in post["text"] or what in (post["content_warning"] or "")
    eventually(f"{terminal.owner}'s node has {what!r}", lambda: any(map(has, story.ask(terminal.owner, "timeline"))))
    terminal.press(".")
    terminal.until(lambda screen: what in screen and "Loading events" not in screen)


def lands(terminal, tab, wanted):
    """Waits until a tab of its own is shown with what it should hold, and has loaded. Until then nothing may be laid over
    it: tooi looks for its line of news on whatever is on top then, and ends where there is none. The menu itself names
    timelines, and the first tab has much of what is on others. What the first tab's list hands on when it is hidden takes
    tooi back there at times: the tab is chosen again then, as people do, after which keys go to the line of tabs."""
    def fits(screen):
        if FIRST.search(screen) and re.search(f"^ +Home +.*{tab}", screen, re.MULTILINE):
            terminal.click(tab, " +Home +.*")
        is_there = "Go to" not in screen and not FIRST.search(screen)
        return is_there and "Nothing selected" not in screen and "Loading events" not in screen and wanted(screen)
    terminal.until(fits)


def go_to(terminal, key, tab, wanted):
    """Opens a timeline in a tab of its own, and waits until it shows what it should."""
    terminal.press("g")
    terminal.until("Go to")
    terminal.press(key)
    lands(terminal, tab, wanted)


def home(terminal):
    """Goes back to the first tab."""
    terminal.click("Home")
    terminal.until(lambda screen: FIRST.search(screen) and "Context Menu" in screen)


def rows(screen):
    """The lines of a timeline."""
    return re.findall(r"^\d{4}-.*?(?=│|$)", screen, re.MULTILINE)


def write(terminal, text, button="Post status"):
    """Types into the open page for writing, and sends it."""
    terminal.until("< Cancel >")
    terminal.press(text)
    terminal.until(text)
    terminal.click(f"< {button} >")
    terminal.until("< Cancel >", gone=True)


def find(terminal, what):
    """Chooses a post of the timeline, which is then shown whole beside it."""
    terminal.click(what, r"\d{4}-\d\d-\d\d [^│]*")
    terminal.until(lambda screen: re.search(f"│[^│]*{re.escape(what)}", screen))


# Who has nothing to show cannot look for what is new.
story.ask("b", "profile", "--name", "سلمى")
write_many(story, "b", [ARABIC], "ar")
write_many(story, "b", [ENGLISH], "en")
eventually("a has it", lambda: len(story.ask("a", "timeline")) == 2)

with open_on("a") as a, open_on("b") as b:
    with story.step("a logs in through the consent page, in Arabic, with tooi's own pages"):
        log_in(a, "a", "ar")
    with story.step("b logs in through the consent page"):
        log_in(b, "b", "en")
    with story.step("the home timeline shows what b writes, in Arabic and in English"):
        find(a, ENGLISH)
        find(a, ARABIC)
        a.until("0 boosts · 0 favourites · 0 replies · Public · ar")
        assert "سلمى" in a.look()
    with story.step("who has chosen no picture is shown with one"):
        assert not re.search("│ Erro", a.look()), a.look()
    with story.step("a post written on a is read on b"):
        a.press("c")
        write(a, "مرحبا من الطرفية #طرفية")
        again(b, "مرحبا من الطرفية")
        [post] = [post for post in story.ask("b", "timeline") if "الطرفية" in post["text"]]
        assert post["tags"] == ["طرفية"]
    with story.step("it is edited on a, from its source, and read on b"):
        again(a, "مرحبا من الطرفية")
        find(a, "مرحبا من الطرفية")
        a.press("e")
        a.until("Edit toot")
        a.until("مرحبا من الطرفية #طرفية")
        write(a, " مرة أخرى", "Edit status")
        eventually("b's node has it", lambda: any(
            post["text"].endswith("مرة أخرى") and post["edited_at"] for post in story.ask("b", "timeline")))
        find(b, "مرحبا من الطرفية")
        b.press("t")
        lands(b, "Thread", lambda screen: "مرة أخرى" in screen)
        home(b)
    with story.step("a post with a content warning is folded until it is opened"):
        a.press("c")
        a.until("< Cancel >")
        a.press("behind the curtain")
        a.until("behind the curtain")
        a.click("< Add content warning >")
        a.until("Content warning:")
        a.press("تحذير")
        a.until("تحذير")
        a.click("< Post status >")
        a.until("< Cancel >", gone=True)
        again(b, "تحذير")
        find(b, "تحذير")
        assert "behind the curtain" not in b.look()
        b.press("s")
        b.until("behind the curtain")
    with story.step("picture, words for it, poll and language are shown"):
        story.ask("b", "post", "picture on the wall", "--attach", story.world["picture"], "--alt", ALT, "--lang", "en")
        story.ask("b", "post", "a question", "--poll", "Tea", "قهوة", "--closes", "1h")
        again(a, "a question")
        find(a, "a question")
        a.until(lambda screen: "Tea" in screen and "قهوة" in screen)
        find(a, "picture on the wall")
        a.until(lambda screen: "Media attachment (image)" in screen and ALT in screen)
        a.press("m")
        a.until(lambda screen: "picture on the wall" not in screen)
        a.press("q")
        a.until("picture on the wall")
    with story.step("a reply makes a thread on both nodes"):
        find(b, "مرحبا من الطرفية")
        b.press("r")
        b.until("Replying to")
        write(b, "أهلا بك يا جار")
        again(a, "أهلا بك يا جار")
        find(a, "أهلا بك يا جار")
        a.press("t")
        lands(a, "Thread", lambda screen: "مرة أخرى" in screen)
        home(a)
    with story.step("a favourite, a boost and a bookmark are put"):
        find(a, ENGLISH)
        for key, shown in [("f", "· 1 favourites"), ("b", "1 boosts")]:
            a.press(key)
            a.until(shown)
        a.press("B")
        eventually("the bookmark is there", lambda: story.ask("a", "timeline", "--bookmarks"))
    with story.step("b is told of them"):
        go_to(b, "n", "Notifications", lambda screen: {"*", "B"} <= set(re.findall(r"\d\d:\d\d ([*B@>])", screen)))
        home(b)
    with story.step("they are on timelines of their own, and taken back there"):
        for key, name, back, mark in [("v", "Favourites", "f", "my_reactions"), ("b", "Bookmarks", "B", "bookmarked")]:
            go_to(a, key, name, lambda screen: len(rows(screen)) == 1 and ENGLISH in screen)
            find(a, ENGLISH)
            a.press(back)
            eventually("it is taken back", lambda mark=mark: not any(post[mark] for post in story.ask("a", "timeline")))
            home(a)
        find(a, ENGLISH)
        a.press("b")
        a.until(lambda screen: "0 boosts · 0 favourites" in screen)
    with story.step("someone's page is shown; muting, blocking and following work from there"):
        find(a, ENGLISH)
        a.press("a")
        a.until(lambda screen: "Following" in screen and "Follows you" in screen)
        for key, chip in {"m": "Muted", "f": "Following"}.items():
            had = chip in a.look()
            a.press(key)
            a.until(chip, gone=had)
            a.press(key)
            a.until(chip, gone=not had)
        a.press("q")
        a.until("(un)Mute", gone=True)
    with story.step("local, public, personal and tag timelines show what is theirs"):
        go_to(a, "l", "Local", lambda screen: "مرحبا من الطرفية" in screen and ENGLISH not in screen)
        home(a)
        go_to(a, "f", "Federated", lambda screen: ENGLISH in screen and len(rows(screen)) > 5)
        home(a)
        a.press("g")
        a.until("Go to")
        a.press("t")
        a.until("Enter hashtag")
        a.press("طرفية")
        a.until("طرفية")
        a.press("\r")
        lands(a, "#طرفية", lambda screen: "مرة أخرى" in screen and len(rows(screen)) == 1)
        home(a)
    with story.step("posts and people are searched for"):
        for what, found in {"kettle": "The kettle is on", "سلمى": story.node("b")["key"]}.items():
            a.press("/")
            a.until("/ Search")
            a.press(what)
            a.until(what)
            a.press("\r")
            a.until(lambda screen, found=found: re.search(f"< @.*\n?.*{found}", screen))
            home(a)
    with story.step("a deletion on a is gone on b"):
        a.press("c")
        write(a, "a slip of the pen")
        again(a, "a slip of the pen")
        again(b, "a slip of the pen")
        find(a, "a slip of the pen")
        a.press("d")
        a.until("Delete")
        a.press("\r")
        a.until("a slip of the pen", gone=True)
        eventually("b's node has it no more", lambda: all(
            post["text"] != "a slip of the pen" for post in story.ask("b", "timeline")))
    with story.step(f"{MANY} posts are paged through without gaps and doubles while posts come"):
        write_many(story, "b", [f"nr {turn} {ARABIC if turn % 2 else 'kettle'}" for turn in range(MANY)], "ar")
        eventually("a's node has all", lambda: sum(
            post["text"].startswith("nr ") for post in story.ask("a", "timeline", "--limit", "60")) == MANY)
        go_to(a, "h", "Home", lambda screen: f"nr {MANY - 1} " in screen)
        find(a, f"nr {MANY - 1} ")
        write_many(story, "b", ["while it is read"], "en")
        wanted = list(reversed(range(MANY)))

        def numbers():
            return [int(number) for row in rows(a.look()) for number in re.findall(r"nr (\d+) ", row)]

        def to_the_end():
            a.press(END)
            return len(numbers()) >= MANY
        eventually("all are shown", to_the_end, PATIENCE)
        assert numbers() == wanted, numbers()
        again(a, "while it is read")
    with story.step("it ends when it is told to"):
        b.press("q")
        b.until("Quit tooi?")
        b.press("\r")
        b.ended()

story.end()
