// The minimum and maximum flux.

const LEN = 2u;
alias State = array<real, LEN>;

fn empty() -> State {
    return State(real(3.4e38), real(-3.4e38));
}

fn lift(flux: real, error: real) -> State {
    return State(flux, flux);
}

fn combine(a: State, b: State) -> State {
    return State(min(a[0], b[0]), max(a[1], b[1]));
}
