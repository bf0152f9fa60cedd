//! Posts that wait for a time.

use jiff::{SignedDuration, Timestamp};

use crate::support::eventually;
use crate::support::node::{TestNode, text};

fn soon(seconds: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds)
}

#[test]
fn a_post_that_waits_is_posted_once_when_it_is_due() {
    let mut node = TestNode::started("later");
    let due = soon(3).to_string();
    let kept = node.one(&["post", "--at", &due, "نلتقي بعد قليل"]);
    assert_eq!(
        text(&kept, "post_at").parse::<Timestamp>().unwrap().as_second(),
        due.parse::<Timestamp>().unwrap().as_second()
    );
    assert!(node.timeline().is_empty(), "it was posted before its time");
    eventually("it is posted when it is due", || node.texts() == ["نلتقي بعد قليل"]);
    eventually("it waits no longer", || node.cli(&["draft"]).is_empty());

    // What is due while the node is off is posted when it runs next, and not again after that.
    let due = soon(2);
    node.one(&["post", "--at", &due.to_string(), "See you there"]);
    node.kill();
    eventually("the time has come", || Timestamp::now() > due);
    node.start();
    eventually("it is posted now", || node.texts() == ["See you there", "نلتقي بعد قليل"]);
    eventually("it waits no longer", || node.cli(&["draft"]).is_empty());
    node.restart();
    // When the next one has been posted, whatever was due before has been looked at again.
    node.one(&["post", "--at", &soon(1).to_string(), "Done"]);
    eventually("the next one is posted", || node.texts().contains(&"Done".to_owned()));
    assert_eq!(node.texts(), ["Done", "See you there", "نلتقي بعد قليل"]);
}

#[test]
fn what_waits_can_be_moved_removed_and_posted_now() {
    let node = TestNode::started("patient");
    let far = soon(3_600).to_string();
    let keep = |words: &str| text(&node.one(&["post", "--at", &far, words]), "draft");
    let [first, second, third] = ["first", "second", "third"].map(keep);
    let moved = node.one(&["draft", "move", &first, "2d"]);
    assert!(text(&moved, "post_at").parse::<Timestamp>().unwrap() > soon(86_400));
    node.cli(&["draft", "remove", &second]);
    let waiting: Vec<_> = node.cli(&["draft"]).iter().map(|draft| text(draft, "draft")).collect();
    assert_eq!(waiting, [third.as_str(), &first], "the next one first");
    node.cli(&["draft", "post", &third]);
    assert_eq!(node.texts(), ["third"]);
    assert!(node.fails(2, &["post", "--at", "2020-01-01T00:00:00Z", "too late"]).contains("before now"));
    assert!(node.fails(2, &["draft", "move", &first, "tomorrow"]).contains("tomorrow"));
    node.one(&["post", "--draft", "not yet"]);
    let draft = text(&node.cli(&["draft"])[0], "draft");
    assert!(node.fails(1, &["draft", "move", &draft, "2d"]).contains("waits for no time"));
}
