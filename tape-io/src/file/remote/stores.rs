//! Maps URLs to object stores, which are configured by environment variables.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::limit::LimitStore;
use object_store::path::Path as Location;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::error::Error;

/// Maximum number of concurrent requests to a store.
const IN_FLIGHT: usize = 32;
/// Timeout of a request in seconds, unless `TAPE_REMOTE_TIMEOUT` sets another.
const TIMEOUT: u64 = 60;
/// Number of retries of a request, unless `TAPE_REMOTE_RETRIES` sets another.
const RETRIES: u64 = 5;

/// A location in a store.
pub(super) struct At {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) path: Location,
    /// True if the store can list its files.
    pub(super) lists: bool,
    /// The part of the URL before the location.
    root: String,
}

impl At {
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let text = path.to_str().unwrap_or_default();
        let wrong = |reason: String| Error::Remote { path: path.to_owned(), reason };
        let url = Url::parse(text).map_err(|error| wrong(format!("is not a URL: {error}")))?;
        let lists = !matches!(url.scheme(), "http" | "https");
        let root = format!("{}://{}", url.scheme(), &url[url::Position::BeforeHost..url::Position::AfterPort]);
        let location = Location::from_url_path(url.path().trim_end_matches('/'));
        let location = location.map_err(|error| wrong(format!("is not a URL: {error}")))?;
        let store = store(&url, &root).map_err(|error| wrong(super::chain(&*error)))?;
        Ok(Self { store, path: location, lists, root })
    }

    pub(super) fn url_of(&self, location: &Location) -> PathBuf {
        format!("{}/{location}", self.root).into()
    }
}

/// Returns the store of a URL. URLs with the same root share one store.
fn store(url: &Url, root: &str) -> Result<Arc<dyn ObjectStore>, Box<dyn std::error::Error>> {
    static STORES: OnceLock<Mutex<HashMap<String, Arc<dyn ObjectStore>>>> = OnceLock::new();
    let mut stores = STORES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(store) = stores.get(root) {
        return Ok(Arc::clone(store));
    }
    let store = new_store(url, root)?;
    stores.insert(root.to_owned(), Arc::clone(&store));
    Ok(store)
}

fn new_store(url: &Url, root: &str) -> Result<Arc<dyn ObjectStore>, Box<dyn std::error::Error>> {
    let retry = retry();
    let is_plain = |variable: &str| std::env::var(variable).is_ok_and(|endpoint| endpoint.starts_with("http://"));
    let limited = |store: Arc<dyn ObjectStore>| -> Arc<dyn ObjectStore> { Arc::new(LimitStore::new(store, IN_FLIGHT)) };
    Ok(match url.scheme() {
        "s3" | "s3a" => {
            let plain = is_plain("AWS_ENDPOINT") || is_plain("AWS_ENDPOINT_URL") || is_plain("AWS_ENDPOINT_URL_S3");
            let mut builder = AmazonS3Builder::from_env().with_url(root).with_retry(retry);
            if none_of(&[
                "AWS_ACCESS_KEY_ID",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_SKIP_SIGNATURE",
            ]) {
                builder = builder.with_skip_signature(true);
            }
            limited(Arc::new(builder.with_client_options(client(plain)).build()?))
        }
        "gs" => {
            let mut builder = GoogleCloudStorageBuilder::from_env().with_url(root).with_retry(retry);
            if none_of(&[
                "GOOGLE_SERVICE_ACCOUNT",
                "GOOGLE_SERVICE_ACCOUNT_PATH",
                "GOOGLE_SERVICE_ACCOUNT_KEY",
                "GOOGLE_APPLICATION_CREDENTIALS",
                "GOOGLE_SKIP_SIGNATURE",
            ]) {
                builder = builder.with_skip_signature(true);
            }
            limited(Arc::new(builder.with_client_options(client(false)).build()?))
        }
        "az" | "azure" | "abfs" | "abfss" | "adl" => {
            let plain = is_plain("AZURE_STORAGE_ENDPOINT") || is_plain("AZURE_ENDPOINT");
            let mut builder = MicrosoftAzureBuilder::from_env().with_url(root).with_retry(retry);
            if none_of(&[
                "AZURE_STORAGE_ACCOUNT_KEY",
                "AZURE_STORAGE_SAS_KEY",
                "AZURE_STORAGE_CLIENT_ID",
                "AZURE_STORAGE_TOKEN",
                "AZURE_SKIP_SIGNATURE",
            ]) {
                builder = builder.with_skip_signature(true);
            }
            limited(Arc::new(builder.with_client_options(client(plain)).build()?))
        }
        "http" | "https" => {
            let options = client(url.scheme() == "http");
            limited(Arc::new(HttpBuilder::new().with_url(root).with_retry(retry).with_client_options(options).build()?))
        }
        other => return Err(format!("unsupported URL scheme '{other}://': use file, s3, gs, az, http or https").into()),
    })
}

fn none_of(variables: &[&str]) -> bool {
    variables.iter().all(|variable| std::env::var_os(variable).is_none())
}

fn client(plain: bool) -> ClientOptions {
    let timeout = Duration::from_secs(number("TAPE_REMOTE_TIMEOUT", TIMEOUT).max(1));
    let options = ClientOptions::new().with_timeout(timeout).with_connect_timeout(timeout.min(Duration::from_secs(10)));
    options.with_allow_http(plain)
}

fn retry() -> RetryConfig {
    let timeout = number("TAPE_REMOTE_TIMEOUT", TIMEOUT).max(1);
    let max_retries = usize::try_from(number("TAPE_REMOTE_RETRIES", RETRIES)).unwrap_or(usize::MAX);
    RetryConfig { max_retries, retry_timeout: Duration::from_secs(3 * timeout), ..RetryConfig::default() }
}

/// Returns the number in an environment variable, or `otherwise` if it is not set or not a number.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
