// Sums of the weights 1/error², of the weighted fluxes and of their weighted squares. A reference close to their mean
// was subtracted from the fluxes.

const LEN = 3u;
alias State = array<real, LEN>;

fn empty() -> State {
    return State(real(0.0), real(0.0), real(0.0));
}

fn lift(flux: real, error: real) -> State {
    let inverse = real(1.0) / error;
    let in_errors = flux * inverse;
    return State(inverse * inverse, in_errors * inverse, in_errors * in_errors);
}

fn combine(a: State, b: State) -> State {
    return State(a[0] + b[0], a[1] + b[1], a[2] + b[2]);
}
