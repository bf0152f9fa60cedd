"""Mastodon.py: https://pypi.org/project/Mastodon.py"""

import threading
import urllib.request

from mastodon import (
    Mastodon, MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError, StreamListener,
)

from browser import consent
from story import ALT, ARABIC, ENGLISH, Story, eventually

SCOPES = ["read", "write", "follow", "push"]
REDIRECT = "http://127.0.0.1:1/callback"
# More than a page of the largest size, and two of the usual.
MANY = 48

story = Story()


def remember(answer, *_arguments, **_options):
    """Keeps what was asked last and what was answered, to be told where a step fails."""
    asked = answer.request
    body = "" if answer.headers.get("content-type") == "text/event-stream" else answer.text[:300]
    sent = asked.body if isinstance(asked.body, str) else ""
    story.last = f"{asked.method} {asked.url} {sent[:300]} → {answer.status_code} {body}"


def log_in(name, redirect, language):
    """An app that the owner of a node has consented to in a browser."""
    node = story.node(name)
    made = Mastodon.create_app(
        "مجلس Mastodon.py", scopes=SCOPES, redirect_uris=[redirect], website="https://app.example",
        api_base_url=node["http"],
    )
    app = Mastodon(*made, api_base_url=node["http"], request_timeout=30, ratelimit_method="throw",
                   version_check_mode="created")
    app.session.hooks["response"].append(remember)
    url = app.auth_request_url(redirect_uris=redirect, scopes=SCOPES, state="a state & more", allow_http=True)
    given = consent(node, url, language)
    if redirect == REDIRECT:
        assert given["location"].startswith(REDIRECT + "?") and given["said"]["state"] == "a state & more", given
    app.log_in(code=given["code"], redirect_uri=redirect, scopes=SCOPES, allow_http=True)
    return app


def shows(app, post, condition=lambda _: True):
    """A post of a reader's home, as soon as it is there and as it should be."""
    def found():
        home = app.timeline_home(limit=40)
        assert post.id in [each.reblog.id if each.reblog else each.id for each in home], "it is not on the timeline"
        status = app.status(post.id)
        assert condition(status), f"it is {status}"[:300]
        return status
    return eventually(f"the post {post.id} is as it should be", found)


def gone(app, post):
    def absent():
        try:
            app.status(post.id)
        except MastodonNotFoundError:
            return post.id not in ids(app.timeline_home(limit=40))
        return False
    eventually(f"the post {post.id} is gone", absent)


def ids(posts):
    return [post.id for post in posts]


def others(posts, known):
    return [post for post in posts if post.id not in known]


with story.step("a logs in through the consent page, in Arabic, by redirect with state"):
    a = log_in("a", REDIRECT, "ar")
with story.step("b and c log in through the consent page, in English, out of band"):
    b, c = log_in("b", "urn:ietf:wg:oauth:2.0:oob", "en"), log_in("c", "urn:ietf:wg:oauth:2.0:oob", "en")
with story.step("the owner is who the node says"):
    me, you = a.account_verify_credentials(), b.account_verify_credentials()
    assert me.acct == story.node("a")["key"] and you.acct == story.node("b")["key"]
    assert me.source.privacy == "public" and a.app_verify_credentials().name == "مجلس Mastodon.py"
with story.step("the instance says what it is, in the old and the new way"):
    old, new, info = a.instance_v1(), a.instance_v2(), a.instance_nodeinfo()
    assert old.urls.streaming_api.startswith("ws://") and new.configuration.statuses.max_characters > 500
    assert info.metadata and info.software.name and a.verify_minimum_version("4.0.0")
with story.step("preferences are read"):
    assert a.preferences()["posting:default:visibility"] == "public"
with story.step("the profile is changed, and read on b with its picture"):
    changed = a.account_update_credentials(
        display_name="سلمى", note="أكتب عن البيت والقهوة", fields=[("المدينة", "عمّان")], bot=False,
        avatar=story.world["picture"], avatar_mime_type="image/png",
    )
    assert changed.display_name == "سلمى" and changed.source.note == "أكتب عن البيت والقهوة"
    eventually("b has the profile", lambda: b.account_lookup(me.acct).display_name == "سلمى")
    seen = b.account(me.id)
    assert "القهوة" in seen.note
    assert seen.fields[0].name == "المدينة" and "عمّان" in seen.fields[0].value, seen.fields

    def avatar():
        with urllib.request.urlopen(b.account(me.id).avatar, timeout=20) as answer:
            return answer.headers["content-type"] == "image/png" and answer.read()
    assert eventually("b has the picture", avatar).startswith(b"\x89PNG")

