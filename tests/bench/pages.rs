//! What is read through the node's own door: pages of the timeline, conversations, searches, and how much is unread.

use std::path::Path;

use majlis::node::api::{NewPost, NotificationsPage, SearchQuery, TimelinePage};
use majlis::node::{Reply, Request};
use majlis_protocol::body::EntryRef;

use crate::door::Door;
use crate::homes::{Homes, discard};
use crate::table::{Table, quantile};
use crate::talk::Talk;
use crate::workload::{Dice, Workload};
use crate::{Options, Result, indexing, say};

const READS: usize = 400;
/// Posts on a page of the timeline, and pages that are read from the top down.
const PAGE: usize = 40;
const PAGES: usize = 10;
/// Posts that a search is to find.
const FOUND: usize = 20;
/// Posts of the owner that others answer and react to.
const OWN: usize = 100;
/// Words that many posts hold.
const COMMON: usize = 20;

pub fn measure(table: &mut Table, options: &Options, workload: &Workload, homes: &Homes) -> Result<()> {
    if !options.wants("index") && !options.wants("pages") {
        return Ok(());
    }
    let home = homes.copy(&homes.synced)?;
    let words = workload.common_words(COMMON);
    indexing::measure(table, options, homes, &home, &words[0])?;
    if options.wants("pages") {
        let door = Door::open(&home)?;
        let talk = prepare(&door, workload, &homes.file("talk.majlis"))?;
        timeline(table, &door, workload)?;
        threads(table, &door, &talk)?;
        searches(table, &door, workload, &words)?;
        unread(table, &door, &talk)?;
        door.close()?;
    }
    discard(&home)
}

/// Lets the owner post, and others talk.
fn prepare(door: &Door, workload: &Workload, archive: &Path) -> Result<Talk> {
    say("conversations, and what concerns the owner");
    let post = |number| NewPost { text: format!("About {}", rare(number)), ..NewPost::default() };
    let mut own = Vec::new();
    for reply in door.ask(Request::Post { posts: (0..OWN).map(post).collect() })? {
        let Reply::Posted(posted) = reply else { continue };
        let account = posted.account.parse().map_err(|_| format!("{} is no account", posted.account))?;
        let id = posted.id.parse().map_err(|_| format!("{} is no entry id", posted.id))?;
        own.push(EntryRef { account, id });
    }
    let talk = Talk::make(workload, &own, archive)?;
    let replies = door.ask(Request::Import { file: archive.to_string_lossy().into_owned() })?;
    match replies.last() {
        Some(Reply::Carried(carried)) if carried.entries == talk.entries as u64 => Ok(talk),
        other => Err(format!("{} entries were to be imported: {other:?}", talk.entries)),
    }
}

/// A word that one post holds.
fn rare(number: usize) -> String {
    format!("subject{number}")
}

fn line(table: &mut Table, figure: &str, times: &[f64], absolute: &str) {
    let measured = format!("{:.1}, {:.1} ms", quantile(times, 0.5), quantile(times, 0.99));
    let absolute = format!("{absolute}; {} times, longest {:.1} ms", times.len(), quantile(times, 1.0));
    table.note(&format!("{figure}: p50, p99"), &measured, &absolute);
}

fn posts(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| matches!(reply, Reply::Post(_))).count()
}

fn timeline(table: &mut Table, door: &Door, workload: &Workload) -> Result<()> {
    say("pages of the timeline");
    let mut read = 0;
    let times = door.times(READS, |last| {
        let before = match last.last() {
            Some(Reply::Post(post)) if read % PAGES > 0 => Some(post.id.clone()),
            _ => None,
        };
        if read > 0 && posts(last) != PAGE {
            return Err(format!("a page of {PAGE} posts has {}", posts(last)));
        }
        read += 1;
        let page = TimelinePage { limit: PAGE, before, ..TimelinePage::default() };
        Ok(Request::Timeline { page, watch: false })
    })?;
    let absolute = format!("{PAGES} pages from the top down, with conversations in them");
    line(table, &format!("page of {PAGE} posts of the timeline"), &times, &absolute);
    let mut dice = Dice(14);
    let times = door.times(READS, |_| {
        let before = Some(workload.samples[dice.below(workload.samples.len())].to_string());
        let page = TimelinePage { limit: PAGE, before, ..TimelinePage::default() };
        Ok(Request::Timeline { page, watch: false })
    })?;
    line(table, &format!("page of {PAGE} posts from any time"), &times, "plain posts of 30 days");
    Ok(())
}

fn threads(table: &mut Table, door: &Door, talk: &Talk) -> Result<()> {
    say("conversations");
    for (ids, expected) in [(&talk.long, talk.posts.0), (&talk.short, talk.posts.1)] {
        let mut dice = Dice(12);
        let mut read = 0;
        let times = door.times(READS, |last| {
            if read > 0 && posts(last) != expected {
                return Err(format!("a conversation of {expected} posts has {}", posts(last)));
            }
            read += 1;
            Ok(Request::Thread { id: ids[dice.below(ids.len())].clone() })
        })?;
        let absolute = format!("of {} such, with reactions", ids.len());
        line(table, &format!("conversation of {expected} posts"), &times, &absolute);
    }
    Ok(())
}

fn searches(table: &mut Table, door: &Door, workload: &Workload, words: &[String]) -> Result<()> {
    say("searches");
    let query = |text: String| SearchQuery { text, limit: FOUND, ..SearchQuery::default() };
    // The index takes in what was said since.
    door.ask(Request::Search { query: query(words[0].clone()) })?;
    let mut dice = Dice(13);
    let mut search = |figure: &str, least: usize, make: &dyn Fn(&mut Dice) -> SearchQuery| -> Result<()> {
        let (mut read, mut found) = (0_u32, 0);
        let times = door.times(READS, |last| {
            if read > 0 && posts(last) < least {
                return Err(format!("{figure}: {} posts were found", posts(last)));
            }
            found += posts(last);
            read += 1;
            Ok(Request::Search { query: make(&mut dice) })
        })?;
        let absolute =
            format!("{:.1} posts found on average, {FOUND} wanted", found as f64 / f64::from(read - 1));
        line(table, figure, &times, &absolute);
        Ok(())
    };
    let word = |dice: &mut Dice| words[dice.below(words.len())].clone();
    search("search for a common word", FOUND, &|dice| query(word(dice)))?;
    search("search for a rare word", 1, &|dice| query(rare(dice.below(OWN))))?;
    search("search for two words by an author", 0, &|dice| {
        let text = format!("{} {}", word(dice), word(dice));
        let author = &workload.authors[dice.below(workload.authors.len())];
        SearchQuery { from: Some(author.account.to_string()), ..query(text) }
    })
}

fn unread(table: &mut Table, door: &Door, talk: &Talk) -> Result<()> {
    say("how much is unread");
    let mut counted = 0;
    let times = door.times(READS, |last| {
        for reply in last {
            if let Reply::Notifications(all) = reply {
                counted = all.unread;
            }
        }
        Ok(Request::Notifications {
            page: NotificationsPage { limit: 1, unread: true, count: true, ..Default::default() },
        })
    })?;
    if counted == 0 {
        return Err("nothing is unread".to_owned());
    }
    let absolute = format!("{} answers and reactions to {OWN} own posts; counted {counted}", talk.notices);
    line(table, "how much is unread, and the newest", &times, &absolute);
    Ok(())
}
