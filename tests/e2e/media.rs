//! Files: attached, stripped of what is private, fetched piece by piece from whoever has them, and taken back.

use std::fs::{self, File};
use std::io::{Cursor, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::cluster::{Cluster, await_text};
use crate::support::node::{TestNode, number, text};
use crate::support::random::Random;
use crate::support::{eventually, eventually_within};

const SECRET: &str = "the house by the old harbour, third floor";

/// A photograph as a camera writes it: large, and with a remark in it.
fn photograph(folder: &Path) -> PathBuf {
    let picture = image::RgbImage::from_fn(1_600, 900, |x, y| image::Rgb([(x / 7) as u8, (y / 4) as u8, 90]));
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg).unwrap();
    // A comment segment right behind the start of the image.
    let remark =
        [&[0xff, 0xfe], (SECRET.len() as u16 + 2).to_be_bytes().as_slice(), SECRET.as_bytes()].concat();
    bytes.splice(2..2, remark);
    let path = folder.join("IMG_0001 at home.png");
    fs::write(&path, bytes).unwrap();
    path
}

fn boxed(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    [(body.len() as u32 + 8).to_be_bytes().as_slice(), &kind, body].concat()
}

/// A film of a second with so many bytes of pictures, which nobody can decode.
pub fn film(path: &Path, bytes: u32) {
    let mut random = Random::new(7);
    let times = [[0; 12].as_slice(), &1_000_u32.to_be_bytes(), &1_000_u32.to_be_bytes(), &[0; 80]].concat();
    let track_header =
        [[0; 76].as_slice(), &(640_u32 << 16).to_be_bytes(), &(360_u32 << 16).to_be_bytes()].concat();
    let handler = boxed(*b"hdlr", &[[0; 8].as_slice(), b"vide", &[0; 13]].concat());
    let media = boxed(*b"mdia", &[boxed(*b"mdhd", &times), handler].concat());
    let track = boxed(*b"trak", &[boxed(*b"tkhd", &track_header), media].concat());
    let head = [
        boxed(*b"ftyp", b"isom\0\0\x02\0isommp41"),
        boxed(*b"moov", &[boxed(*b"mvhd", &times), track].concat()),
        (bytes + 8).to_be_bytes().to_vec(),
        b"mdat".to_vec(),
    ];
    let mut file = File::create(path).unwrap();
    file.write_all(&head.concat()).unwrap();
    let noise = random.bytes(1 << 20);
    let mut left = bytes as usize;
    while left > 0 {
        let part = noise.len().min(left);
        // No two parts are alike.
        file.write_all(
            &(left as u64).to_be_bytes().iter().chain(&noise[8..]).copied().take(part).collect::<Vec<_>>(),
        )
        .unwrap();
        left -= part;
    }
}

