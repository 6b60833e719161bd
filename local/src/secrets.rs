//! The keys of an installation: made once, kept in the data folder, readable by its owner only.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

const FILE: &str = "secrets.json";

/// As the variables of the configuration hold them: 32 bytes each, in base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secrets {
    pub token_private_key: String,
    pub token_public_key: String,
    pub submission_key: String,
}

impl Secrets {
    /// New ones.
    pub fn generate() -> Result<Self> {
        let seed = runtime::secret::random::<32>()?;
        let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        Ok(Self {
            token_private_key: STANDARD.encode(seed),
            token_public_key: STANDARD.encode(public.to_bytes()),
            submission_key: STANDARD.encode(runtime::secret::random::<32>()?),
        })
    }

    /// If they are keys, and those of tokens belong together.
    fn checked(self) -> Result<Self> {
        let bytes = |text: &str| -> Result<[u8; 32]> {
            let bytes = STANDARD.decode(text).context("a key is not base64")?;
            let bytes = bytes.try_into().map_err(|_| anyhow!("a key has not 32 bytes"))?;
            Ok(bytes)
        };
        let private = ed25519_dalek::SigningKey::from_bytes(&bytes(&self.token_private_key)?);
        let public = bytes(&self.token_public_key)?;
        bytes(&self.submission_key)?;
        ensure!(
            private.verifying_key().to_bytes() == public,
            "the keys of tokens do not belong together"
        );
        Ok(self)
    }

    fn of_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        serde_json::from_slice(bytes)
            .map_err(anyhow::Error::from)
            .and_then(Self::checked)
            .with_context(|| format!("{} cannot be read; restore it from a backup", path.display()))
    }

    /// Those of a data folder that has some.
    pub fn there(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::of_bytes(&bytes, &path)
    }

    /// As parameters of the template, in YAML.
    pub fn write_parameters(&self, file: &Path) -> Result<()> {
        let text = format!(
            "TokenPublicKey: \"{}\"\nTokenPrivateKey: \"{}\"\nSubmissionKey: \"{}\"\n",
            self.token_public_key, self.token_private_key, self.submission_key
        );
        write_private(file, text.as_bytes())
    }

    /// Those of the data folder; made at the first time.
    pub fn of_folder(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the data folder {}", folder.display()))?;
        let path = folder.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => Self::of_bytes(&bytes, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secrets = Self::generate()?;
                write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
                Ok(secrets)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}

/// For its owner only; whole or not at all: a half-written file would lock everybody out.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(|| format!("cannot write {}", temporary.display()))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))?;
    // Its name, too.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