with story.step("a post with all there is, said once though sent twice"):
    media = a.media_post(story.world["picture"], "image/png", description="?", focus=(0.5, -0.5))
    media = a.media_update(media, description=ALT)
    assert a.media(media.id).url
    full = [a.status_post(
        f"{ARABIC} #مجلس #Majlis https://example.org/", media_ids=[media], sensitive=True,
        spoiler_text="تحذير", visibility="unlisted", language="ar", idempotency_key="once",
    ) for _ in range(2)]
    assert full[0].id == full[1].id
    full = full[0]
with story.step("it is read on b with picture, words for it, warning, language and visibility"):
    seen = shows(b, full)
    assert (seen.spoiler_text, seen.language, seen.visibility, seen.sensitive) == ("تحذير", "ar", "unlisted", True)
    assert ARABIC in seen.content and {tag.name.lower() for tag in seen.tags} == {"مجلس", "majlis"}, seen.tags
    [picture] = seen.media_attachments
    assert (picture.type, picture.description) == ("image", ALT) and picture.blurhash, picture
    assert (picture.meta.original.width, picture.meta.original.height) == (64, 48), picture.meta
    with urllib.request.urlopen(picture.url, timeout=20) as answer:
        assert answer.headers["content-type"] == "image/png" and answer.read().startswith(b"\x89PNG")

with story.step("a poll is asked on a and answered on b"):
    asked = a.status_post("Tea or قهوة?", poll=a.make_poll(["Tea", "قهوة"], 3600, multiple=False))
    poll = shows(b, asked).poll
    assert [option.title for option in poll.options] == ["Tea", "قهوة"] and not poll.voted and not poll.expired
    voted = b.poll_vote(poll, 1)
    assert voted.voted and voted.own_votes == [1] and b.poll(poll).options[1].votes_count == 1
    eventually("a counts the vote", lambda: a.poll(asked.poll).options[1].votes_count == 1)

with story.step("replies on both nodes make one conversation"):
    first = a.status_post(ENGLISH, language="en")
    reply = b.status_reply(shows(b, first), ARABIC, language="ar")
    assert reply.in_reply_to_id == first.id and reply.in_reply_to_account_id == me.id
    again = a.status_post("بعد العصر", in_reply_to_id=shows(a, reply))
    shows(b, again)
    there = b.status_context(reply)
    assert ids(there.ancestors) == [first.id] and ids(there.descendants) == [again.id]
    assert ids(a.status_context(first).descendants) == [reply.id, again.id]
    shows(a, first, lambda status: status.replies_count >= 1)
with story.step("an edit travels with history, source and warning"):
    edited = a.status_update(first, ARABIC, spoiler_text="edited", sensitive=True)
    assert edited.id == first.id and edited.edited_at and a.status_source(first).text == ARABIC
    seen = shows(b, first, lambda status: status.edited_at)
    assert ARABIC in seen.content and seen.spoiler_text == "edited"
    history = b.status_history(first)
    assert len(history) == 2 and ENGLISH in history[0].content and ARABIC in history[1].content
with story.step("an edit gives a picture new words"):
    a.status_update(full, f"{ARABIC} ثانية #مجلس", spoiler_text="تحذير", media_attributes=[a.generate_media_edit_attributes(full.media_attachments[0], "أوضح")])
    seen = shows(b, full, lambda status: status.edited_at)
    assert "ثانية" in seen.content and seen.media_attachments[0].description == "أوضح", seen.media_attachments
with story.step("a deletion gives the text back and travels"):
    wrong = a.status_post("a slip of the pen", language="en")
    shows(b, wrong)
    assert a.status_delete(wrong).text == "a slip of the pen"
    gone(a, wrong)
    gone(b, wrong)

with story.step("a favourite is counted where the post is from, and taken back"):
    assert b.status_favourite(again).favourited and again.id in ids(b.favourites())
    shows(a, again, lambda status: status.favourites_count == 1)
    assert [account.id for account in a.status_favourited_by(again)] == [you.id]
    assert not b.status_unfavourite(again).favourited and again.id not in ids(b.favourites())
    shows(a, again, lambda status: status.favourites_count == 0)