fn attachment(node: &TestNode, id: &str) -> Value {
    let post = node.one(&["show", id]);
    assert_eq!(post["attachments"].as_array().unwrap().len(), 1, "{post}");
    post["attachments"][0].clone()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_picture_is_stripped_shown_and_saved_elsewhere() {
    let cluster = Cluster::started(&["author", "reader"]);
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    let photo = photograph(author.scratch());
    let posted = author.one(&["post", "صورة من البيت", "--attach", path(&photo), "--alt", "باب أزرق"]);
    assert!(!posted["removed"].as_array().unwrap().is_empty(), "{posted}");
    let id = text(&posted, "id");
    await_text(reader, "صورة من البيت");
    // Small enough to come unasked, and its preview before it.
    eventually("the picture is there", || attachment(reader, &id)["held"] == true);
    let file = attachment(reader, &id);
    assert_eq!((text(&file, "media_type"), text(&file, "alt")), ("image/jpeg".into(), "باب أزرق".into()));
    assert_eq!((number(&file, "width"), number(&file, "height")), (1_600, 900));
    assert_eq!((&file["preview"]["width"], &file["preview"]["held"]), (&640.into(), &true.into()));
    assert!(text(&file, "blurhash").len() > 6 && file["name"].is_null());
    author.post("البيت بلا صورة");
    await_text(reader, "البيت بلا صورة");
    eventually("it is found by having a picture", || {
        let found = reader.cli(&["search", "البيت", "--media"]);
        found.len() == 1 && text(&found[0], "id") == id
    });
    let saved = reader.scratch().join("saved.jpg");
    let reply = reader.one(&["media", "get", &text(&file, "cid"), path(&saved)]);
    assert_eq!(reply["media_type"], "image/jpeg");
    let (before, after) = (fs::read(&photo).unwrap(), fs::read(&saved).unwrap());
    assert_eq!(number(&file, "size"), after.len() as u64);
    assert_eq!(image::load_from_memory(&before).unwrap(), image::load_from_memory(&after).unwrap());
    for node in [author, reader] {
        assert_eq!(node.files_with(SECRET.as_bytes()), Vec::<PathBuf>::new(), "what is private was kept");
    }
    assert!(reader.fails(1, &["media", "get", &text(&file, "cid"), path(&saved)]).contains("exists already"));
    // A picture of oneself goes the same way.
    author.cli(&["profile", "--name", "نور", "--avatar", path(&photo)]);
    let avatar = author.one(&["profile"])["avatar"].clone();
    assert_eq!(avatar["cid"], file["cid"], "the same picture is the same file");
    assert!(author.fails(2, &["profile", "--header", "/etc/hostname"]).contains("not a picture"));
    author.cli(&["profile", "--avatar", ""]);
    assert!(author.one(&["profile"]).get("avatar").is_none());
}

/// BLOB-7.
#[test]
fn a_file_goes_with_the_post_that_names_it() {
    let mut cluster = Cluster::started(&["author", "reader", "late"]);
    for node in &mut cluster.nodes[1..] {
        node.stop();
        node.set("MAJLIS_STORE_ERASE_AFTER_MS", "0");
        node.start();
    }
    cluster.follow(1, 0);
    cluster.follow(2, 0);
    let nodes = &mut cluster.nodes;
    let (secret, kept) = (nodes[0].scratch().join("secret.txt"), nodes[0].scratch().join("kept.txt"));
    fs::write(&secret, format!("{SECRET}\n").repeat(2_000)).unwrap();
    fs::write(&kept, "everyone may know this\n".repeat(2_000)).unwrap();
    let id = text(&nodes[0].one(&["post", "two", "--attach", path(&secret), "--attach", path(&kept)]), "id");
    let other = text(&nodes[0].one(&["post", "one", "--attach", path(&kept)]), "id");
    for node in &nodes[1..] {
        await_text(node, "two");
        eventually("both files are there", || {
            let post = node.one(&["show", &id]);
            let files = post["attachments"].as_array().unwrap();
            files.iter().all(|file| file["held"] == true)
        });
    }
    for node in &*nodes {
        assert!(!node.files_with(SECRET.as_bytes()).is_empty(), "this test cannot find the file on the disk");
    }
    // One is away when it is taken back, and has it back from nobody.
    nodes[2].stop();
    nodes[0].cli(&["delete", &id, "--now"]);
    assert_eq!(nodes[0].files_with(SECRET.as_bytes()), Vec::<PathBuf>::new());
    eventually("the reader hides it", || nodes[1].one(&["show", &id])["deleted"] == true);
    nodes[2].start();
    eventually("the late one hides it", || nodes[2].one(&["show", &id])["deleted"] == true);
    for node in &mut nodes[1..] {
        node.restart();
        eventually("the file is gone", || node.files_with(SECRET.as_bytes()).is_empty());
    }
    // Another post names the other file.
    for node in &*nodes {
        assert_eq!(attachment(node, &other)["held"], true);
        assert!(!node.files_with(b"everyone may know this").is_empty());
        node.verify();
    }
}

/// What there is no room for: the longest unused goes, and can be had again.
#[test]
fn the_quota_takes_what_was_not_used_for_longest() {
    const SIZE: usize = 100_000;
    let mut cluster = Cluster::started(&["author", "reader"]);
    cluster.nodes[1].stop();
    cluster.nodes[1].set("MAJLIS_NODE_MEDIA_QUOTA", "300000");
    // Nothing but what is asked for is fetched, so that the order is known.
    cluster.nodes[1].set("MAJLIS_NODE_MEDIA_FETCH_BELOW", "0");
    cluster.nodes[1].start();
    cluster.follow(1, 0);
    let [author, reader] = &cluster.nodes[..] else { unreachable!() };
    let attach = |node: &TestNode, words: &str| {
        let file = node.scratch().join(format!("{words}.txt"));
        fs::write(&file, format!("{words}\n").repeat(SIZE / (words.len() + 1))).unwrap();
        text(&node.one(&["post", words, "--attach", path(&file)]), "id")
    };
    let own = attach(reader, "my own page");
    let posts: Vec<_> = ["first", "second", "third", "fourth"].map(|words| attach(author, words)).into();
    await_text(reader, "fourth");
    eventually("all posts are there", || reader.timeline().len() == 5);
    let get = |id: &str, to: &str| {
        let cid = text(&attachment(reader, id), "cid");
        reader.cli(&["media", "get", &cid, path(&reader.scratch().join(to))]);
    };
    let held = |id: &str| attachment(reader, id)["held"] == true;
    reader.cli(&["bookmark", &posts[0]]);
    for id in &posts[..3] {
        get(id, id);
        assert!(held(id));
    }
    // The first has a bookmark and stays, although it is the longest unused; one's own counts for nothing.
    get(&posts[3], "fourth");
    assert_eq!(posts.iter().map(|id| held(id)).collect::<Vec<_>>(), [true, false, true, true]);
    assert!(held(&own));
    // What has gone comes again, in the place of the next.
    get(&posts[1], "again");
    assert_eq!(posts.iter().map(|id| held(id)).collect::<Vec<_>>(), [true, true, false, true]);
    let saved = fs::read_to_string(reader.scratch().join("again")).unwrap();
    assert!(saved.starts_with("second\nsecond\n") && saved.len() > SIZE - 10);
    reader.verify();
}

/// BLOB-4, BLOB-6. The author goes away in the middle, one friend gives something else, and one is honest.
#[test]
fn a_film_comes_from_those_who_are_honest_and_there() {
    const BYTES: u32 = 200_000_000;
    let mut cluster = Cluster::started(&["author", "honest", "liar", "viewer"]);
    for (follower, followed) in [(1, 0), (2, 0), (3, 1), (3, 2), (3, 0)] {
        cluster.follow(follower, followed);
    }
    let nodes = &mut cluster.nodes;
    let source = nodes[0].scratch().join("film.mp4");
    film(&source, BYTES);
    let posted = nodes[0].one(&["post", "A film", "--attach", path(&source), "--alt", "Noise"]);
    let id = text(&posted, "id");
    let (cid, size) = {
        let file = attachment(&nodes[0], &id);
        assert_eq!((text(&file, "media_type"), number(&file, "duration_ms")), ("video/mp4".into(), 1_000));
        (text(&file, "cid"), number(&file, "size"))
    };
    for node in &nodes[1..] {
        await_text(node, "A film");
        assert_eq!(attachment(node, &id)["held"], false, "it is too large to come unasked");
    }
    for node in &nodes[1..3] {
        node.cli(&["media", "get", &cid, path(&node.scratch().join("copy.mp4"))]);
    }
    // What the liar has on its disk is not what it says.
    let lie = nodes[2].home().join("blobs/others").join(&cid);
    let lies = vec![0x55; size as usize];
    fs::write(&lie, &lies).unwrap();
    let copy = nodes[3].scratch().join("copy.mp4");
    let viewer = nodes[3].background(&["media", "get", &cid, path(&copy)]);
    let part = nodes[3].home().join("blobs/part").join(&cid);
    let fetched = || fs::metadata(&part).map_or(0, |meta| meta.blocks() * 512);
    eventually_within(crate::support::PATIENCE, "some of it is there", || {
        (fetched() > 8_000_000).then_some(())
    });
    nodes[0].kill();
    assert!(!copy.exists() && fetched() < size, "it was there before the author went away");
    let saved = viewer.lines.await_line("the film is saved", |line| line["cid"] == cid.as_str());
    assert_eq!(number(&saved, "size"), size);
    assert!(same(&source, &copy), "the film that came is another");
    eventually("the liar was found out", || nodes[3].log().contains("something else for a file"));
}

/// A download that is killed goes on from what was there.
#[test]
fn a_film_goes_on_where_it_was_left() {
    let mut cluster = Cluster::started(&["author", "viewer"]);
    cluster.follow(1, 0);
    let nodes = &mut cluster.nodes;
    let source = nodes[0].scratch().join("film.mp4");
    film(&source, 120_000_000);
    let id = text(&nodes[0].one(&["post", "A film", "--attach", path(&source)]), "id");
    await_text(&nodes[1], "A film");
    let cid = text(&attachment(&nodes[1], &id), "cid");
    let copy = nodes[1].scratch().join("copy.mp4");
    let have = nodes[1].home().join("blobs/part").join(format!("{cid}.have"));
    let getting = nodes[1].background(&["media", "get", &cid, path(&copy)]);
    eventually("some of it was noted", || have.exists());
    nodes[1].kill();
    drop(getting);
    assert!(!copy.exists(), "it was there before the node was killed");
    let noted = fs::read(&have).unwrap();
    // What is noted is not asked for again: the author does not have it any more.
    let own = File::options().write(true).open(nodes[0].home().join("blobs/own").join(&cid)).unwrap();
    let mut spoilt = 0;
    for (group, bit) in noted[8..].iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)).enumerate()
    {
        if bit == 1 {
            own.write_all_at(&[0; 64], group as u64 * 16 * 1024).unwrap();
            spoilt += 1;
        }
    }
    assert!(spoilt >= 500, "only {spoilt} groups were noted");
    nodes[1].start();
    nodes[1].cli(&["media", "get", &cid, path(&copy)]);
    assert!(same(&source, &copy));
    assert!(!have.exists());
    // Nobody who has it is there.
    nodes[0].stop();
    assert_eq!(attachment(&nodes[1], &id)["held"], true);
}

