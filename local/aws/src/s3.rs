//! S3: buckets are folders, objects are files, by `s3s-fs`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;

/// What a body may fail with.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;
/// A body of any service; an object's comes as it is read.
pub(crate) type AnyBody = UnsyncBoxBody<Bytes, BodyError>;

pub(crate) struct S3 {
    service: S3Service,
    folder: PathBuf,
}

impl S3 {
    /// `credentials`: the key and the secret that requests are signed with.
    pub(crate) fn open(folder: &Path, credentials: (&str, &str)) -> Result<Self, OpenError> {
        std::fs::create_dir_all(folder).map_err(|e| OpenError(e.to_string()))?;
        let files = FileSystem::new(folder).map_err(|e| OpenError(format!("{e:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(credentials.0, credentials.1));
        Ok(Self {
            service: builder.build(),
            folder: folder.to_owned(),
        })
    }

    pub(crate) async fn answer(self: &Arc<Self>, request: Request<s3s::Body>) -> Response<AnyBody> {
        let writes = request.method() != Method::GET && request.method() != Method::HEAD;
        match self.service.call(request).await {
            Ok(response) => {
                if writes
                    && response.status().is_success()
                    && let Err(error) = self.sync().await
                {
                    tracing::error!(error = %error, "cannot bring an object to the disk");
                    return failed();
                }
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            }
            Err(error) => {
                tracing::error!(error = ?error, "the object store failed");
                failed()
            }
        }
    }

    /// Brings all files to the disk, with their names.
    async fn sync(&self) -> io::Result<()> {
        let folder = self.folder.clone();
        let sync = tokio::task::spawn_blocking(move || Ok(rustix::fs::syncfs(File::open(folder)?)?));
        sync.await.unwrap_or_else(|e| Err(io::Error::other(e)))
    }
}

fn failed() -> Response<AnyBody> {
    let body = "<Error><Code>InternalError</Code><Message>The object store failed.</Message></Error>";
    let mut response = Response::new(whole(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

pub(crate) fn whole(bytes: Bytes) -> AnyBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(String);
