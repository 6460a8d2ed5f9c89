//! Canonical decomposition of names, so that NFC and NFD can be compared.
//!
//! The table covers what file names on macOS usually differ in: Latin letters up to U+017F, Cyrillic
//! letters, kana, and Hangul, which is computed. A crate would add the tables of all scripts to every
//! build of a test. Start with [`decompose`].

/// Combining marks, each with pairs of a composed letter and its base letter.
const COMPOSED: [(char, &str); 15] = [
    ('\u{300}', "ÀAÈEÌIÒOÙUàaèeìiòoùuЀЕЍИѐеѝи"),
    ('\u{301}', "ÁAÉEÍIÓOÚUÝYáaéeíióoúuýyĆCćcĹLĺlŃNńnŔRŕrŚSśsŹZźzЃГЌКѓгќк"),
    ('\u{302}', "ÂAÊEÎIÔOÛUâaêeîiôoûuĈCĉcĜGĝgĤHĥhĴJĵjŜSŝsŴWŵwŶYŷy"),
    ('\u{303}', "ÃAÑNÕOãañnõoĨIĩiŨUũu"),
    ('\u{304}', "ĀAāaĒEēeĪIīiŌOōoŪUūu"),
    ('\u{306}', "ĂAăaĔEĕeĞGğgĬIĭiŎOŏoŬUŭuЎУЙИйиўу"),
    ('\u{307}', "ĊCċcĖEėeĠGġgİIŻZżz"),
    ('\u{308}', "ÄAËEÏIÖOÜUäaëeïiöoüuÿyŸYЁЕЇІёеїі"),
    ('\u{30a}', "ÅAåaŮUůu"),
    ('\u{30b}', "ŐOőoŰUűu"),
    ('\u{30c}', "ČCčcĎDďdĚEěeĽLľlŇNňnŘRřrŠSšsŤTťtŽZžz"),
    ('\u{327}', "ÇCçcĢGģgĶKķkĻLļlŅNņnŖRŗrŞSşsŢTţt"),
    ('\u{328}', "ĄAąaĘEęeĮIįiŲUųu"),
    (
        '\u{3099}',
        "がかぎきぐくげけごこざさじしずすぜせぞそだたぢちづつでてどとばはびひぶふべへぼほゔうゞゝ\
         ガカギキグクゲケゴコザサジシズスゼセゾソダタヂチヅツデテドトバハビヒブフベヘボホヴウヷワヸヰヹヱヺヲヾヽ",
    ),
    ('\u{309a}', "ぱはぴひぷふぺへぽほパハピヒプフペヘポホ"),
];

/// The syllables of Hangul and the first of their three kinds of letters.
const SYLLABLES: std::ops::RangeInclusive<char> = '\u{ac00}'..='\u{d7a3}';
const LETTERS: [u32; 3] = [0x1100, 0x1161, 0x11a7];

/// Returns the text with each composed letter replaced by its base letter and combining mark.
pub(crate) fn decompose(text: &str) -> String {
    let mut decomposed = String::with_capacity(text.len());
    for char in text.chars() {
        if SYLLABLES.contains(&char) {
            let index = u32::from(char) - u32::from(*SYLLABLES.start());
            let letters = [index / 588, index / 28 % 21, index % 28];
            let present = letters.into_iter().zip(LETTERS).enumerate();
            // The last letter is optional.
            let present = present.filter(|(at, (letter, _))| *at < 2 || *letter > 0);
            decomposed
                .extend(present.filter_map(|(_, (letter, first))| char::from_u32(first + letter)));
            continue;
        }
        match parts(char) {
            Some((base, mark)) => decomposed.extend([base, mark]),
            None => decomposed.push(char),
        }
    }
    decomposed
}

/// Returns the base letter and the combining mark of a composed letter.
fn parts(composed: char) -> Option<(char, char)> {
    if composed.is_ascii() {
        return None;
    }
    COMPOSED.iter().find_map(|(mark, pairs)| {
        let mut letters = pairs.chars().step_by(2).zip(pairs.chars().skip(1).step_by(2));
        letters.find(|(letter, _)| *letter == composed).map(|(_, base)| (base, *mark))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_letters_are_decomposed() {
        for (composed, decomposed) in [
            ("a b.txt", "a b.txt"),
            ("é", "e\u{301}"),
            ("Übung", "U\u{308}bung"),
            ("Й", "И\u{306}"),
            ("ガ", "カ\u{3099}"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
            ("하", "\u{1112}\u{1161}"),
            ("e\u{301}", "e\u{301}"),
            ("ß", "ß"),
        ] {
            assert_eq!(decompose(composed), decomposed, "{composed}");
        }
    }

    #[test]
    fn the_table_has_pairs_of_letters() {
        for (mark, pairs) in COMPOSED {
            assert_eq!(pairs.chars().count() % 2, 0, "U+{:04X}", u32::from(mark));
        }
    }
}
