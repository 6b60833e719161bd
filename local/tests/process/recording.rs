//! The kit that records executions on a real account, tried on this home: it has to work before anybody runs it there. What it
//! writes is read and replayed as the corpus is.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::{self, histories};
use crate::pflow::{Folder, Pflow, command};

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_recorded_as_the_corpus_has_them() {
    let Some(programs) = std::env::var_os("PFLOW_CLIENTS").map(PathBuf::from) else {
        eprintln!("NOT CHECKED: the recording kit: PFLOW_CLIENTS is not set; `cargo xtask test` sets it");
        return;
    };
    let folder = Folder::new();
    let data = folder.path("data");
    let mut pflow = Pflow::start_command(command(&["serve"], &data), &data);
    pflow.ready().await;
    let recordings = folder.path("recordings");
    let before = machines(&pflow).await;
    record(&programs, &pflow, &recordings);
    assert_eq!(machines(&pflow).await, before, "what was made is removed");
    assert!(pflow.stop());

    let files = common::json_files(&recordings.join("histories"));
    let mut told = Vec::new();
    for (name, mut file) in files {
        told.push(format!(
            "{name}: {} {}",
            file["terminal_event"].as_str().unwrap(),
            file["noted"]
        ));
        until_redriven(&mut file);
        if let Err(difference) = histories::check(&file) {
            panic!("{name}: {difference}");
        }
    }
    assert_eq!(
        told,
        [
            r#"abort-while-waiting.json: ExecutionAborted {"status":"ABORTED","late_answer":"TaskTimedOut"}"#,
            r#"callback.json: ExecutionSucceeded {"status":"SUCCEEDED"}"#,
            r#"cancel-in-parallel.json: ExecutionSucceeded {"status":"SUCCEEDED","late_answer":"TaskTimedOut"}"#,
            r#"late-token.json: ExecutionFailed {"status":"FAILED","late_answer":"TaskTimedOut"}"#,
            r#"redrive.json: ExecutionSucceeded {"status":"SUCCEEDED","status_before":"FAILED"}"#,
        ]
    );
    let index: Value =
        serde_json::from_slice(&std::fs::read(recordings.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["files"].as_array().unwrap().len(), told.len());
}

fn record(programs: &Path, pflow: &Pflow, recordings: &Path) {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../state-machines/recording/record.py"
    );
    let output = Command::new(programs.join("python"))
        .arg(script)
        .arg(recordings)
        .args([
            "--region",
            "us-east-1",
            "--role-arn",
            "arn:aws:iam::000000000000:role/none",
        ])
        .arg("--endpoint-url")
        .arg(format!("http://127.0.0.1:{}", pflow.aws_port))
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{told}\n{errors}");
}

/// What of a recording can be replayed: the replay has nobody who redrives.
fn until_redriven(file: &mut Value) {
    let history = file["history"].as_array_mut().unwrap();
    if let Some(redriven) = history
        .iter()
        .position(|event| event["type"] == "ExecutionRedriven")
    {
        history.truncate(redriven);
    }
}

/// How many state machines there are.
async fn machines(pflow: &Pflow) -> usize {
    let request = reqwest::Client::new().post(format!("http://127.0.0.1:{}/", pflow.aws_port));
    let request = request
        .header("x-amz-target", "AWSStepFunctions.ListStateMachines")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0")
        .body("{}");
    let answer: Value =
        serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
    answer["stateMachines"].as_array().unwrap().len()
}
