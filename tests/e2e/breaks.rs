//! What breaks while much is under way: whoever carries it dies, a home gets another address, a carried connection has
//! carried all that one may.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::media::{film, same};
use crate::nat::meet;
use crate::support::cluster::await_text;
use crate::support::line::Line;
use crate::support::node::{Running, TestNode, number, text};
use crate::support::street::{
    Ports, address, at_home, at_home_with, await_neighbours, carrier, homes, is_carried, narrow, way,
};
use crate::support::wires::{Spaces, or_skip};
use crate::support::{PATIENCE, eventually, eventually_within};

/// A film on its way from one node to another: some of it has come, and more is to come.
struct Film {
    source: PathBuf,
    copy: PathBuf,
    getting: Running,
}

impl Film {
    fn under_way(from: &TestNode, to: &TestNode, bytes: u32) -> Self {
        let source = from.scratch().join("film.mp4");
        film(&source, bytes);
        let id = text(&from.one(&["post", "a film", "--attach", source.to_str().unwrap()]), "id");
        await_text(to, "a film");
        let cid = text(&to.one(&["show", &id])["attachments"][0], "cid");
        let copy = to.scratch().join("copy.mp4");
        let getting = to.background(&["media", "get", &cid, copy.to_str().unwrap()]);
        let part = to.home().join("blobs/part").join(&cid);
        // What has not come takes no room on the disk.
        eventually("some of it has come", || fs::metadata(&part).is_ok_and(|part| part.blocks() > 256));
        assert!(!copy.exists(), "nothing is left to come");
        Self { source, copy, getting }
    }

    /// Waits until it is there, whole.
    fn arrives(self, patience: Duration) {
        let came =
            self.getting.lines.find(patience, "the film is there", |line| line["media_type"].is_string());
        assert!(came.is_some(), "it was given up");
        assert!(same(&self.source, &self.copy));
    }
}

/// How many nodes carry for it.
fn carriers(node: &TestNode) -> usize {
    let addresses = node.one(&["id"])["addresses"].clone();
    addresses.as_array().unwrap().iter().filter(|way| is_carried(way.as_str().unwrap())).count()
}

#[test]
fn who_carries_dies_in_the_middle_and_another_carries_on() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("who_carries_dies_in_the_middle", made) else { return };
    let mut open = carrier(&spaces, None);
    let second = carrier(&spaces, Some(&open));
    await_neighbours(&second, 1);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    meet(&a, &b);
    // They know of the other by the table, and each has asked it to carry too.
    eventually("both are carried by both", || carriers(&a) >= 2 && carriers(&b) >= 2);
    narrow(&spaces, "router-a");
    let film = Film::under_way(&a, &b, 4_000_000);
    open.kill();
    a.post("by the other way");
    await_text(&b, "by the other way");
    b.post("and back");
    await_text(&a, "and back");
    film.arrives(PATIENCE);
    assert!(way(&b, &a).is_some_and(|way| is_carried(&way)));
    drop((a, b, second));
}

#[test]
fn the_only_carrier_dies_in_the_middle_and_another_comes() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("the_only_carrier_dies_in_the_middle", made) else { return };
    let mut open = carrier(&spaces, None);
    let mut second = carrier(&spaces, Some(&open));
    let by = [&open, &second].map(|carrier| address(carrier, "tcp"));
    // They know of it, but it is not there: nobody can have asked it before.
    second.stop();
    let arguments = ["--no-mdns", "--bootstrap", &by[0], "--bootstrap", &by[1]];
    let [a, b] = ["a", "b"].map(|name| at_home_with(&spaces, name, &arguments));
    meet(&a, &b);
    narrow(&spaces, "router-a");
    let film = Film::under_way(&a, &b, 4_000_000);
    open.kill();
    second.start();
    a.post("by the other way");
    await_text(&b, "by the other way");
    film.arrives(PATIENCE);
    assert!(way(&b, &a).is_some_and(|way| is_carried(&way)));
    drop((a, b, second));
}

/// What changes of a home.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The address of its router.
    Router,
    /// That of the machine itself.
    Machine,
}

impl Change {
    fn happens(self, spaces: &Spaces) {
        let ip = |name, arguments| spaces.ip(name, arguments).unwrap();
        match self {
            Self::Router => {
                ip("router-a", "address del 11.22.33.1/24 dev wan");
                ip("router-a", "address add 11.22.33.77/24 dev wan");
            }
            Self::Machine => {
                ip("a", "address del 10.1.0.2/24 dev eth");
                ip("a", "address add 10.1.0.77/24 dev eth");
                ip("a", "route add default via 10.1.0.1");
            }
        }
    }
}

