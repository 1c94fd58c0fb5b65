//! Deliberately wrong kernels, which must be detected by their results, not by a failure to run.

use libtest_mimic::Failed;

/// Replaces one part of a text, and leaks the result.
pub(crate) fn changed(text: &str, (right, wrong): (&str, &str)) -> Result<&'static str, Failed> {
    let changed = text.replace(right, wrong);
    if changed == text {
        return Err(format!("the text does not contain {right:?}").into());
    }
    Ok(String::leak(changed))
}

/// Checks that each change to the text is detected. Each change is a name, the right text and the wrong text. `compare`
/// builds a kernel from a name and a text, and compares its results with the CPU's.
pub(crate) fn all_caught(
    text: &str,
    breaks: &[(&'static str, &str, &str)],
    compare: impl Fn(&'static str, &'static str) -> Result<(), String>,
) -> Result<(), Failed> {
    for &(name, right, wrong) in breaks {
        match compare(name, changed(text, (right, wrong))?) {
            Err(difference) if difference.contains("a difference of") => {}
            other => return Err(format!("{right:?}: {other:?}").into()),
        }
    }
    Ok(())
}
