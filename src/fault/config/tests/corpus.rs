//! The texts of `fixtures/faults` in JSON.

#[path = "../../../../tests/support/corpus.rs"]
mod cases;

use cases::assert_corpus;

use crate::fault::{Chaos, Fault};

fn described(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{fault}\n=> {}", fault.to_json())).collect()
}

#[test]
fn texts_of_faults_are_accepted_or_rejected_as_recorded() {
    assert_corpus("objects", |text| {
        Ok(described(&[Fault::from_json(text).map_err(|error| error.to_string())?]))
    });
    assert_corpus("lists", |text| {
        Ok(described(&Fault::list_from_json(text).map_err(|error| error.to_string())?))
    });
    assert_corpus("chaos", |text| {
        let chaos = Chaos::from_json(text).map_err(|error| error.to_string())?;
        Ok(vec![format!("{chaos}\n=> {}", chaos.to_json())])
    });
}
