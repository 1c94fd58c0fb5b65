//! Kernels broken on purpose, which must be caught by their numbers: not because they do not run.

use libtest_mimic::Failed;

/// A text with one part changed, as long as the program.
pub(crate) fn changed(text: &str, (right, wrong): (&str, &str)) -> Result<&'static str, Failed> {
    let changed = text.replace(right, wrong);
    if changed == text {
        return Err(format!("the text has no {right:?} any more").into());
    }
    Ok(String::leak(changed))
}

/// That each break is caught: a name for the kernel, what is right, and what is wrong. `compare` makes a kernel of a name and a
/// text, and holds its answers against those of the CPU.
pub(crate) fn all_caught(
    text: &str,
    breaks: &[(&'static str, &str, &str)],
    compare: impl Fn(&'static str, &'static str) -> Result<(), String>,
) -> Result<(), Failed> {
    for &(name, right, wrong) in breaks {
        match compare(name, changed(text, (right, wrong))?) {
            Err(difference) if difference.contains("which differ by") => {}
            other => return Err(format!("{right:?}: {other:?}").into()),
        }
    }
    Ok(())
}
