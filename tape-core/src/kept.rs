//! Storage for values that statistics share within a chunk.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A slot for one value that several statistics share, such as the columns of a chunk on a device. It is cleared when
/// the chunk is refilled. It is not part of the chunk's value: clones start empty, and comparisons ignore it.
#[derive(Default)]
pub struct Kept(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Kept {
    /// Returns the stored value, if it is of type `T`.
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

    /// Stores a value, unless the slot is taken already.
    pub fn set<T: Any + Send + Sync>(&self, thing: Arc<T>) {
        // If another thread stored a value first, either will do.
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
