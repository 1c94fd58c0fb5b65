use super::*;

fn flat(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn lists(names: &[&str]) -> Vec<ListColumn> {
    let list = |&name: &&str| {
        let (within, field) = name.rsplit_once('.').unwrap_or(("", name));
        ListColumn { name: name.to_owned(), within: within.to_owned(), field: field.to_owned() }
    };
    names.iter().map(list).collect()
}

fn resolve(map: &ColumnMap, flat: &[String], lists: &[ListColumn]) -> Result<Resolved, ColumnError> {
    resolve_kinds(map, flat, lists, &[])
}

/// Resolves columns. Those in `integers` hold whole numbers.
fn resolve_kinds(
    map: &ColumnMap,
    flat: &[String],
    lists: &[ListColumn],
    integers: &[&str],
) -> Result<Resolved, ColumnError> {
    let kind = |name: &str| if integers.contains(&name) { ColumnKind::Integer } else { ColumnKind::Other };
    map.resolve(&SurveyColumns { flat, lists, kind: &kind, simulated: false })
}

fn roles(map: &ColumnMap) -> [Option<&str>; 5] {
    Role::ALL.map(|role| map.get(role))
}

#[test]
fn a_preset_is_recognised_by_its_columns() {
    let available = flat(&["midPointTai", "psFlux", "psFluxErr", "filterName", "ps1_objid"]);
    let map = resolve(&ColumnMap::new(), &available, &[]).expect("all are there").map;
    assert_eq!(map.preset().map(|preset| preset.name), Some("tape_ztf"));
    assert_eq!(map.get(Role::Error), Some("psFluxErr"));
}

#[test]
fn common_names_fill_in_and_a_given_name_wins() {
    let available = flat(&["ObjectId", "MJD", "mag", "psfMag", "magerr"]);
    let map = resolve(&ColumnMap::new().flux("psfMag"), &available, &[]).expect("found").map;
    assert_eq!(map.preset(), None);
    assert_eq!(roles(&map), [Some("ObjectId"), Some("MJD"), Some("psfMag"), Some("magerr"), None]);
}

#[test]
fn a_misspelt_column_suggests_the_nearest() {
    let available = flat(&["id", "psFlux", "mjd"]);
    let error = resolve(&ColumnMap::new().flux("psflx"), &available, &lists(&["lc.x"])).expect_err("no such column");
    assert_eq!(
        error.to_string(),
        "no flux column 'psflx' (did you mean 'psFlux'?); columns: id, psFlux, mjd, lc.x. Name it"
    );
}

#[test]
fn the_lists_with_most_roles_are_the_light_curves() {
    let object = flat(&["id", "ra", "dec", "mag", "type"]);
    let nested = lists(&["host.mag", "lightcurve.mjd", "lightcurve.mag", "lightcurve.magerr", "lightcurve.band"]);
    let map = resolve(&ColumnMap::new(), &object, &nested).expect("found").map;
    assert_eq!(map.preset(), None);
    let within = ["lightcurve.mjd", "lightcurve.mag", "lightcurve.magerr", "lightcurve.band"].map(Some);
    assert_eq!(roles(&map), [Some("id"), within[0], within[1], within[2], within[3]]);
    let map =
        resolve(&ColumnMap::new(), &flat(&["id", "band"]), &lists(&["mjd", "mag", "sub.mag"])).expect("found").map;
    assert_eq!(roles(&map), [Some("id"), Some("mjd"), Some("mag"), None, Some("band")], "a band for each list");
}

#[test]
fn lists_win_over_flat_columns_unless_these_are_named_but_two_lists_are_ambiguous() {
    let (rows, nested) = (flat(&["id", "mjd", "mag", "magerr", "band"]), lists(&["lc.mjd", "lc.mag"]));
    let found = resolve(&ColumnMap::new(), &rows, &nested).expect("found");
    assert_eq!(roles(&found.map), [Some("id"), Some("lc.mjd"), Some("lc.mag"), None, Some("band")]);
    assert!(found.notes[0].1.contains("not from the flat columns 'mjd' and 'mag' next to them"), "{:?}", found.notes);
    let found = resolve(&ColumnMap::new().flux("mag"), &rows, &nested).expect("found");
    assert_eq!(roles(&found.map), ["id", "mjd", "mag", "magerr", "band"].map(Some));
    let two = lists(&["a.mjd", "a.mag", "b.mjd", "b.flux"]);
    let error = resolve(&ColumnMap::new(), &flat(&["id"]), &two).expect_err("either");
    assert_eq!(error.to_string(), "the flux column could be 'a.mag' or 'b.flux': name one of them");
    let map = resolve(&ColumnMap::new().flux("b.flux"), &flat(&["id", "mjd", "mag"]), &two).expect("named").map;
    assert_eq!(roles(&map), [Some("id"), Some("b.mjd"), Some("b.flux"), None, None]);
}

#[test]
fn a_preset_is_recognised_within_a_column_and_its_names_are_found_there() {
    let epochs = lists(&["diaSource.midpointMjdTai", "diaSource.psfFlux", "diaSource.psfFluxErr", "diaSource.band"]);
    let rubin = crate::presets::preset("rubin_dp1").expect("a known preset");
    for named in [ColumnMap::new(), ColumnMap::from(rubin)] {
        let map = resolve(&named, &flat(&["diaObjectId", "ra"]), &epochs).expect("found").map;
        assert_eq!(map.preset().map(|preset| preset.name), Some("rubin_dp1"));
        assert_eq!(map.get(Role::Time), Some("diaSource.midpointMjdTai"));
    }
}

/// Resolves flat columns, and returns the roles and notes.
fn guess(names: &[&str], integers: &[&str]) -> ([Option<String>; 5], Vec<String>) {
    let found = resolve_kinds(&ColumnMap::new(), &flat(names), &[], integers).expect("found");
    let notes = found.notes.into_iter().map(|(_, note)| note).collect();
    (roles(&found.map).map(|name| name.map(str::to_owned)), notes)
}

#[test]
fn guesses_take_what_a_person_would() {
    type Case = (&'static [&'static str], [Option<&'static str>; 5]);
    let cases: [Case; 10] = [
        (
            &["id", "obj_id", "mjd", "flux", "fluxerr", "filter"],
            ["obj_id", "mjd", "flux", "fluxerr", "filter"].map(Some),
        ),
        (
            &["source_id", "mjd", "mag", "magerr", "allwise_cntr"],
            [Some("allwise_cntr"), Some("mjd"), Some("mag"), Some("magerr"), None],
        ),
        (&["id", "mjd", "mag", "magerr", "flux", "band"], ["id", "mjd", "mag", "magerr", "band"].map(Some)),
        (&["id", "mjd", "flux", "mag", "magerr"], [Some("id"), Some("mjd"), Some("mag"), Some("magerr"), None]),
        (&["id", "mjd", "mag", "flux_err", "band"], [Some("id"), Some("mjd"), Some("mag"), None, Some("band")]),
        (&["id", "mjd", "flux", "error", "flt"], ["id", "mjd", "flux", "error", "flt"].map(Some)),
        (&["id", "t", "jd", "mag", "magerr", "band"], ["id", "jd", "mag", "magerr", "band"].map(Some)),
        (&["id", "MAG", "mjd", "mag", "magerr", "band"], ["id", "mjd", "mag", "magerr", "band"].map(Some)),
        (&["oid", "mjd", "magpsf", "sigmapsf", "fid"], ["oid", "mjd", "magpsf", "sigmapsf", "fid"].map(Some)),
        (
            &["id", "time", "flux", "flux_err", "mag", "mag_err"],
            [Some("id"), Some("time"), Some("flux"), Some("flux_err"), None],
        ),
    ];
    for (names, expected) in cases {
        assert_eq!(guess(names, &[]).0, expected.map(|name| name.map(str::to_owned)), "{names:?}");
    }
}

#[test]
fn doubtful_guesses_are_noted_and_clear_ones_are_not() {
    for (names, integers, note) in [
        (
            &["id", "obj_id", "mjd", "mag"][..],
            &[][..],
            "the id is read from column 'obj_id', although it could be 'id'",
        ),
        (
            &["id", "mjd", "mag", "magerr", "flux"],
            &[],
            "the flux is read from column 'mag', although it could be 'flux'",
        ),
        (&["id", "mjd", "mag", "flux_err"], &[], "column 'flux_err' is not taken for the error of 'mag'"),
        (&["id", "mjd", "psfmag", "magerr"], &[], "column 'magerr' is taken for the error of 'psfmag'"),
        (&["id", "mjd", "mag", "magerr"], &["magerr"], "the error column 'magerr' holds whole numbers"),
        (&["id", "mjd", "mag", "err"], &["err"], "column 'err' is not taken for the error of 'mag'"),
        (
            &["id", "mjd", "mag", "band", "filter"],
            &[],
            "the band is read from column 'band', although it could be 'filter'",
        ),
    ] {
        let (_, notes) = guess(names, integers);
        assert!(notes.iter().any(|told| told.contains(note)) && notes[0].contains("name the"), "{names:?}: {notes:?}");
    }
    for names in
        [&["id", "mjd", "mag", "magerr", "band"][..], &["objectid", "mjd", "hjd", "flux", "fluxerr", "source_id"]]
    {
        assert_eq!(guess(names, &[]).1, [""; 0], "{names:?}");
    }
    let two = flat(&["id", "mjd", "mag", "mag"]);
    let error = resolve(&ColumnMap::new(), &two, &[]).expect_err("two of one name");
    assert!(error.to_string().starts_with("two columns are called 'mag'"), "{error}");
}

#[test]
fn names_of_simulated_surveys_are_a_preset_only_with_their_mark() {
    let names = flat(&["id", "mjd", "flux", "error", "band"]);
    for (simulated, preset) in [(true, Some("tape")), (false, None)] {
        let columns = SurveyColumns { flat: &names, lists: &[], kind: &|_| ColumnKind::Other, simulated };
        let found = ColumnMap::new().resolve(&columns).expect("found");
        assert_eq!(found.map.preset().map(|preset| preset.name), preset);
    }
}