with story.step("a boost is a post of its own, counted and shown, and taken back"):
    boost = b.status_reblog(again)
    assert boost.reblog.id == again.id and boost.id != again.id and boost.reblog.reblogged
    shows(a, again, lambda status: status.reblogs_count == 1)
    assert [account.id for account in a.status_reblogged_by(again)] == [you.id]
    eventually("a has the boost", lambda: boost.id in ids(a.account_statuses(you)))
    assert boost.id not in ids(a.account_statuses(you, exclude_reblogs=True))
    assert not b.status_unreblog(again).reblogged
    shows(a, again, lambda status: status.reblogs_count == 0)
with story.step("a bookmark is put and taken away"):
    assert b.status_bookmark(full).bookmarked and ids(b.bookmarks()) == [full.id]
    assert not b.status_unbookmark(full).bookmarked and b.bookmarks() == []
with story.step("a post is pinned and unpinned"):
    assert a.status_pin(asked).pinned and ids(a.account_statuses(me, pinned=True)) == [asked.id]
    assert not a.status_unpin(asked).pinned and a.account_statuses(me, pinned=True) == []
with story.step("a conversation is muted and unmuted"):
    assert b.status_mute(again).muted and not b.status_unmute(again).muted
with story.step("account timelines leave out what is not wanted"):
    assert ids(b.account_statuses(me, only_media=True)) == [full.id]
    without = ids(b.account_statuses(me, exclude_replies=True))
    assert first.id in without and again.id not in without
    assert ids(b.account_statuses(me, tagged="مجلس")) == [full.id], "posts without the tag"
    assert [status.id for status in a.statuses([first.id, again.id])] == [first.id, again.id]

with story.step("a list is made, filled, read, renamed"):
    near = b.list_create("الجيران")
    b.list_accounts_add(near, [me])
    assert [account.id for account in b.list_accounts(near)] == [me.id]
    assert again.id in ids(b.timeline_list(near)) and reply.id not in ids(b.timeline_list(near))
    assert [found.title for found in b.account_lists(me)] == ["الجيران"]
    assert b.list_update(near, "Neighbours").title == "Neighbours" and b.list(near).title == "Neighbours"
    assert [found.title for found in b.lists()] == ["Neighbours"]

with story.step(f"{MANY} posts are written through the client and arrive"):
    many = [a.status_post(f"{turn} {ARABIC if turn % 2 else ENGLISH} #سلسلة", language="ar" if turn % 2 else "en")
            for turn in range(MANY)]
    shows(b, many[-1])
    wanted = [post.id for post in reversed(many)]
    eventually("b has all", lambda: len(b.fetch_remaining(b.timeline_hashtag("سلسلة", limit=40))) == MANY)
for kind, first_page in {
    "home": lambda limit: b.timeline_home(limit=limit),
    "public": lambda limit: b.timeline_public(limit=limit),
    "tag": lambda limit: b.timeline_hashtag("سلسلة", limit=limit),
    "list": lambda limit: b.timeline_list(near, limit=limit),
    "account": lambda limit: b.account_statuses(me, limit=limit),
    "local": lambda limit: a.timeline_local(limit=limit),
}.items():
    with story.step(f"pages of the {kind} timeline have no gaps and no doubles while posts come"):
        page, got, late = first_page(20), [], []
        newest = page[0].id
        while page:
            assert len(page) <= 20
            got += ids(page)
            late.append(a.status_post(f"{kind} {len(late)} #سلسلة", language="en"))
            shows(b, late[-1])
            page = a.fetch_next(page) if kind == "local" else b.fetch_next(page)
        assert len(got) == len(set(got)), "doubles"
        assert got == sorted(got, key=int, reverse=True), "out of order"
        assert [number for number in got if number in set(wanted)] == wanted, "gaps"
        assert not set(got) & set(ids(late)), "what came later is on an earlier page"
        # And forward again, from where the first page was, to what has come since.
        reader = a if kind == "local" else b
        since = reader.fetch_previous(first_page(20)) or []
        assert since == [], "there is something before the newest"
        at = {"home": reader.timeline_home, "public": reader.timeline_public, "local": reader.timeline_local}.get(kind)
        if at:
            assert ids(at(min_id=newest, limit=2)) == ids(reversed(late[:2])), "min_id gives the next ones"
            assert ids(at(since_id=newest, limit=2)) == ids(reversed(late[-2:])), "since_id gives the newest"

