use super::*;

#[test]
fn the_order_of_instants_is_the_order_of_their_texts() {
    let texts = [
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.100Z",
        "2026-01-02T03:04:06Z",
    ]
    .map(|text| instant(text.parse().unwrap()));
    assert!(texts.is_sorted(), "{texts:?}");
    assert_eq!(texts[0], "2026-01-02T03:04:05.000Z");
}

#[test]
fn the_tenant_leads_every_key() {
    let tenant = TenantId::parse("acme").unwrap();
    let key = |key: &str| Key::parse(key).unwrap();
    let user_id = UserId::parse("u1").unwrap();
    let ticket_id = TicketId::parse("t1").unwrap();
    let instance_id = InstanceId::of_ticket(&ticket_id);
    let task_id = TaskId::parse("i-t1~manager~2").unwrap();
    let message = Channel::Message {
        name: "order#paid".to_owned(),
        correlation: "100%".to_owned(),
    };
    let iteration = Iteration::parse("0.1").unwrap();
    let name = Username::parse("mei").unwrap();
    let keys = [
        user(&tenant, &user_id),
        session(&tenant, &user_id, "s1"),
        login(&tenant, &name),
        role(&tenant, &key("director")),
        role_member(&tenant, &key("director"), &user_id),
        form(&tenant, &key("claim")),
        form_version(&tenant, &key("claim"), 1),
        workflow(&tenant, &key("expense")),
        workflow_version(&tenant, &key("expense"), 12),
        ticket_type(&tenant, &key("expense")),
        ticket(&tenant, &ticket_id),
        failed_submission(&tenant, &ticket_id),
        instance(&tenant, &instance_id),
        step(&tenant, &instance_id, 3, "size", 1, None),
        step(&tenant, &instance_id, 4, "size", 2, Some(&iteration)),
        task(&tenant, &task_id),
        task(&tenant, &TaskId::parse("i-t1~manager~2.0.1").unwrap()),
        released(&tenant, &task_id),
        join(&tenant, &TaskId::parse("i-t1~each~1.0").unwrap()),
        closing(&tenant, &instance_id, "i-t1/sub:close:1/9"),
        task(&tenant, &TaskId::parse("i-t1~alarm:wait~1").unwrap()),
        waiting(
            &tenant,
            &message,
            &Waiting {
                place: task_id.clone(),
                node: "paid".to_owned(),
                since: Timestamp::UNIX_EPOCH,
            },
        ),
        thrown(&tenant, &message, "m#1"),
        thrown(
            &tenant,
            &Channel::Signal {
                name: "fire".to_owned(),
            },
            "s1",
        ),
        inbox(&tenant, &user_id, &task_id),
        offer(&tenant, &Candidate::Role(key("agent")), &task_id),
        started(&tenant, &user_id, &instance_id),
        payment(&tenant, "p1"),
        idempotency(&tenant, &user_id, "create_form", "k1"),
    ];
    let shapes: Vec<String> = keys
        .iter()
        .map(|key| format!("{} | {}", key.pk, key.sk))
        .collect();
    insta::assert_snapshot!(shapes.join("\n"), @r"
    acme#USER#u1 | USER
    acme#USER#u1 | SESSION#s1
    acme#LOGIN#mei | LOGIN
    acme#ROLE#director | ROLE
    acme#ROLE#director | MEMBER#u1
    acme#FORM#claim | DRAFT
    acme#FORM#claim | VERSION#00000001
    acme#WORKFLOW#expense | DRAFT
    acme#WORKFLOW#expense | VERSION#00000012
    acme#TYPE#expense | TYPE
    acme#TICKET#t1 | TICKET
    acme#TICKET#t1 | FAILED
    acme#INSTANCE#i-t1 | INSTANCE
    acme#INSTANCE#i-t1 | STEP#00000003#size#1
    acme#INSTANCE#i-t1 | STEP#00000004#size#2#0.1
    acme#INSTANCE#i-t1 | TASK#manager#000002
    acme#INSTANCE#i-t1 | TASK#manager#000002#0.1
    acme#INSTANCE#i-t1 | RELEASED#manager#000002
    acme#INSTANCE#i-t1 | JOIN#each#000001#0
    acme#INSTANCE#i-t1 | CLOSED#i-t1/sub:close:1/9
    acme#INSTANCE#i-t1 | TASK#alarm:wait#000001
    acme#MESSAGE#order%23paid#100%25 | WAITING#1970-01-01T00:00:00.000Z#i-t1~manager~2#paid
    acme#MESSAGE#order%23paid#100%25 | THROWN#m%231
    acme#SIGNAL#fire | THROWN#s1
    acme#INBOX#u1 | TASK#i-t1~manager~2
    acme#OFFER#ROLE#agent | TASK#i-t1~manager~2
    acme#INBOX#u1 | INSTANCE#i-t1
    acme#PAYMENT#p1 | PAYMENT
    acme#IDEMPOTENCY#u1 | create_form#k1
    ");
    assert!(
        keys.iter()
            .all(|key| tenant_of(&key.pk).as_ref() == Some(&tenant))
    );
}