/// A film and a post are under way from `a` to `b` when something changes at `a`, and arrive.
fn is_heard_again(change: Change, ports: Ports) {
    let made = homes([ports; 2]);
    let Some(spaces) = or_skip("a_home_that_gets_another_address", made) else { return };
    let open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    meet(&a, &b);
    let are_carried = || way(&b, &a).map(|way| is_carried(&way));
    let carried = matches!(ports, Ports::Random);
    eventually("they are joined as such routers let them", || are_carried() == Some(carried));
    narrow(&spaces, "router-a");
    let film = Film::under_way(&a, &b, 4_000_000);
    change.happens(&spaces);
    a.post("from somewhere else");
    // What went on before comes to nothing, and nobody is told so: pings that stay unanswered tell them, in most of a
    // minute; a machine at work takes longer.
    eventually_within(3 * PATIENCE, &format!("it is heard again after {change:?}"), || {
        b.texts().contains(&"from somewhere else".to_owned()).then_some(())
    });
    if matches!(change, Change::Machine) {
        // It did not wait for pings: its own address is what it knows of.
        assert!(a.log().contains("a connection ends with the address that it went from"), "{}", a.log());
    }
    film.arrives(2 * PATIENCE);
    b.post("still heard");
    await_text(&a, "still heard");
    // Who was joined directly may be carried now: the machine's socket of before holds on to its port for a while, and so
    // does a router that knows nothing of a change within the home.
    eventually("they are joined", || are_carried().is_some_and(|now| now || !carried));
    drop((a, b, open));
}

#[test]
fn a_home_that_gets_another_address_in_the_middle_is_heard_again() {
    // At the same time, each in a street of its own, as what each waits for is the same silence.
    thread::scope(|all| {
        for (change, ports) in
            [(Change::Router, Ports::Kept), (Change::Router, Ports::Random), (Change::Machine, Ports::Kept)]
        {
            all.spawn(move || is_heard_again(change, ports));
        }
    });
}

/// `a` and `b`, and between them `middle`, which leads nothing on.
fn apart() -> Result<Spaces, String> {
    let mut spaces = Spaces::new();
    spaces.add("middle")?;
    for (name, network) in [("a", "10.1.1"), ("b", "10.1.2")] {
        spaces.add(name)?;
        let end = format!("to-{name}");
        spaces.join(("middle", &end), (name, "eth"))?;
        spaces.ip("middle", &format!("address add {network}.1/24 dev {end}"))?;
        spaces.ip(name, &format!("address add {network}.2/24 dev eth"))?;
    }
    Ok(spaces)
}

#[test]
fn a_film_goes_on_when_who_has_it_comes_back_over_a_long_line() {
    let made = apart();
    let Some(spaces) = or_skip("a_film_goes_on_over_a_long_line", made) else { return };
    let [near, far] = ["10.1.1.1:4001", "10.1.2.2:4001"].map(|place| place.parse().unwrap());
    // Whoever waits for more looks for it several times before both have greeted.
    let line = Line::new(&spaces, "middle", near, far, Duration::from_millis(250));
    let mut a = spaces.node("a", &["--no-mdns"]);
    let mut b = spaces.node("b", &["--no-mdns", "--listen", "/ip4/10.1.2.2/tcp/4001"]);
    a.start();
    b.start();
    let peer = text(&b.one(&["id"]), "peer_id");
    a.cli(&["connect", &format!("/ip4/10.1.1.1/tcp/4001/p2p/{peer}")]);
    b.cli(&["follow", &a.account()]);
    let film = Film::under_way(&a, &b, 4_000_000);
    line.cut();
    film.arrives(2 * PATIENCE);
    drop((a, b));
}

#[test]
fn more_than_one_carried_connection_may_carry_comes_whole() {
    let made = homes([Ports::Random; 2]);
    let Some(spaces) = or_skip("more_than_one_carried_connection_may_carry", made) else { return };
    let open = carrier(&spaces, None);
    let [a, b] = ["a", "b"].map(|name| at_home(&spaces, name, &open));
    meet(&a, &b);
    let film = Film::under_way(&a, &b, 40_000_000);
    film.arrives(2 * PATIENCE);
    assert!(way(&b, &a).is_some_and(|way| is_carried(&way)));
    // Of 16 MiB each, so it took more than two.
    let circuits = number(&open.one(&["status"])["counts"], "net_circuits_opened");
    assert!(circuits >= 3, "{circuits} connections were carried");
    drop((a, b, open));
}
