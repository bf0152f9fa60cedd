//! The consent page's words, in the languages that it speaks.

/// One language's.
pub struct Words {
    /// Its tag.
    pub lang: &'static str,
    /// The way it is written.
    pub dir: &'static str,
    pub title: &'static str,
    /// Before the app's name.
    pub wants: &'static str,
    pub warning: &'static str,
    pub goes_to: &'static str,
    pub shown_here: &'static str,
    pub code: &'static str,
    pub how: &'static str,
    pub allow: &'static str,
    pub deny: &'static str,
    pub wrong: &'static str,
    pub too_many: &'static str,
    pub failed: &'static str,
    pub over: &'static str,
    pub copy: &'static str,
    pub denied: &'static str,
    pub foreign: &'static str,
    scopes: [(&'static str, &'static str); 5],
    read_part: &'static str,
    write_part: &'static str,
}

impl Words {
    /// What a scope allows.
    pub fn scope(&self, scope: &str) -> &'static str {
        let whole = self.scopes.iter().find(|(name, _)| *name == scope).map(|(_, words)| *words);
        whole.unwrap_or(if scope.starts_with("read:") { self.read_part } else { self.write_part })
    }
}

const ENGLISH: Words = Words {
    lang: "en",
    dir: "ltr",
    title: "Connect an app",
    wants: "This app wants to act for you:",
    warning: "It may call itself what it likes. Allow it only if you have just asked it to connect.",
    goes_to: "The answer goes to",
    shown_here: "You will be shown a code to type into the app.",
    code: "Code or secret",
    how: "Run this in a terminal, and type what it shows:",
    allow: "Allow",
    deny: "Refuse",
    wrong: "That is not right, or no longer. A code holds once, for ten minutes.",
    too_many: "There were too many wrong tries. Wait a minute.",
    failed: "This cannot be carried out",
    over: "This page is no longer valid. Begin again in the app.",
    copy: "Type this code into the app. It holds once, for ten minutes.",
    denied: "Refused. The app may do nothing here.",
    foreign: "This was sent from another site, and nothing was done.",
    scopes: [
        (
            "read",
            "see all that you see: also private posts, notifications, and whom you follow, block or mute",
        ),
        ("write", "do what you do: post, change, delete, follow, block, and change your profile"),
        ("follow", "see and change whom you follow, block and mute"),
        ("push", "be told when something happens"),
        ("profile", "see your name, picture and profile"),
    ],
    read_part: "see this part alone",
    write_part: "change this part alone",
};

const ARABIC: Words = Words {
    lang: "ar",
    dir: "rtl",
    title: "ربط تطبيق",
    wants: "يريد هذا التطبيق أن يتصرّف نيابةً عنك:",
    warning: "يسمّي التطبيق نفسه كما يشاء. لا تسمح له إلا إذا كنت قد طلبت منه الآن أن يتّصل.",
    goes_to: "يُرسَل الجواب إلى",
    shown_here: "سيظهر لك رمز تكتبه في التطبيق.",
    code: "الرمز أو السرّ",
    how: "نفّذ هذا الأمر في الطرفية واكتب ما يظهر:",
    allow: "اسمح",
    deny: "ارفض",
    wrong: "ليس هذا صحيحًا أو لم يعد صالحًا. يصلح الرمز مرّة واحدة ولعشر دقائق.",
    too_many: "محاولات خاطئة كثيرة. انتظر دقيقة.",
    failed: "لا يمكن تنفيذ هذا",
    over: "لم تعد هذه الصفحة صالحة. ابدأ من جديد في التطبيق.",
    copy: "اكتب هذا الرمز في التطبيق. يصلح مرّة واحدة ولعشر دقائق.",
    denied: "رُفض الطلب. لا يستطيع التطبيق فعل شيء هنا.",
    foreign: "أُرسل هذا من موقع آخر، ولم يُنفَّذ شيء.",
    scopes: [
        ("read", "أن يرى كلّ ما تراه: المنشورات الخاصّة أيضًا والإشعارات ومن تتابعه أو تحظره أو تكتمه"),
        ("write", "أن يفعل ما تفعله: ينشر ويعدّل ويحذف ويتابع ويحظر ويغيّر ملفّك"),
        ("follow", "أن يرى ويغيّر من تتابعه وتحظره وتكتمه"),
        ("push", "أن يُخبَر حين يحدث شيء"),
        ("profile", "أن يرى اسمك وصورتك وملفّك"),
    ],
    read_part: "أن يرى هذا الجزء وحده",
    write_part: "أن يغيّر هذا الجزء وحده",
};

/// The words for whoever prefers these languages: `lang` as the app asks for it, or `Accept-Language`.
pub fn preferred(lang: Option<&str>, accepted: &str) -> &'static Words {
    let known = |tag: &str| {
        let primary = tag.trim().split('-').next().unwrap_or_default();
        [&ENGLISH, &ARABIC].into_iter().find(|words| words.lang.eq_ignore_ascii_case(primary))
    };
    if let Some(words) = lang.and_then(known) {
        return words;
    }
    let mut best: Option<(f32, &'static Words)> = None;
    for range in accepted.split(',') {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        if let Some(words) = known(tag)
            && best.is_none_or(|(known, _)| weight > known)
        {
            best = Some((weight, words));
        }
    }
    best.map_or(&ENGLISH, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::preferred;

    #[test]
    fn the_page_speaks_the_readers_language() {
        for (lang, accepted, spoken) in [
            (None, "", "en"),
            (None, "ar", "ar"),
            (None, "ar-EG,ar;q=0.9,en;q=0.8", "ar"),
            (None, "fr,en;q=0.5,ar;q=0.7", "ar"),
            (None, "en-GB,ar;q=0.9", "en"),
            (None, "fr, *;q=0.1", "en"),
            (Some("ar"), "en", "ar"),
            (Some("fr"), "ar", "ar"),
            (None, ";q=,;;q=x,ar;q=nan", "ar"),
        ] {
            assert_eq!(preferred(lang, accepted).lang, spoken, "{lang:?} {accepted}");
        }
    }
}
