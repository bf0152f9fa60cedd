use super::*;

const GROUP: usize = 16 * 1024;

fn opened() -> (tempfile::TempDir, Arc<Blobs>) {
    let home = tempfile::tempdir().unwrap();
    let blobs = Arc::new(Blobs::open(&home.path().join("blobs")).unwrap());
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
    let other = Arc::new(Blobs::open(&home.path().join("blobs")).unwrap());
    assert_eq!(other.downloads().unwrap(), [blob]);
    let download = other.download(&blob, size).unwrap();
    assert_eq!(download.done(), 16 * GROUP as u64);
    fetch(&one, &download, &blob, size, usize::MAX);
    download.finish(Owner::Others).unwrap();
    assert_eq!(fs::read(other.path(&blob).unwrap()).unwrap(), data);
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
    assert_eq!(blobs.shrink(4_000, &keep).unwrap(), Removed::default());
    assert_eq!(blobs.shrink(3_000, &keep).unwrap(), Removed { files: 1, bytes: 1_000 });
    assert_eq!(blobs.get(&others[3]), None);
    drop(hold);
    assert_eq!(blobs.shrink(0, &keep).unwrap(), Removed { files: 2, bytes: 2_000 });
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
    assert_eq!(Blobs::open(&home.path().join("blobs")).unwrap().get(&blob).unwrap().owner, Owner::Me);
    blobs.set_owner(&blob, Owner::Others).unwrap();
    assert!(blobs.piece(&blob, 70_000, Span { first: 0, count: 1 }).unwrap().is_some());
    assert_eq!(Blobs::open(&home.path().join("blobs")).unwrap().get(&blob).unwrap().owner, Owner::Others);
    assert_eq!(blobs.remove(&blob).unwrap(), 70_000);
    let left = |folder: &str| fs::read_dir(blobs.root.join(folder)).unwrap().count();
    assert_eq!((left("own"), left("others"), left("part"), left("new")), (0, 0, 0, 0));
}
