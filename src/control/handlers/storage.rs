//! Reads and stores files and uploads.

use serde_json::{Value, json};

use crate::blob::Blob;
use crate::mock::{MockOrigin, ProvisionError};
use crate::storage::{File, Node};

use crate::control::dto::requests::{NewUpload, read};
use crate::control::dto::responses as dto;
use crate::control::list::list;
use crate::control::message::{ApiError, Request, Response};
use crate::control::query::Parameter;

const PATH: (&str, &str) = ("path", "a path from the account's root, or with the account in front");
const USER: (&str, &str) = ("user", "the name of a user");

/// The parameters for reading a file.
pub(in crate::control) const READ: &[Parameter] = &[Parameter::new(PATH.0, PATH.1)];

/// The parameters for storing a file.
pub(in crate::control) const PUT: &[Parameter] =
    &[Parameter::new(PATH.0, PATH.1).required(), Parameter::new(USER.0, USER.1)];

/// The parameters for storing a piece.
pub(in crate::control) const PIECE: &[Parameter] =
    &[Parameter::new("part", "a part number").required()];

impl From<ProvisionError> for ApiError {
    fn from(error: ProvisionError) -> Self {
        match error {
            ProvisionError::Invalid(why) => Self::new(400, why),
            ProvisionError::NotFound(why) => Self::new(404, why),
            ProvisionError::Conflict(why) => Self::new(409, why),
        }
    }
}

pub(in crate::control) fn files(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    if let Some(path) = request.query.get(PATH.0) {
        return Ok(Response::Blob(origin.stored_content(path)?));
    }
    let files = origin.stored_files().into_iter().filter_map(|(path, node)| match &*node {
        Node::File(file) => Some(file_json(path, file)),
        Node::Directory(_) => None,
    });
    Ok(Response::Written(list("files", files)))
}

fn file_json(path: String, file: &File) -> std::io::Result<Value> {
    Ok(json!(dto::File {
        path,
        size: file.content.len(),
        digest: file.content.digest()?.to_string(),
        content_type: file.content_type.clone(),
        mtime: file.stat.mtime.secs(),
    }))
}

pub(in crate::control) fn put_file(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let path = request.query.get(PATH.0).unwrap_or_default();
    let stored = &request.content;
    let path = origin.put_file(path, request.query.get(USER.0), stored.clone())?;
    Ok(Response::Json(json!({ "path": path, "size": stored.len(), "digest": digest(stored) })))
}

fn digest(content: &Blob) -> Option<String> {
    content.known_digest().map(|digest| digest.to_string())
}

pub(in crate::control) fn uploads(origin: &MockOrigin) -> Response {
    let uploads = origin.named_uploads();
    Response::Written(list("uploads", uploads.map(|upload| Ok(json!(dto::Upload::from(&upload))))))
}

pub(in crate::control) fn upload(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    Ok(Response::Json(json!(dto::Upload::from(&origin.named_upload(request.id)?))))
}

pub(in crate::control) fn begin_upload(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let NewUpload { path, user } = read(request.body)?;
    let id = origin.begin_upload(&path, user.as_deref())?;
    Ok(Response::Json(json!({ "id": id })))
}

pub(in crate::control) fn put_piece(
    origin: &MockOrigin,
    request: &Request<'_>,
) -> Result<Response, ApiError> {
    let part = request.query.number("part")?.unwrap_or_default();
    let stored = &request.content;
    origin.put_piece(request.id, part, stored.clone())?;
    Ok(Response::Json(json!({ "part": part, "size": stored.len(), "digest": digest(stored) })))
}