with story.step("what is far down on an account's page is found by what it is"):
    a.status_pin(asked)
    assert ids(a.account_statuses(me, pinned=True)) == [asked.id]
    assert ids(b.account_statuses(me, only_media=True)) == [full.id]
    a.status_unpin(asked)
with story.step("the list is emptied and removed"):
    b.list_accounts_delete(near, [me])
    assert b.list_accounts(near) == [] and b.timeline_list(near) == []
    b.list_delete(near)
    assert b.lists() == []

with story.step("c finds b by an invite and follows it"):
    [found] = c.search(story.node("b")["invite"], resolve=True, result_type="accounts").accounts
    assert found.acct == you.acct
    greeting = b.status_post(f"{ARABIC} 👋", language="ar")
    followed = c.account_follow(found)
    assert followed.following and [account.acct for account in c.account_following(c.me())] == [you.acct]
    shows(c, greeting)
    assert [account.acct for account in c.account_following(c.me())] == [you.acct]
with story.step("c follows a by its key, through b"):
    [found] = c.account_search(me.acct, resolve=True)
    assert c.account_lookup(me.acct).id == found.id
    assert c.account_follow(found).following
    shows(c, late[-1])
    eventually("c has the profile", lambda: c.account(found).display_name == "سلمى")
with story.step("followers and relationships are known on both sides"):
    third = c.me()
    assert all(known.following for known in c.account_relationships([you, me]))
    followers = eventually("b has two followers", lambda: len(found := b.account_followers(you)) == 2 and found)
    assert {account.acct for account in followers} == {me.acct, third.acct}
    [known] = b.account_relationships([account for account in followers if account.acct == third.acct])
    assert known.followed_by and not known.following
    assert b.account(you).followers_count == 2
with story.step("c stops following"):
    assert not c.account_unfollow(me).following
    assert [account.acct for account in c.account_following(third)] == [you.acct]
with story.step("people, posts and tags are found"):
    assert [account.id for account in b.account_search("سلمى")] == [me.id]
    eventually("the words are found", lambda: ids(b.search("العصر", result_type="statuses").statuses) == [again.id])
    assert [tag.name for tag in b.search("#سلسلة", result_type="hashtags").hashtags] == ["سلسلة"]
    assert b.search(again.url, resolve=True, result_type="statuses").statuses[0].id == again.id

with story.step("a mute hides, and ends"):
    assert b.account_mute(me).muting and [account.id for account in b.mutes()] == [me.id]
    assert all(post.account.id != me.id for post in b.timeline_home())
    assert not b.account_unmute(me).muting and b.mutes() == [] and any(
        post.account.id == me.id for post in b.timeline_home())
with story.step("a block hides, and ends"):
    assert c.account_block(you).blocking and [account.id for account in c.blocks()] == [you.id]
    assert all(post.account.id != you.id for post in c.timeline_home())
    assert not c.account_unblock(you).blocking and c.blocks() == []
with story.step("the owner's own note on someone stays"):
    b.account_note_set(me, "جارتي")
    assert b.account_relationships(me)[0].note == "جارتي"

with story.step("notifications come for a follow, a mention, a favourite and a boost"):
    assert me.acct in [one.account.acct for one in b.notifications(types=["follow"])]
    b.notifications_clear()
    assert b.notifications() == [] and b.notifications_unread_count().count == 0
    mention = a.status_post(f"@{you.acct} {ARABIC}", language="ar")
    assert [account.id for account in mention.mentions] == [you.id]
    a.status_favourite(reply)
    a.status_reblog(reply)
    kinds = {"mention", "favourite", "reblog"}
    eventually("b is told of all", lambda: {one.type for one in b.notifications()} >= kinds)
    told = b.notifications()
    about = {one.type: one for one in told}
    assert about["mention"].status.id == mention.id and about["favourite"].status.id == reply.id
    assert about["favourite"].account.id == me.id
    assert b.notifications_unread_count().count == len(told)
with story.step("notifications are chosen by type, and paged"):
    assert {one.type for one in b.notifications(types=["mention"])} == {"mention"}
    assert "mention" not in {one.type for one in b.notifications(exclude_types=["mention"])}
    assert b.notifications(about["mention"].id).status.id == mention.id
    page = b.notifications(limit=1)
    assert page[0].id == told[0].id and b.fetch_next(page)[0].id == told[1].id
    assert len(b.fetch_remaining(page)) == len(told)
