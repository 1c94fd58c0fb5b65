// Sums of the fluxes and of their squares. A reference close to their mean was subtracted from the fluxes.

const LEN = 2u;
alias State = array<real, LEN>;

fn empty() -> State {
    return State(real(0.0), real(0.0));
}

fn lift(flux: real, error: real) -> State {
    return State(flux, flux * flux);
}

fn combine(a: State, b: State) -> State {
    return State(a[0] + b[0], a[1] + b[1]);
}
