//! An index in a temporary directory.

use super::*;

fn open(dir: &Path) -> (Search, u64) {
    Search::open(&dir.join("search"), "db").unwrap()
}

fn post(id: u8, author: u8, text: &str, language: &str) -> Document {
    Document {
        id: [id; 32],
        author: [author; 32],
        text: text.into(),
        language: language.into(),
        display_ms: u64::from(id),
        ..Document::default()
    }
}

fn found(search: &Search, text: &str) -> Vec<u8> {
    find(search, &Wanted { text: text.into(), ..Wanted::default() })
}

#[test]
fn however_many_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let search = filled(dir.path());
    assert_eq!(search.find(&Wanted::default(), usize::MAX).unwrap().len(), 4);
}

fn find(search: &Search, wanted: &Wanted) -> Vec<u8> {
    search.find(wanted, 10).unwrap().iter().map(|id| id[0]).collect()
}

fn filled(dir: &Path) -> Search {
    let (search, mark) = open(dir);
    assert_eq!(mark, 0);
    search.put(&post(1, 1, "The gardens of the old city", "en")).unwrap();
    search.put(&post(2, 2, "زرت المكتباتِ القديمة", "ar")).unwrap();
    search.put(&post(3, 1, "A library and a garden", "")).unwrap();
    search
        .put(&Document { tags: vec!["tea".into()], has_media: true, ..post(4, 2, "tea", "en-GB") })
        .unwrap();
    search.commit("db", 7).unwrap();
    search
}

#[test]
fn words_are_found_in_any_form() {
    let dir = tempfile::tempdir().unwrap();
    let search = filled(dir.path());
    assert_eq!(found(&search, "GARDEN"), [3, 1]);
    assert_eq!(found(&search, "garden old"), [1]);
    assert_eq!(found(&search, "garden -library"), [1]);
    assert_eq!(found(&search, "\"old city\""), [1]);
    assert!(found(&search, "\"city old\"").is_empty());
    assert_eq!(found(&search, "مكتبه"), [2]);
    assert_eq!(found(&search, "القَديمه"), [2]);
    assert_eq!(found(&search, ""), [4, 3, 2, 1]);
    assert_eq!(found(&search, "-tea"), [3, 2, 1]);
    // Nothing is an operator but the quotation mark and a minus before a word.
    assert_eq!(found(&search, "\" ) AND ("), [3]);
}

#[test]
fn all_that_is_asked_for_has_to_hold() {
    let dir = tempfile::tempdir().unwrap();
    let search = filled(dir.path());
    let any = Wanted::default;
    assert_eq!(find(&search, &Wanted { author: Some([1; 32]), ..any() }), [3, 1]);
    assert_eq!(find(&search, &Wanted { tag: Some("tea".into()), ..any() }), [4]);
    assert_eq!(find(&search, &Wanted { language: Some("en-US".into()), ..any() }), [4, 1]);
    assert_eq!(find(&search, &Wanted { since_ms: Some(3), ..any() }), [4, 3]);
    assert_eq!(find(&search, &Wanted { has_media: true, ..any() }), [4]);
    let wanted = Wanted { author: Some([1; 32]), text: "garden".into(), since_ms: Some(2), ..any() };
    assert_eq!(find(&search, &wanted), [3]);
}

#[test]
fn what_is_taken_out_leaves_no_word() {
    let dir = tempfile::tempdir().unwrap();
    let search = filled(dir.path());
    search.put(&post(5, 3, "zxqjqxz said once", "en")).unwrap();
    search.put(&post(6, 3, "qqzzxx said once", "en")).unwrap();
    search.put(&post(6, 3, "qqzzxx said twice", "en")).unwrap();
    search.commit("db", 8).unwrap();
    assert_eq!(found(&search, "said"), [6, 5]);
    let holds = |word: &str| {
        let term = Term::from_field_text(search.fields.words, word);
        search.reader.searcher().doc_freq(&term).unwrap() > 0
    };
    assert!(holds("zxqjqxz"), "this test cannot find a word in the dictionary");
    // Nobody else can take it out.
    search.forget(&[1; 32], &[5; 32]).unwrap();
    search.commit("db", 9).unwrap();
    assert_eq!(found(&search, "zxqjqxz"), [5]);
    search.forget(&[3; 32], &[5; 32]).unwrap();
    search.commit("db", 10).unwrap();
    assert!(found(&search, "zxqjqxz").is_empty());
    assert!(holds("zxqjqxz"));
    search.compact().unwrap();
    assert!(!holds("zxqjqxz"));
    assert_eq!(found(&search, "twice"), [6]);
    search.forget_author(&[3; 32]);
    search.commit("db", 11).unwrap();
    assert!(found(&search, "twice").is_empty());
}

#[test]
fn it_goes_on_from_its_mark_and_begins_anew_where_it_cannot() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let (search, mark) = open(dir.path());
    assert_eq!((mark, found(&search, "garden")), (7, vec![3, 1]));
    drop(search);
    // Of another database.
    let (search, mark) = Search::open(&dir.path().join("search"), "other").unwrap();
    assert_eq!((mark, found(&search, "garden")), (0, vec![]));
    drop(search);
    // Damaged.
    drop(filled_again(dir.path()));
    for file in fs::read_dir(dir.path().join("search")).unwrap().flatten() {
        fs::write(file.path(), b"nonsense").unwrap();
    }
    let (search, mark) = open(dir.path());
    assert_eq!((mark, found(&search, "garden")), (0, vec![]));
}

fn filled_again(dir: &Path) -> Search {
    fs::remove_dir_all(dir.join("search")).unwrap();
    filled(dir)
}
