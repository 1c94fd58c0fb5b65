//! `tape convert`: every shape gives the same results, and errors are one message.

use crate::support::Place;

#[test]
fn every_shape_gives_the_same_table() {
    let place = Place::new();
    for layout in ["sorted", "shuffled"] {
        place.ok(&format!("simulate {layout} --objects 120 --epochs 30 --bands gr --layout {layout} --files 3"));
        place.ok(&format!("batch {layout} --stat stetson_j,median,eta -o flat.csv --overwrite"));
        let mut from = layout.to_owned();
        for shape in ["list-columns", "list-of-struct", "struct-of-lists", "flat"] {
            let out = format!("{layout}-{shape}");
            let told = place.json(&format!("convert {from} {out} --shape {shape} --json"));
            assert_eq!(told["regrouped"], from == "shuffled", "{told}");
            assert_eq!((&told["objects"], &told["without_epochs"]), (&120.into(), &0.into()), "{told}");
            assert_eq!(told["row_groups"], place.json(&format!("inspect {out} --json"))["row_groups"], "{told}");
            place.ok(&format!("batch {out} --stat stetson_j,median,eta -o lists.csv --overwrite"));
            assert!(place.read("lists.csv") == place.read("flat.csv"), "{out}");
            from = out;
        }
    }
    let said = place.ok("convert shuffled again --shape list-columns --compression none --nested x");
    assert!(said.contains("flat rows") && said.contains("regrouped") && said.contains("120 objects"), "{said}");
    let error = place.fails("convert sorted again --shape flat");
    assert!(error.contains("again") && error.contains("--overwrite"), "{error}");
    place.ok("convert sorted again --shape flat --overwrite");
    place.ok("batch again --stat mean -o again.csv");
    let error = place.fails("convert again again/inside --shape flat");
    assert!(error.contains("again"), "{error}");
}