/// Who asks for films as the node starts, and while others come unasked, gets them: nobody is connected yet, and then
/// one peer is asked for all of them at once.
#[test]
fn films_are_there_for_who_has_just_come_and_asks_for_many() {
    const UNASKED: u32 = 10_000_000;
    let mut cluster = Cluster::started(&["author", "viewer"]);
    cluster.follow(1, 0);
    let [author, viewer] = &mut cluster.nodes[..] else { unreachable!() };
    let post = |author: &TestNode, number: u32, bytes: u32| {
        let source = author.scratch().join(format!("{number}.mp4"));
        film(&source, bytes + number);
        let id = text(&author.one(&["post", &format!("film {number}"), "--attach", path(&source)]), "id");
        (text(&attachment(author, &id), "cid"), source)
    };
    let small: Vec<_> = (0..6).map(|number| post(author, number, UNASKED)).collect();
    let large: Vec<_> = (6..9).map(|number| post(author, number, UNASKED * 2)).collect();
    for number in 0..9 {
        await_text(viewer, &format!("film {number}"));
    }
    viewer.stop();
    viewer.set("MAJLIS_NODE_MEDIA_FETCH_BELOW", &(UNASKED * 3 / 2).to_string());
    viewer.start();
    let copy = |cid: &str| viewer.scratch().join(cid);
    let getting: Vec<_> =
        large.iter().map(|(cid, _)| viewer.background(&["media", "get", cid, path(&copy(cid))])).collect();
    for ((cid, source), getting) in large.iter().zip(&getting) {
        getting.lines.await_line("the film is saved", |line| line["cid"] == cid.as_str());
        assert!(same(source, &copy(cid)), "{cid} is another film");
    }
    for (cid, source) in &small {
        let copy = viewer.home().join("blobs/others").join(cid);
        eventually("the small ones come unasked", || copy.exists());
        assert!(same(source, &copy), "{cid} is another film");
    }
}

