//! Tickets, submissions, lists, events.

use domain::error::Code;
use domain::id::TenantId;
use store::keys;
use store::tickets::FailedSubmission;
use store::tickets::Submitted;

use crate::{at, key, page, store, submission, tenant, user_id};

#[tokio::test]
async fn a_ticket_is_created_once_and_resolved_once() {
    let store = store().await;
    let ticket = submission("t1").into_ticket(key("expense"), 1);
    assert!(store.ticket_create(&tenant(), &ticket).await.unwrap());
    assert!(!store.ticket_create(&tenant(), &ticket).await.unwrap());
    assert_eq!(
        store.ticket_get(&tenant(), &ticket.id).await.unwrap(),
        Some(ticket.clone())
    );
    assert!(
        store
            .ticket_resolve(&tenant(), &ticket.id, "completed", at(5))
            .await
            .unwrap()
    );
    assert!(
        !store
            .ticket_resolve(&tenant(), &ticket.id, "rejected", at(6))
            .await
            .unwrap()
    );
    let resolved = store.ticket_get(&tenant(), &ticket.id).await.unwrap().unwrap();
    assert_eq!(
        (resolved.resolution.as_deref(), resolved.revision),
        (Some("completed"), 2)
    );
    let other = TenantId::parse("other").unwrap();
    assert_eq!(store.ticket_get(&other, &ticket.id).await.unwrap(), None);
    assert!(
        !store
            .ticket_resolve(&other, &ticket.id, "completed", at(5))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_ticket_outweighs_the_failure_before_it() {
    let store = store().await;
    let ticket = submission("t1").into_ticket(key("expense"), 1);
    let failure = FailedSubmission {
        ticket: ticket.id.clone(),
        requester: ticket.requester.clone(),
        failed_at: at(1),
        reasons: Vec::new(),
    };
    assert!(matches!(
        store.submission_get(&tenant(), &ticket.id).await.unwrap(),
        Submitted::Nothing
    ));
    store.submission_failed(&tenant(), &failure).await.unwrap();
    assert!(matches!(
        store.submission_get(&tenant(), &ticket.id).await.unwrap(),
        Submitted::Failed(_)
    ));
    store.ticket_create(&tenant(), &ticket).await.unwrap();
    assert!(matches!(
        store.submission_get(&tenant(), &ticket.id).await.unwrap(),
        Submitted::Created(_)
    ));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_newest_first() {
    let store = store().await;
    for n in 0..5 {
        let mut ticket = submission(&format!("t{n}")).into_ticket(key("expense"), 1);
        ticket.created_at = at(n);
        store.ticket_create(&tenant(), &ticket).await.unwrap();
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let read = store
            .ticket_list(&tenant(), &user_id("mei"), &page(2, cursor))
            .await
            .unwrap();
        found.extend(read.items.into_iter().map(|ticket| ticket.id.to_string()));
        cursor = read.next_cursor;
        if cursor.is_none() {
            break;
        }
        let foreign = store
            .ticket_list(&tenant(), &user_id("lin"), &page(2, cursor.clone()))
            .await;
        assert_eq!(foreign.unwrap_err().code(), Code::ValidationError);
    }
    assert_eq!(found, ["t4", "t3", "t2", "t1", "t0"]);
}

#[tokio::test]
async fn events_are_appended_once_for_each_revision() {
    let store = store().await;
    let ticket = submission("t1").into_ticket(key("expense"), 1);
    let item = |revision: u64| {
        use store::item::ItemExt;
        let mut ticket = ticket.clone();
        ticket.revision = revision;
        store::item::to_item(&ticket)
            .unwrap()
            .at(&keys::ticket(&tenant(), &ticket.id))
    };
    let (first, second) = (item(1), item(2));
    assert_eq!(store.events_append([(None, Some(&first))]).await.unwrap(), 1);
    assert_eq!(store.events_append([(None, Some(&first))]).await.unwrap(), 1);
    assert_eq!(
        store.events_append([(Some(&first), Some(&first))]).await.unwrap(),
        0
    );
    assert_eq!(
        store
            .events_append([(Some(&first), Some(&second))])
            .await
            .unwrap(),
        1
    );
    let events = store
        .events_of(&keys::ticket(&tenant(), &ticket.id))
        .await
        .unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.sequence, event.event.kind.as_str()))
        .collect();
    assert_eq!(told, [(100, "ticket.created"), (200, "ticket.created")]);
}
