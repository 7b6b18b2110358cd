//! The queries that run, so that one can be found and cancelled.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What belongs to each query that runs, by what tells it apart; clones share it.
pub(crate) struct Running<K, V>(Arc<Mutex<HashMap<K, V>>>);

impl<K, V> Clone for Running<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Running<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash, V> Running<K, V> {
    /// Notes a query for as long as what is answered is kept.
    pub(crate) fn begin(&self, key: K, value: V) -> Run<K, V>
    where
        K: Clone,
    {
        self.held().insert(key.clone(), value);
        Run {
            running: self.clone(),
            key,
        }
    }

    /// Looks at what belongs to a query; nothing where it does not run.
    pub(crate) fn look<T>(&self, key: &K, at: impl FnOnce(&V) -> T) -> Option<T> {
        self.held().get(key).map(at)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query among those that run, for as long as it does.
pub(crate) struct Run<K: Eq + Hash, V> {
    running: Running<K, V>,
    key: K,
}

impl<K: Eq + Hash, V> Drop for Run<K, V> {
    fn drop(&mut self) {
        self.running.held().remove(&self.key);
    }
}