with story.step("one notification is dismissed, then all"):
    b.notifications_dismiss(about["mention"])
    assert about["mention"].id not in ids(b.notifications()) and len(b.notifications()) == len(told) - 1
    b.notifications_clear()
    assert b.notifications() == [] and b.notifications_unread_count().count == 0

with story.step("reading positions are kept"):
    newest = b.timeline_home(limit=3)
    b.markers_set(["home", "notifications"], [newest[2].id, told[0].id])
    placed = b.markers_set("home", newest[0].id)
    assert str(placed["home"].last_read_id) == str(newest[0].id)
    kept = b.markers_get(["home", "notifications"])
    assert str(kept["home"].last_read_id) == str(newest[0].id) and kept["home"].version >= 1, kept
    assert str(kept["notifications"].last_read_id) == str(told[0].id), kept
with story.step("filters of the second kind fold and hide"):
    folded = b.create_filter_v2("المباراة", ["home", "public", "thread"], "warn",
                                keywords_attributes=[{"keyword": "المباراة", "whole_word": True}])
    assert folded.title == "المباراة" and folded.filter_action == "warn" and folded.keywords[0].keyword == "المباراة"
    hidden = b.create_filter_v2("hide", ["home"], "hide", keywords_attributes=[{"keyword": "offside"}])
    match, off = a.status_post("المباراة الليلة", language="ar"), a.status_post("That was offside", language="en")
    shows(b, match)
    eventually("b has the other", lambda: off.id in ids(b.account_statuses(me)))
    home = {post.id: post.filtered for post in b.timeline_home()}
    [result] = home[match.id]
    assert result.filter.id == folded.id and result.keyword_matches == ["المباراة"], result
    # What is to be hidden is left out, or said to be hidden.
    assert off.id not in home or home[off.id][0].filter.filter_action == "hide"
with story.step("filters are read, changed, given words and posts, and removed"):
    assert {one.id for one in b.filters_v2()} == {folded.id, hidden.id} and b.filter_v2(hidden).title == "hide"
    assert b.update_filter_v2(hidden, title="Hidden", context=["public"]).title == "Hidden"
    word = b.add_filter_keyword_v2(folded, "كرة", whole_word=False)
    assert {one.keyword for one in b.filter_keywords_v2(folded)} == {"المباراة", "كرة"}
    b.delete_filter_keyword_v2(word)
    kept = b.add_filter_status_v2(folded, again)
    assert [one.status_id for one in b.filter_statuses_v2(folded)] == [again.id]
    assert any(one.status_matches for one in next(
        post for post in b.status_context(reply).descendants if post.id == again.id).filtered), "it is not marked"
    b.delete_filter_status_v2(kept)
    for one in (folded, hidden):
        b.delete_filter_v2(one)
    assert b.filters_v2() == [] and not any(post.filtered for post in b.timeline_home())


class Listener(StreamListener):
    """Keeps what comes."""

    def __init__(self):
        self.came, self.errors, self.changed, self.beats = [], [], threading.Condition(), 0

    def on_any_event(self, name, data=None, for_stream=None):
        with self.changed:
            self.came.append((name, data, for_stream))

    def on_abort(self, err):
        self.errors.append(err)

    def on_websocket_error(self, error, for_stream=None):
        self.errors.append(error)

    def handle_heartbeat(self):
        self.beats += 1

    def heard(self, name, condition):
        """What came of this name and kind, as soon as it has."""
        def found():
            assert not self.errors, self.errors
            return next((data for got, data, _ in list(self.came) if got == name and condition(data)), None)
        return eventually(f"{name} comes", found)


def leave(handle):
    """Ends a stream of server-sent events. The client waits with that for the next beat, and nobody waits for it."""
    threading.Thread(target=handle.close, daemon=True).start()


with story.step("what happens is streamed as server-sent events to b"):
    assert b.stream_healthy()
    user = Listener()
    handle = b.stream_user(user, run_async=True, timeout=60)
    try:
        eventually("the stream is open", lambda: handle.connection is not None)
        said = a.status_post(f"@{you.acct} {ARABIC} #بث", language="ar")
        assert user.heard("update", lambda data: data.id == said.id).content == shows(b, said).content
        assert user.heard("notification", lambda data: data.type == "mention").status.id == said.id
        a.status_update(said, f"{ENGLISH} #بث")
        assert ENGLISH in user.heard("status.update", lambda data: data.id == said.id).content
        a.status_delete(said)
        user.heard("delete", lambda data: str(data) == str(said.id))
    finally:
        leave(handle)
