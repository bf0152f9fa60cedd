use super::*;

const GROUP: usize = 16 * 1024;

fn opened() -> (tempfile::TempDir, Arc<Blobs>) {
    let home = tempfile::tempdir().unwrap();
    let blobs = Arc::new(Blobs::open(&home.path().join("blobs"), None).unwrap());
    (home, blobs)
}

fn bytes(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8 ^ seed).collect()
}

fn put(blobs: &Blobs, data: &[u8], owner: Owner) -> BlobId {
    let path = blobs.new_path();
    fs::write(&path, data).unwrap();
    blobs.put(&path, owner).unwrap().0
}

/// Fetches what is missing, at most `most` spans of it.
fn fetch(from: &Blobs, download: &Download, blob: &BlobId, size: u64, most: usize) {
    for span in download.missing().into_iter().take(most) {
        download.add(span, &from.piece(blob, size, span).unwrap().unwrap()).unwrap();
    }
}

#[test]
fn a_file_goes_from_one_home_to_another_in_pieces() {
    let ((_a, one), (_b, other)) = (opened(), opened());
    for length in [1, 1_024, GROUP, GROUP + 1, 9 * GROUP + 77] {
        let data = bytes(length, 0);
        let (blob, size) = (put(&one, &data, Owner::Me), length as u64);
        let download = other.download(&blob, size).unwrap();
        assert!(other.download(&blob, size).is_err(), "two at once");
        fetch(&one, &download, &blob, size, usize::MAX);
        assert_eq!(download.done(), size);
        download.finish(Owner::Others).unwrap();
        assert_eq!(fs::read(other.path(&blob).unwrap()).unwrap(), data);
        assert_eq!(other.get(&blob).map(|held| (held.size, held.owner)), Some((size, Owner::Others)));
    }
    assert_eq!(other.downloads().unwrap(), []);
    assert_eq!(fs::read_dir(other.root.join("part")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(other.root.join("new")).unwrap().count(), 0);
}

#[test]
fn a_download_goes_on_where_it_was_left() {
    let ((_a, one), (home, other)) = (opened(), opened());
    let data = bytes(30 * GROUP + 5, 1);
    let (blob, size) = (put(&one, &data, Owner::Me), data.len() as u64);
    let download = other.download(&blob, size).unwrap();
    fetch(&one, &download, &blob, size, 2);
    drop(download);
    drop(other);
    let other = Arc::new(Blobs::open(&home.path().join("blobs"), None).unwrap());
    assert_eq!(other.downloads().unwrap().iter().map(|begun| begun.blob).collect::<Vec<_>>(), [blob]);
    let download = other.download(&blob, size).unwrap();
    assert_eq!(download.done(), 16 * GROUP as u64);
    fetch(&one, &download, &blob, size, usize::MAX);
    download.finish(Owner::Others).unwrap();
    assert_eq!(fs::read(other.path(&blob).unwrap()).unwrap(), data);
}

#[test]
fn downloads_that_were_broken_off_take_room_and_the_oldest_go_first() {
    let ((_a, one), (_b, other)) = (opened(), opened());
    let size = 30 * GROUP as u64;
    let [old, new, own, open] = [1, 2, 3, 4].map(|seed| put(&one, &bytes(30 * GROUP, seed), Owner::Me));
    // Of what nobody had nothing is left.
    drop(other.download(&old, size).unwrap());
    assert_eq!(fs::read_dir(other.root.join("part")).unwrap().count(), 0);
    let begin = |blob: &BlobId| {
        let download = other.download(blob, size).unwrap();
        fetch(&one, &download, blob, size, 1);
        download
    };
    for blob in [&new, &old, &own] {
        drop(begin(blob));
    }
    let under_way = begin(&open);
    let part = other.root.join("part").join(old.to_string());
    File::open(part).unwrap().set_modified(SystemTime::now() - Duration::from_secs(1_000)).unwrap();
    let file = put(&other, &bytes(40_000, 9), Owner::Others);
    let parts = || -> HashSet<_> { other.downloads().unwrap().iter().map(|begun| begun.blob).collect() };
    let taken: u64 = other.downloads().unwrap().iter().map(|begun| begun.bytes).sum();
    assert!((32 * GROUP as u64..4 * size).contains(&taken), "{taken}");

    // The owner's is not counted.
    let keep = HashSet::from([own]);
    other.shrink(40_000 + taken / 4 * 3, &keep).unwrap();
    assert_eq!(parts().len(), 4);
    other.shrink(40_000 + taken / 4 * 3 - 1, &keep).unwrap();
    assert_eq!(parts(), HashSet::from([new, own, open]));
    other.shrink(0, &keep).unwrap();
    assert_eq!(parts(), HashSet::from([own, open]), "one that is under way stays");
    assert_eq!(other.get(&file), None);
    fetch(&one, &under_way, &open, size, usize::MAX);
    under_way.finish(Owner::Others).unwrap();
}

#[test]
fn what_does_not_belong_is_not_taken() {
    let ((_a, one), (_b, other)) = (opened(), opened());
    let data = bytes(3 * GROUP, 2);
    let (blob, size) = (put(&one, &data, Owner::Me), data.len() as u64);
    let download = other.download(&blob, size).unwrap();
    let span = Span { first: 0, count: 3 };
    let mut piece = one.piece(&blob, size, span).unwrap().unwrap();
    *piece.last_mut().unwrap() ^= 1;
    assert!(matches!(download.add(span, &piece), Err(BlobError::Mismatch(_))));
    assert!(matches!(download.add(span, &[]), Err(BlobError::Mismatch(_))));
    assert_eq!(download.done(), 0);
    assert!(matches!(download.finish(Owner::Others), Err(BlobError::Unfit(..))));
    assert_eq!(other.get(&blob), None);
    // Neither a file of another length nor groups that it has not.
    assert_eq!(one.piece(&blob, size + 1, span).unwrap(), None);
    assert_eq!(one.piece(&blob, size, Span { first: 1, count: 3 }).unwrap(), None);
    assert_eq!(one.piece(&blob, size, Span { first: u64::MAX, count: 2 }).unwrap(), None);
}

#[test]
fn a_download_that_the_disk_has_damaged_begins_anew() {
    let ((_a, one), (_b, other)) = (opened(), opened());
    let data = bytes(3 * GROUP, 3);
    let (blob, size) = (put(&one, &data, Owner::Me), data.len() as u64);
    let download = other.download(&blob, size).unwrap();
    fetch(&one, &download, &blob, size, usize::MAX);
    let part = other.part(&blob);
    let mut damaged = fs::read(&part).unwrap();
    damaged[GROUP] ^= 1;
    fs::write(&part, damaged).unwrap();
    assert!(matches!(download.finish(Owner::Others), Err(BlobError::Damaged(_))));
    assert_eq!(other.get(&blob), None);
    assert_eq!(other.download(&blob, size).unwrap().done(), 0);
}

#[test]
fn a_note_that_says_nonsense_is_not_believed() {
    let ((_a, one), (_b, other)) = (opened(), opened());
    let data = bytes(3 * GROUP, 4);
    let (blob, size) = (put(&one, &data, Owner::Me), data.len() as u64);
    fs::write(other.part(&blob), &data).unwrap();
    for note in [vec![], vec![0; 8], [size.to_be_bytes().as_slice(), &[0xff, 0xff]].concat()] {
        fs::write(download::have_of(&other.part(&blob)), note).unwrap();
        assert_eq!(other.download(&blob, size).unwrap().done(), 0);
        fs::write(other.part(&blob), &data).unwrap();
    }
    // More bits than there are groups.
    fs::write(download::have_of(&other.part(&blob)), [size.to_be_bytes().as_slice(), &[0xff]].concat())
        .unwrap();
    assert_eq!(other.download(&blob, size).unwrap().done(), size);
}

#[test]
fn room_is_made_by_what_was_not_used_for_longest() {
    let (_home, blobs) = opened();
    let own = put(&blobs, &bytes(1_000, 10), Owner::Me);
    let others: Vec<_> = (0..4).map(|seed| put(&blobs, &bytes(1_000, seed), Owner::Others)).collect();
    for (age, blob) in (1..).zip(others.iter().rev()) {
        let long_ago = SystemTime::now() - Duration::from_secs(age * 10_000);
        blobs.held.lock().get_mut(blob).unwrap().used = long_ago;
    }
    // 0 is the oldest, but is to be kept; 1 was just asked for; 2 is held.
    blobs.path(&others[1]).unwrap();
    let hold = blobs.hold(&others[2]);
    let keep = HashSet::from([others[0]]);
    assert_eq!(blobs.shrink(4_000, &keep).unwrap(), Sum::default());
    assert_eq!(blobs.shrink(3_000, &keep).unwrap(), Sum { files: 1, bytes: 1_000 });
    assert_eq!(blobs.get(&others[3]), None);
    drop(hold);
    assert_eq!(blobs.shrink(0, &keep).unwrap(), Sum { files: 2, bytes: 2_000 });
    assert!(blobs.get(&others[0]).is_some() && blobs.get(&own).is_some());
    assert_eq!(blobs.size_of_others(), 1_000);
}

#[test]
fn whose_a_file_is_lasts() {
    let (home, blobs) = opened();
    let blob = put(&blobs, &bytes(70_000, 5), Owner::Others);
    // The owner attaches what was fetched before; then takes that post back.
    assert_eq!(put(&blobs, &bytes(70_000, 5), Owner::Me), blob);
    assert_eq!(blobs.get(&blob).unwrap().owner, Owner::Me);
    put(&blobs, &bytes(70_000, 5), Owner::Others);
    assert_eq!(Blobs::open(&home.path().join("blobs"), None).unwrap().get(&blob).unwrap().owner, Owner::Me);
    blobs.set_owner(&blob, Owner::Others).unwrap();
    assert!(blobs.piece(&blob, 70_000, Span { first: 0, count: 1 }).unwrap().is_some());
    assert_eq!(
        Blobs::open(&home.path().join("blobs"), None).unwrap().get(&blob).unwrap().owner,
        Owner::Others
    );
    assert_eq!(blobs.remove(&blob).unwrap(), 70_000);
    let left = |folder: &str| fs::read_dir(blobs.root.join(folder)).unwrap().count();
    assert_eq!((left("own"), left("others"), left("part"), left("new")), (0, 0, 0, 0));
}

/// A folder before a bucket at which nobody is.
fn before_a_bucket(home: &Path) -> Blobs {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    let endpoint = "http://127.0.0.1:1".to_owned();
    let (bucket, credentials) = ("files".to_owned(), "no such file".to_owned());
    let config = BlobsConfig { bucket, endpoint, credentials, ..BlobsConfig::default() };
    let blobs = Blobs::open(&home.join("blobs"), Bucket::open(&config, home).unwrap()).unwrap();
    blobs.note_place().unwrap();
    blobs
}

fn is_old(blobs: &Blobs, blob: &BlobId) {
    blobs.held.lock().get_mut(blob).unwrap().used = SystemTime::now() - Duration::from_secs(1_000);
}

#[test]
fn bytes_go_from_the_disk_only_when_the_bucket_has_them() {
    let home = tempfile::tempdir().unwrap();
    let blobs = before_a_bucket(home.path());
    let (own, other) =
        (put(&blobs, &bytes(40_000, 1), Owner::Me), put(&blobs, &bytes(50_000, 2), Owner::Others));
    for blob in [own, other] {
        is_old(&blobs, &blob);
    }
    let none = HashSet::new();
    assert_eq!(blobs.evict(0, &none).unwrap(), Sum::default());
    assert_eq!(blobs.unstored().iter().map(|(blob, _)| *blob).collect::<Vec<_>>(), [own, other]);
    blobs.was_stored(&own, 40_000).unwrap();
    // Not what is to be kept, what somebody holds, what was just given out.
    assert_eq!(blobs.evict(0, &HashSet::from([own])).unwrap(), Sum::default());
    let hold = blobs.hold(&own);
    assert_eq!(blobs.evict(0, &none).unwrap(), Sum::default());
    drop(hold);
    blobs.path(&own).unwrap();
    assert_eq!(blobs.evict(0, &none).unwrap(), Sum::default());
    // The clock was a year ahead when it was used.
    let ahead = SystemTime::now() + Duration::from_hours(365 * 24);
    blobs.held.lock().get_mut(&own).unwrap().used = ahead;
    assert_eq!(blobs.evict(0, &none).unwrap(), Sum { files: 1, bytes: 40_000 });
    assert_eq!(blobs.path(&own), None);

    // It is known after a restart, is still the owner's, and changes hands as others do.
    let blobs = before_a_bucket(home.path());
    let known = blobs.get(&own).unwrap();
    assert_eq!((known.size, known.owner, known.local, known.stored), (40_000, Owner::Me, false, true));
    blobs.set_owner(&own, Owner::Others).unwrap();
    let blobs = before_a_bucket(home.path());
    assert_eq!(blobs.get(&own).unwrap().owner, Owner::Others);
    let places = blobs.places();
    assert_eq!((places.only_there.bytes, places.only_here.bytes), (40_000, 50_000));
    assert!(matches!(
        blobs.piece(&own, 40_000, Span { first: 0, count: 1 }),
        Err(BlobError::Bucket(BucketError::Setting(_)))
    ));
    assert_eq!(blobs.piece(&own, 40_000, Span { first: 0, count: 9 }).unwrap(), None);
    // It comes again, and is the bucket's still.
    assert_eq!(put(&blobs, &bytes(40_000, 1), Owner::Me), own);
    let known = blobs.get(&own).unwrap();
    assert!(known.owner == Owner::Me && known.local && known.stored);
}

#[test]
fn what_is_removed_goes_from_the_bucket_even_after_a_crash() {
    let home = tempfile::tempdir().unwrap();
    let blobs = before_a_bucket(home.path());
    let [here, there] = [1, 2].map(|seed| put(&blobs, &bytes(30_000, seed), Owner::Me));
    for blob in [here, there] {
        blobs.was_stored(&blob, 30_000).unwrap();
        is_old(&blobs, &blob);
    }
    is_old(&blobs, &there);
    blobs.evict(30_000, &HashSet::from([here])).unwrap();
    assert_eq!((blobs.remove(&there).unwrap(), blobs.gone()), (30_000, vec![there]));
    // A removal that was broken off behind its first step: what is here stays, and goes there anew.
    fs::write(home.path().join("blobs/gone").join(here.to_string()), "").unwrap();
    let blobs = before_a_bucket(home.path());
    assert_eq!(blobs.gone().len(), 2);
    let known = blobs.get(&here).unwrap();
    assert!(known.local && !known.stored && blobs.get(&there).is_none());
    assert_eq!(blobs.unstored(), [], "it is removed there first");
    blobs.was_stored(&here, 30_000).unwrap();
    assert!(!blobs.get(&here).unwrap().stored, "what is about to be removed there is not there");
    blobs.is_gone(&here).unwrap();
    assert_eq!(blobs.unstored().len(), 1);
    // Put there while it was removed here.
    blobs.remove(&here).unwrap();
    blobs.is_gone(&here).unwrap();
    blobs.was_stored(&here, 30_000).unwrap();
    assert!(blobs.gone().contains(&here));
}

#[test]
fn what_another_bucket_has_alone_is_not_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let blobs = before_a_bucket(home.path());
    let blob = put(&blobs, &bytes(30_000, 1), Owner::Me);
    blobs.was_stored(&blob, 30_000).unwrap();
    let plain = || Blobs::open(&home.path().join("blobs"), None);
    // All of it is here: it does without.
    assert!(!plain().unwrap().get(&blob).unwrap().stored);
    let blobs = before_a_bucket(home.path());
    blobs.was_stored(&blob, 30_000).unwrap();
    is_old(&blobs, &blob);
    blobs.evict(0, &HashSet::new()).unwrap();
    assert!(matches!(plain(), Err(BlobError::Bucket(BucketError::Elsewhere(_, _, 1)))));
    assert!(before_a_bucket(home.path()).get(&blob).is_some());
}

#[test]
fn a_change_of_owner_that_was_broken_off_is_completed() {
    let (home, blobs) = opened();
    for (seed, from, to) in [(1, "own", "others"), (2, "others", "own")] {
        let owner = if from == "own" { Owner::Me } else { Owner::Others };
        let blob = put(&blobs, &bytes(40_000, seed), owner);
        let root = home.path().join("blobs");
        fs::rename(root.join(from).join(format!("{blob}.tree")), root.join(to).join(format!("{blob}.tree")))
            .unwrap();
        let again = Blobs::open(&root, None).unwrap();
        assert!(again.get(&blob).unwrap().owner != owner);
        assert!(again.piece(&blob, 40_000, Span { first: 0, count: 3 }).unwrap().is_some());
    }
}