#[test]
fn hostile_files_are_refused_or_plain_downloads() {
    let node = TestNode::started("author");
    let file = |name: &str, bytes: &[u8]| {
        let path = node.scratch().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut bomb = vec![0x89, b'P', b'N', b'G', 13, 10, 26, 10];
    bomb.extend_from_slice(&[0, 0, 0, 13]);
    bomb.extend_from_slice(b"IHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0");
    bomb.extend_from_slice(&[0; 4]);
    let refused = [
        file("empty.png", b""),
        file("bomb.png", &bomb),
        file("cut.jpg", &[0xff, 0xd8, 0xff, 0xe0, 0, 16]),
        file("picture.jpg", b"GIF89a/*\xff*/=1;alert(1)"),
        file("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        node.scratch().to_owned(),
        node.scratch().join("nothing"),
    ];
    for path in refused.iter().map(|refused| path(refused)) {
        let said = node.fails(1, &["post", "look", "--attach", path]);
        assert!(said.lines().count() >= 2, "{path}: it is not said what to do: {said}");
    }
    assert!(node.timeline().is_empty(), "a post was made although its file was refused");
    // As it is, for those who want that: a download, which nothing shows.
    let drawing = text(&node.one(&["post", "look", "--attach", path(&refused[4]), "--keep-metadata"]), "id");
    let shown = attachment(&node, &drawing);
    assert_eq!(
        (text(&shown, "media_type"), text(&shown, "name")),
        ("application/octet-stream".to_owned(), "drawing.svg".to_owned())
    );
    node.verify();
}

pub fn same(one: &Path, other: &Path) -> bool {
    blake3::hash(&fs::read(one).unwrap()) == blake3::hash(&fs::read(other).unwrap())
}

/// What someone who is followed privately has posted is not given away for a post of somebody else's.
#[test]
fn a_file_does_not_tell_whom_one_follows_privately() {
    let mut cluster = Cluster::started(&["friend", "keeper", "prober"]);
    let [friend, keeper, prober] = &cluster.nodes[..] else { unreachable!() };
    let file = friend.scratch().join("note.txt");
    fs::write(&file, "only friends have this\n".repeat(100)).unwrap();
    keeper.cli(&["follow", "--private", &friend.invite()]);
    cluster.follow(1, 2);
    cluster.follow(2, 1);
    let id = text(&friend.one(&["post", "a note", "--attach", path(&file)]), "id");
    await_text(keeper, "a note");
    eventually("the keeper has the file", || attachment(keeper, &id)["held"] == true);
    // The prober knows the file, posts it too, and no longer has it.
    let guess = text(&prober.one(&["post", "a guess", "--attach", path(&file)]), "id");
    await_text(keeper, "a guess");
    let cid = text(&attachment(prober, &guess), "cid");
    assert_eq!(cid, text(&attachment(keeper, &id), "cid"));
    let prober = &mut cluster.nodes[2];
    prober.stop();
    fs::remove_dir_all(prober.home().join("blobs")).unwrap();
    prober.start();
    eventually("they meet again", || !prober.cli(&["peers"]).is_empty());
    prober.cli(&["sync"]);
    let copy = prober.scratch().join("copy.txt");
    assert!(prober.fails(1, &["media", "get", &cid, path(&copy)]).contains("nobody who is connected has it"));
}
