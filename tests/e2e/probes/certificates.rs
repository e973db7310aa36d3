//! Certificates for `localhost` by an authority of our own, each with a reason to
//! be good or bad.

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

/// A certificate that a site serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// For a year.
    Good,
    /// For ten days more.
    Soon,
    /// For two days more.
    Now,
    /// Since yesterday no more.
    Expired,
    /// Another name's.
    Name,
    /// By an authority that nobody knows.
    Stranger,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Good,
        Self::Soon,
        Self::Now,
        Self::Expired,
        Self::Name,
        Self::Stranger,
    ];

    fn ends(self) -> SystemTime {
        let now = SystemTime::now();
        match self {
            Self::Good | Self::Name | Self::Stranger => now + 365 * DAY,
            Self::Soon => now + 10 * DAY,
            Self::Now => now + 2 * DAY,
            Self::Expired => now - DAY,
        }
    }
}

/// An authority, and the certificates that it has issued.
pub struct Certificates {
    /// Its own, for those who trust it.
    pub authority: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    stranger: Issuer<'static, KeyPair>,
}

impl Certificates {
    /// A new authority, whose certificate lies in `folder`.
    pub fn new(folder: &Path) -> Result<Self> {
        let authority = folder.join("authority.pem");
        let (issuer, pem) = issuer()?;
        std::fs::write(&authority, pem)?;
        Ok(Self {
            authority,
            issuer,
            stranger: self::issuer()?.0,
        })
    }

    /// Envoy's `transport_socket` with a certificate of that kind.
    pub fn socket(&self, kind: Kind) -> Result<Value> {
        let name = match kind {
            Kind::Name => "elsewhere.example",
            _ => "localhost",
        };
        let issuer = match kind {
            Kind::Stranger => &self.stranger,
            _ => &self.issuer,
        };
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.not_before = (SystemTime::now() - 30 * DAY).into();
        params.not_after = kind.ends().into();
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, issuer)?;
        Ok(json!({"name": "tls", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {"tls_certificates": [{
                "certificate_chain": {"inline_string": certificate.pem()},
                "private_key": {"inline_string": key.serialize_pem()},
            }]},
        }}))
    }
}

fn issuer() -> Result<(Issuer<'static, KeyPair>, String)> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "Sightline's tests");
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}
