// Sums of the fluxes, of their squares, and of the squared errors. A reference close to their mean was subtracted from
// the fluxes.

const LEN = 3u;
alias State = array<real, LEN>;

fn empty() -> State {
    return State(real(0.0), real(0.0), real(0.0));
}

fn lift(flux: real, error: real) -> State {
    return State(flux, flux * flux, error * error);
}

fn combine(a: State, b: State) -> State {
    return State(a[0] + b[0], a[1] + b[1], a[2] + b[2]);
}
