//! `complete.again_from_start`: a lost completion is asked for, not uploaded again.

use std::collections::HashMap;

use crate::referee::conduct::Conduct;
use crate::referee::request::Request;
use crate::referee::rule::{Basis, Level, Rule};
use crate::referee::upload::UploadConduct;

pub(in crate::referee) static RULE: Rule = Rule {
    id: "complete.again_from_start",
    level: Level::Should,
    sentence: "A client should not upload a file again because the response to its completion was \
               lost.",
    advice: "Repeat the completion; if it is rejected with -8, ask getMultipartStatus. The file is \
             probably stored already.",
    section: "§4.3",
    basis: Basis::Evidence,
    needs_end: true,
    applies: |conduct| conduct.uploads.iter().any(|upload| lost(upload).is_some()),
    judge: |conduct, violations| {
        for (upload, complete, create) in uploaded_again(conduct) {
            violations.add([complete.index(), create.index()], 1, || {
                let (name, lost, again) = (upload.name(), complete.number(), create.number());
                format!(
                    "{name}: the completion ({lost}) {}, and the client began another \
                         upload to the same path ({again})",
                    complete.replied()
                )
            });
        }
    },
};

/// Returns the only request to complete an upload, if its outcome is unknown to the client and the
/// client never asked for it.
pub(super) fn lost<'a>(upload: &UploadConduct<'a>) -> Option<Request<'a>> {
    let [complete] = upload.completes[..] else { return None };
    let has_asked = upload.inquiries.iter().any(|inquiry| complete.ended_before(*inquiry));
    (complete.has_no_response() && !has_asked).then_some(complete)
}

/// Returns the uploads with a lost completion, and the creation of another upload to the same path
/// that got pieces.
pub(super) fn uploaded_again<'c, 'a>(
    conduct: &'c Conduct<'a>,
) -> Vec<(&'c UploadConduct<'a>, Request<'a>, Request<'a>)> {
    let mut by_path: HashMap<&str, Vec<Request<'_>>> = HashMap::new();
    for upload in conduct.uploads.iter().filter(|upload| !upload.pieces.is_empty()) {
        let create = upload.creates.first().filter(|create| !create.call.is_named_by_origin);
        if let (Some(path), Some(create)) = (upload.path(), create) {
            by_path.entry(path).or_default().push(*create);
        }
    }
    let again = |upload: &'c UploadConduct<'a>| {
        let complete = lost(upload)?;
        let creates = by_path.get(upload.path()?)?;
        let later = creates.partition_point(|create| create.index() < complete.index());
        let create = *creates.get(later).filter(|create| complete.ended_before(**create))?;
        Some((upload, complete, create))
    };
    conduct.uploads.iter().filter_map(again).collect()
}

#[cfg(test)]
mod tests {
    use crate::referee::example::Example;

    fn lost() -> Example {
        Example::default().create().piece(1, b"a").complete().lost()
    }

    #[test]
    fn repeating_the_completion_is_good() {
        lost().complete().create_as("b").piece_of("b", 1, b"a").assert_good("complete.early");
        lost().rpc("getMultipartStatus").assert_not_applicable("complete.again_from_start");
    }

    #[test]
    fn a_lost_completion_without_another_upload_is_good() {
        lost().assert_good("complete.again_from_start");
    }

    #[test]
    fn uploading_the_file_again_is_bad() {
        lost().create_as("b").piece_of("b", 1, b"a").assert_bad(
            "complete.again_from_start",
            "upload of /acme/videos/a.mp4: the completion (#2) got no response, and the client \
             began another upload to the same path (#3)",
        );
    }
}
