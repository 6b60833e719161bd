//! What a deployment to an account needs beside its template: here, the account is a home with nothing but tables.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use aws_sdk_dynamodb::Client;
use runtime::clients::{http_client, sdk_config};
use serde_json::json;
use store::Store;

use crate::pflow::{Folder, Pflow, command, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_created_once() {
    let folder = Folder::new();
    let data = folder.path("data");
    let account = command(&["serve", "--no-gateway"], &data);
    let mut account = Pflow::start_command(account, &data);
    account.aws_ready().await;
    let endpoint = format!("http://127.0.0.1:{}", account.aws_port);
    let aws = tests::aws_at(&endpoint, "us-east-1");
    let client = Client::new(&sdk_config(&aws, http_client()));
    Store::new(client, "pflow-").create_tables().await.unwrap();

    let create = || {
        let mut command = command(&["administrator"], &data);
        command
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("PFLOW_ADMIN_PASSWORD");
        told(&command.output().unwrap())
    };
    let first = create();
    let password = first.trim().rsplit(' ').next().unwrap();
    assert!(first.starts_with("The administrator is created. Shown this once: user admin, password "));
    assert_eq!(create(), "There is an administrator already.\n");
    assert!(account.stop());

    let mut home = Pflow::start(&data);
    home.ready().await;
    let body = json!({ "username": "admin", "password": password });
    home.client().post("/auth/login", body).await.data(200);
}

#[test]
fn keys_are_new_or_those_of_a_home() {
    let folder = Folder::new();
    let (home, data) = (folder.path("home"), folder.path("data"));
    let keys = |name: &str, more: &[&str]| {
        let file = folder.path(name);
        told(&run(&[&["keys", file.to_str().unwrap()], more].concat(), &data));
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::read_to_string(file).unwrap()
    };
    let new = keys("new.yaml", &[]);
    assert_ne!(keys("other.yaml", &[]), new);
    let names: Vec<&str> = new.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(names, ["TokenPublicKey", "TokenPrivateKey", "SubmissionKey"]);

    let there = local::secrets::Secrets::of_folder(&home).unwrap();
    let of_home = keys("home.yaml", &["--of", home.to_str().unwrap()]);
    assert_eq!(
        of_home,
        format!(
            "TokenPublicKey: \"{}\"\nTokenPrivateKey: \"{}\"\nSubmissionKey: \"{}\"\n",
            there.token_public_key, there.token_private_key, there.submission_key
        )
    );
    let nowhere = run(
        &["keys", "x.yaml", "--of", folder.path("none").to_str().unwrap()],
        &data,
    );
    assert!(!nowhere.status.success());
}

#[track_caller]
fn told(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
