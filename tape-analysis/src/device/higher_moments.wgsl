// Sums of the first four powers of the fluxes, from which a reference close to their mean was subtracted.

const LEN = 4u;
alias State = array<real, LEN>;

fn empty() -> State {
    return State(real(0.0), real(0.0), real(0.0), real(0.0));
}

fn lift(flux: real, error: real) -> State {
    let square = flux * flux;
    return State(flux, square, square * flux, square * square);
}

fn combine(a: State, b: State) -> State {
    return State(a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]);
}
