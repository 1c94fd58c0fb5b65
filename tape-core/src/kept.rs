//! What statistics keep of a chunk from one to the next.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A place for one thing that statistics share, such as the columns of a chunk on a device. It is empty again once the chunk
/// is filled anew, and is no part of what the chunk is: copies have none, and it counts in no comparison.
#[derive(Default)]
pub struct Kept(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Kept {
    /// What is kept, if it is of this type.
    ///
    /// ```
    /// let kept = tape_core::Kept::default();
    /// kept.set(std::sync::Arc::new(7_u32));
    /// assert_eq!(kept.get::<u32>().as_deref(), Some(&7));
    /// assert!(kept.get::<String>().is_none());
    /// ```
    pub fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(self.0.get()?).downcast().ok()
    }

    /// Keeps something, unless something else is kept already.
    pub fn set<T: Any + Send + Sync>(&self, thing: Arc<T>) {
        // Whoever came first is as good.
        let _ = self.0.set(thing);
    }
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Kept(something)" } else { "Kept(nothing)" })
    }
}
