//! The id of a submission: the ticket that it will become and who submitted it, signed. So a submission that is still in
//! the queue needs no row to be known, and an id that was never issued is known as none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Result;
use domain::id::{TenantId, TicketId, UserId};
use runtime::config::Secret;
use runtime::secret::{equal, mac};
use uuid::Uuid;

const MAC_BYTES: usize = 12;
const UUID_BYTES: usize = 16;

/// What a submission id says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubmissionId {
    pub(crate) ticket: Uuid,
    pub(crate) submitter: UserId,
}

impl SubmissionId {
    /// A new one; the same one for the same `Idempotency-Key` of the same person.
    pub(crate) fn new(
        key: &Secret,
        tenant: &TenantId,
        submitter: &UserId,
        idempotency: Option<&str>,
    ) -> Result<Self> {
        let ticket = match idempotency {
            None => Uuid::now_v7(),
            Some(idempotency) => {
                let parts = [
                    b"ticket",
                    tenant.as_str().as_bytes(),
                    submitter.as_str().as_bytes(),
                    idempotency.as_bytes(),
                ];
                let mut bytes = [0; UUID_BYTES];
                for (byte, from) in bytes.iter_mut().zip(mac(&key.0, &parts)?) {
                    *byte = from;
                }
                uuid::Builder::from_custom_bytes(bytes).into_uuid()
            }
        };
        Ok(Self {
            ticket,
            submitter: submitter.clone(),
        })
    }

    pub(crate) fn ticket_id(&self) -> TicketId {
        TicketId::from(self.ticket)
    }

    /// As clients see it.
    pub(crate) fn seal(&self, key: &Secret, tenant: &TenantId) -> Result<String> {
        let mut bytes = self.ticket.as_bytes().to_vec();
        bytes.extend(self.signature(key, tenant)?);
        bytes.extend(self.submitter.as_str().as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// None: this tenant never issued it.
    pub(crate) fn open(text: &str, key: &Secret, tenant: &TenantId) -> Result<Option<Self>> {
        let Some(bytes) = URL_SAFE_NO_PAD.decode(text).ok() else {
            return Ok(None);
        };
        let Some((uuid, rest)) = bytes.split_first_chunk::<UUID_BYTES>() else {
            return Ok(None);
        };
        let Some((signature, submitter)) = rest.split_first_chunk::<MAC_BYTES>() else {
            return Ok(None);
        };
        let submitter = std::str::from_utf8(submitter)
            .ok()
            .and_then(|text| UserId::parse(text).ok());
        let Some(submitter) = submitter else {
            return Ok(None);
        };
        let id = Self {
            ticket: Uuid::from_bytes(*uuid),
            submitter,
        };
        Ok(equal(&id.signature(key, tenant)?, signature).then_some(id))
    }

    fn signature(&self, key: &Secret, tenant: &TenantId) -> Result<Vec<u8>> {
        let parts = [
            b"submission".as_slice(),
            tenant.as_str().as_bytes(),
            self.submitter.as_str().as_bytes(),
            self.ticket.as_bytes(),
        ];
        Ok(mac(&key.0, &parts)?.into_iter().take(MAC_BYTES).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: Secret = Secret([7; 32]);

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    fn mei() -> UserId {
        UserId::parse("mei").unwrap()
    }

    #[test]
    fn an_id_says_who_submitted_what() {
        let id = SubmissionId::new(&KEY, &tenant("acme"), &mei(), None).unwrap();
        let sealed = id.seal(&KEY, &tenant("acme")).unwrap();
        assert_eq!(
            SubmissionId::open(&sealed, &KEY, &tenant("acme")).unwrap(),
            Some(id)
        );
        assert_eq!(SubmissionId::open(&sealed, &KEY, &tenant("other")).unwrap(), None);
        assert_eq!(
            SubmissionId::open(&sealed, &Secret([8; 32]), &tenant("acme")).unwrap(),
            None
        );
    }

    #[test]
    fn one_idempotency_key_is_one_ticket() {
        let id = |user: &str, key| {
            SubmissionId::new(&KEY, &tenant("acme"), &UserId::parse(user).unwrap(), Some(key)).unwrap()
        };
        assert_eq!(id("mei", "k1"), id("mei", "k1"));
        assert_ne!(id("mei", "k1").ticket, id("mei", "k2").ticket);
        assert_ne!(id("mei", "k1").ticket, id("lin", "k1").ticket);
    }

    proptest! {
        #[test]
        fn no_text_is_an_id_by_chance(text in ".{0,80}") {
            prop_assert_eq!(SubmissionId::open(&text, &KEY, &tenant("acme")).unwrap(), None);
        }

        #[test]
        fn a_changed_id_is_none(at in 0usize..40, to in "[A-Za-z0-9]") {
            let sealed = SubmissionId { ticket: Uuid::from_u128(1), submitter: mei() }.seal(&KEY, &tenant("acme")).unwrap();
            let mut changed: Vec<char> = sealed.chars().collect();
            let at = at % changed.len();
            changed[at] = to.chars().next().unwrap();
            let changed: String = changed.into_iter().collect();
            if changed != sealed {
                prop_assert_eq!(SubmissionId::open(&changed, &KEY, &tenant("acme")).unwrap(), None);
            }
        }
    }
}
