//! Human tasks: who votes, who claims, what decides, what is listed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::people::user;
use tests::{Answer, Client, Story, TestApp, process};

async fn vote(who: &Client, task: &str, outcome: &str) -> Answer {
    who.post(&format!("/tasks/{task}/complete"), json!({ "outcome": outcome }))
        .await
}

/// New users who may vote.
async fn voters(admin: &Client, count: usize) -> Vec<(String, Client)> {
    let mut voters = Vec::new();
    for n in 0..count {
        voters.push(user(admin, &format!("voter-{n}"), "director", None).await);
    }
    voters
}

fn users(voters: &[(String, Client)]) -> Value {
    voters.iter().map(|(id, _)| json!({ "user": id })).collect()
}

/// The ids in one of somebody's lists.
async fn list(who: &Client, view: &str) -> BTreeSet<String> {
    let answer = who.get(&format!("/tasks?view={view}&limit=100")).await;
    let items = answer.data(200)["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn list_is(who: &Client, view: &str, expected: &[&str]) {
    let expected: BTreeSet<_> = expected.iter().map(ToString::to_string).collect();
    let path = format!("/tasks?view={view}&limit=100");
    who.until(&path, |page| {
        let items = page["items"].as_array().unwrap();
        let ids: BTreeSet<_> = items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect();
        ids == expected
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_decide_by_the_policy() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let voters = voters(&story.admin, 3).await;
    for (key, policy, votes, resolution) in [
        ("any", json!("any"), vec!["reject"], "rejected"),
        (
            "all",
            json!("all"),
            vec!["approve", "approve", "approve"],
            "completed",
        ),
        ("all-but-one", json!("all"), vec!["approve", "reject"], "rejected"),
        (
            "half",
            json!({ "ratio": 0.5 }),
            vec!["reject", "approve", "approve"],
            "completed",
        ),
        (
            "half-lost",
            json!({ "ratio": 0.5 }),
            vec!["reject", "reject"],
            "rejected",
        ),
        (
            "two-thirds",
            json!({ "ratio": 0.66 }),
            vec!["approve", "approve"],
            "completed",
        ),
        ("everybody", json!({ "ratio": 1.0 }), vec!["reject"], "rejected"),
    ] {
        process::publish_task(
            &story.admin,
            key,
            json!({ "assign": users(&voters), "vote": policy }),
        )
        .await;
        let ticket = story.ticket_of(key).await;
        let task = story.ask(&ticket).await;
        for (n, (outcome, (id, who))) in votes.iter().zip(&voters).enumerate() {
            let answer = vote(who, &task, outcome).await;
            let seen = answer.data(200);
            let decided = n + 1 == votes.len();
            assert_eq!(
                seen["status"],
                if decided { "completed" } else { "open" },
                "{key} {n}"
            );
            assert!(seen["voted"].as_array().unwrap().contains(&json!(id)), "{key}");
            vote(who, &task, outcome).await.error(409);
        }
        assert_eq!(story.resolved(&ticket).await["resolution"], resolution, "{key}");
        // Who has not voted has nothing to do any more, and can do nothing.
        for (_, who) in &voters[votes.len()..] {
            list_is(who, "todo", &[]).await;
            vote(who, &task, "approve").await.error(409);
        }
        vote(&story.manager, &task, "approve").await.error(403);
    }
    assert_eq!(list(&voters[0].1, "done").await.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_voters_at_once_decide_once() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let voters = voters(&story.admin, 10).await;
    let task = json!({ "assign": users(&voters), "vote": { "ratio": 1.0 } });
    process::publish_task(&story.admin, "board", task).await;
    let ticket = story.ticket_of("board").await;
    let task = story.ask(&ticket).await;
    let votes = voters.iter().map(|(_, who)| {
        let (who, task) = (who.clone(), task.clone());
        tokio::spawn(async move { vote(&who, &task, "approve").await })
    });
    let mut decided = 0;
    for vote in votes.collect::<Vec<_>>() {
        decided += usize::from(vote.await.unwrap().data(200)["status"] == "completed");
    }
    assert_eq!(decided, 1);
    assert_eq!(story.resolved(&ticket).await["resolution"], "completed");
    let seen = story.admin.get(&format!("/tasks/{task}")).await;
    assert_eq!(seen.data(200)["voted"].as_array().unwrap().len(), 10);
    let trace = story.requester.get(&format!("/instances/i-{ticket}/trace")).await;
    let trace = trace.data(200)["items"].as_array().unwrap().len();
    assert_eq!(trace, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_claim_one_holds() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let (_, second) = user(&story.admin, "second-director", "director", None).await;
    let pool = json!({ "candidates": [{ "role": "director" }] });
    process::publish_task(&story.admin, "pool", pool).await;
    for _ in 0..5 {
        let ticket = story.ticket_of("pool").await;
        let task = story.ask(&ticket).await;
        let both = [&story.director, &second];
        for who in both {
            list_is(who, "claimable", &[&task]).await;
            list_is(who, "todo", &[]).await;
            // Offered is not held.
            vote(who, &task, "approve").await.error(403);
        }
        let claim = format!("/tasks/{task}/claim");
        story.manager.act(&claim).await.error(403);
        let (first, other) = tokio::join!(story.director.act(&claim), second.act(&claim));
        let mut statuses = [first.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let (holder, loser) = if first.status == 200 {
            (&story.director, &second)
        } else {
            (&second, &story.director)
        };
        list_is(holder, "todo", &[&task]).await;
        for who in both {
            list_is(who, "claimable", &[]).await;
        }
        holder.act(&claim).await.data(200);
        loser.act(&claim).await.error(409);
        vote(loser, &task, "approve").await.error(403);
        vote(holder, &task, "approve").await.data(200);
        list_is(holder, "todo", &[]).await;
        assert!(list(holder, "done").await.contains(&task));
        holder.act(&claim).await.error(409);
        assert_eq!(story.resolved(&ticket).await["resolution"], "completed");
    }
    assert_eq!(
        list(
            &story.requester.with_token(story.admin.token().unwrap()),
            "started"
        )
        .await
        .len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    for _ in 0..7 {
        story.submit(1.0).await;
    }
    let done = |list: &Value| list["items"].as_array().unwrap().len() == 7;
    story.manager.until("/tasks", done).await;
    story.requester.until("/tickets", done).await;
    let starter = app.bearer(
        "default",
        &story.requester_id,
        &[domain::permission::Permission::TaskRead],
    );
    starter.until("/tasks?view=started", done).await;
    for (who, path) in [
        (&story.manager, "/tasks?view=todo&limit=3"),
        (&story.requester, "/tickets?limit=3"),
        (&starter, "/tasks?view=started&limit=3"),
    ] {
        let whole = path.replace("limit=3", "limit=100");
        let whole = who.get(&whole).await.data(200)["items"].clone();
        let (mut pages, mut items, mut next) = (0, Vec::new(), path.to_owned());
        loop {
            let page = who.get(&next).await;
            let page = page.data(200);
            pages += 1;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("{path}&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!((pages, &Value::Array(items)), (3, &whole), "{path}");
    }
    // A cursor of one list, or of another's list, opens no other.
    let page = story.manager.get("/tasks?limit=3").await;
    let cursor = page.data(200)["next_cursor"].as_str().unwrap();
    for (who, list) in [
        (&story.manager, "/tasks?view=done"),
        (&story.director, "/tasks?view=todo"),
        (&story.admin, "/users?"),
    ] {
        let path = format!("{list}&cursor={cursor}");
        assert_eq!(who.get(&path).await.error(400).1[0].0, "/?cursor", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_writes_what_it_may() {
    let app = TestApp::start().await;
    let story = Story::set_up(&app).await;
    let ticket = story.ticket(&story.submit(9000.0).await).await;
    let ticket = ticket["id"].as_str().unwrap();
    let task = story.task_of(&story.manager, ticket).await;
    let complete = format!("/tasks/{task}/complete");
    for (body, (pointer, code)) in [
        (
            json!({ "outcome": "approve", "values": { "amount": 1 } }),
            ("/values/amount", "read_only"),
        ),
        (
            json!({ "outcome": "approve", "values": { "nought": 1 } }),
            ("/values/nought", "read_only"),
        ),
        (
            json!({ "outcome": "approve", "values": { "note": 1 } }),
            ("/values/note", "type"),
        ),
        (
            json!({ "outcome": "approve", "values": { "note": "x".repeat(2001) } }),
            ("/values/note", "maxLength"),
        ),
        (
            json!({ "outcome": "approve", "values": { "note": "x".repeat(40_000) } }),
            ("/values", "too_large"),
        ),
        (json!({ "outcome": "approve", "values": [] }), ("/values", "type")),
        (
            json!({ "outcome": "approve", "comment": "x".repeat(2001) }),
            ("/comment", "maxLength"),
        ),
        (json!({ "outcome": "maybe" }), ("/outcome", "enum")),
        (json!({ "outcome": "" }), ("/outcome", "enum")),
        (json!({ "comment": "?" }), ("/outcome", "required")),
    ] {
        let answer = story.manager.post(&complete, body.clone()).await;
        assert_eq!(
            answer.error(400).1,
            [(pointer.to_owned(), code.to_owned())],
            "{body}"
        );
    }
    let seen = story.manager.get(&format!("/tasks/{task}")).await;
    assert_eq!(
        (&seen.data(200)["status"], &seen.data(200)["voted"]),
        (&json!("open"), &json!([]))
    );
    let body = json!({ "outcome": "approve", "comment": "好 \u{0} 👍", "values": { "note": "ça va" } });
    story.manager.post(&complete, body.clone()).await.data(200);
    assert_eq!(story.manager.post(&complete, body).await.error(409).0, "CONFLICT");
    let path = format!("/instances/i-{ticket}");
    let at_director = story
        .requester
        .until(&path, |instance| instance["active_nodes"] == json!(["director"]))
        .await;
    assert_eq!(at_director["data"], json!({ "amount": 9000.0, "note": "ça va" }));
    let director = story.task_of(&story.director, ticket).await;
    let body = json!({ "outcome": "approve", "values": { "note": "x" } });
    let answer = story
        .director
        .post(&format!("/tasks/{director}/complete"), body)
        .await;
    assert_eq!(answer.error(400).1[0].1, "read_only");
}