with story.step("streams of a tag, a list, all, local and notifications alone tell what is theirs"):
    near = b.list_create("stream")
    b.list_accounts_add(near, [me])
    listeners = {name: Listener() for name in ("tag", "list", "public", "local", "notifications")}
    handles = [
        b.stream_hashtag("بث", listeners["tag"], run_async=True), b.stream_list(near, listeners["list"], run_async=True),
        b.stream_public(listeners["public"], run_async=True), b.stream_local(listeners["local"], run_async=True),
        b.stream_user_notifications(listeners["notifications"], run_async=True),
    ]
    try:
        eventually("the streams are open", lambda: all(handle.connection is not None for handle in handles))
        plain, tagged = a.status_post(ENGLISH, language="en"), a.status_post(f"@{you.acct} #بث", language="ar")
        own = b.status_post(ARABIC, language="ar")
        for name, wanted in {"tag": tagged, "list": plain, "public": plain, "local": own}.items():
            listeners[name].heard("update", lambda data, post=wanted: data.id == post.id)
        listeners["notifications"].heard("notification", lambda data: data.status.id == tagged.id)
        told = {name: {data.id for got, data, _ in listener.came if got == "update"}
                for name, listener in listeners.items()}
        assert plain.id not in told["tag"] and own.id not in told["list"] and not told["notifications"], told
        assert plain.id not in told["local"], "of another node"
    finally:
        for handle in handles:
            leave(handle)
        b.list_delete(near)
with story.step("streams share one WebSocket, with the token in a header"):
    user, tag = Listener(), Listener()
    handle = b.stream_open_websocket()
    try:
        handle.subscribe("user", user)
        subscribed = handle.subscribe("hashtag", tag, tag="بث")
        eventually("the socket is open", handle.is_receiving)
        plain, tagged = a.status_post(ENGLISH, language="en"), a.status_post(f"{ARABIC} #بث", language="ar")
        user.heard("update", lambda data: data.id == plain.id)
        user.heard("update", lambda data: data.id == tagged.id)
        tag.heard("update", lambda data: data.id == tagged.id)
        assert all(data.id != plain.id for _, data, _ in tag.came)
        subscribed.close()
        last = a.status_post("after the last #بث", language="en")
        user.heard("update", lambda data: data.id == last.id)
        assert all(data.id != last.id for _, data, _ in tag.came)
        a.status_delete(plain)
        user.heard("delete", lambda data: str(data) == str(plain.id))
    finally:
        handle.close()

with story.step("what a node of one's own has none of is empty"):
    for none in (
        b.announcements, b.conversations, b.follow_requests, b.domain_blocks, b.custom_emojis, b.scheduled_statuses,
        b.trending_tags, b.trending_statuses, b.trending_links, b.endorsements, b.featured_tags, b.followed_tags,
        b.suggestions,
    ):
        assert list(none()) == [], none.__name__
with story.step("what is asked of an account besides is answered"):
    assert list(b.account_featured_tags(me)) == []
    assert [account.acct for account in b.account_familiar_followers(me)[0].accounts] == []
with story.step("what is not there is said not to be, and what is wrong is refused"):
    for asks in (
        lambda: b.status(1), lambda: b.account(1), lambda: b.list(1), lambda: b.poll(1), lambda: b.notifications(1),
        lambda: b.account_lookup("nobody"), lambda: b.media(1), lambda: b.filter_v2(1),
    ):
        try:
            asks()
        except MastodonNotFoundError:
            continue
        raise AssertionError(f"there is something: {story.last}")
    try:
        b.status_post("", language="en")
    except MastodonAPIError as error:
        assert error.args[1] == 422, error.args
    else:
        raise AssertionError("an empty post is taken")
with story.step("a token that was given back opens nothing"):
    token = b.access_token
    b.revoke_access_token(allow_http=True)
    b.access_token = token
    try:
        b.timeline_home()
    except MastodonUnauthorizedError:
        pass
    else:
        raise AssertionError("the token still opens the node")

story.end()
