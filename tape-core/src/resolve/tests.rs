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

fn roles(map: &ColumnMap) -> [Option<&str>; 5] {
    Role::ALL.map(|role| map.get(role))
}

#[test]
fn a_preset_is_recognised_by_its_columns() {
    let available = flat(&["midPointTai", "psFlux", "psFluxErr", "filterName", "ps1_objid"]);
    let map = ColumnMap::new().resolve(&available, &[]).expect("all are there");
    assert_eq!(map.preset().map(|preset| preset.name), Some("tape_ztf"));
    assert_eq!(map.get(Role::Error), Some("psFluxErr"));
}

#[test]
fn common_names_fill_in_and_a_given_name_wins() {
    let available = flat(&["ObjectId", "MJD", "mag", "psfMag", "magerr"]);
    let map = ColumnMap::new().flux("psfMag").resolve(&available, &[]).expect("found");
    assert_eq!(map.preset(), None);
    assert_eq!(roles(&map), [Some("ObjectId"), Some("MJD"), Some("psfMag"), Some("magerr"), None]);
}

#[test]
fn a_misspelt_column_suggests_the_nearest() {
    let available = flat(&["id", "psFlux", "mjd"]);
    let error = ColumnMap::new().flux("psflx").resolve(&available, &lists(&["lc.x"])).expect_err("no such column");
    assert_eq!(
        error.to_string(),
        "no flux column 'psflx' (did you mean 'psFlux'?); columns: id, psFlux, mjd, lc.x. Name it"
    );
}

#[test]
fn the_lists_with_most_roles_are_the_light_curves() {
    let object = flat(&["id", "ra", "dec", "mag", "type"]);
    let map = ColumnMap::new()
        .resolve(
            &object,
            &lists(&["host.mag", "lightcurve.mjd", "lightcurve.mag", "lightcurve.magerr", "lightcurve.band"]),
        )
        .expect("found");
    assert_eq!(map.preset(), None);
    let within = ["lightcurve.mjd", "lightcurve.mag", "lightcurve.magerr", "lightcurve.band"].map(Some);
    assert_eq!(roles(&map), [Some("id"), within[0], within[1], within[2], within[3]]);
    let map = ColumnMap::new().resolve(&flat(&["id", "band"]), &lists(&["mjd", "mag", "sub.mag"])).expect("found");
    assert_eq!(roles(&map), [Some("id"), Some("mjd"), Some("mag"), None, Some("band")], "a band for each list");
}

#[test]
fn flat_columns_win_a_tie_but_two_lists_are_ambiguous() {
    let map = ColumnMap::new().resolve(&flat(&["id", "mjd", "mag"]), &lists(&["lc.mjd", "lc.mag"])).expect("found");
    assert_eq!(map.get(Role::Flux), Some("mag"));
    let two = lists(&["a.mjd", "a.mag", "b.mjd", "b.flux"]);
    let error = ColumnMap::new().resolve(&flat(&["id"]), &two).expect_err("either");
    assert_eq!(error.to_string(), "the flux column could be 'a.mag' or 'b.flux': name one of them");
    let map = ColumnMap::new().flux("b.flux").resolve(&flat(&["id", "mjd", "mag"]), &two).expect("named");
    assert_eq!(roles(&map), [Some("id"), Some("b.mjd"), Some("b.flux"), None, None]);
}

#[test]
fn a_preset_is_recognised_within_a_column_and_its_names_are_found_there() {
    let epochs = lists(&["diaSource.midpointMjdTai", "diaSource.psfFlux", "diaSource.psfFluxErr", "diaSource.band"]);
    let rubin = crate::presets::preset("rubin_dp1").expect("a known preset");
    for named in [ColumnMap::new(), ColumnMap::from(rubin)] {
        let map = named.resolve(&flat(&["diaObjectId", "ra"]), &epochs).expect("found");
        assert_eq!(map.preset().map(|preset| preset.name), Some("rubin_dp1"));
        assert_eq!(map.get(Role::Time), Some("diaSource.midpointMjdTai"));
    }
}
