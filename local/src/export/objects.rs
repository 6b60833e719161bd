//! Objects of every bucket, with what is said of them.

use anyhow::{Context, Result};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_types::SdkConfig;

/// Copies all; gives how many each bucket has. `by_path`: the account's endpoint has no host for each bucket.
pub(super) async fn copy(here: &SdkConfig, there: &SdkConfig, by_path: bool) -> Result<Vec<(String, usize)>> {
    let here = client(here, true);
    let there = client(there, by_path);
    let mut copied = Vec::new();
    let buckets = here
        .list_buckets()
        .send()
        .await
        .context("cannot list the buckets")?;
    for bucket in buckets.buckets().iter().filter_map(|bucket| bucket.name()) {
        let count = copy_bucket(&here, &there, bucket)
            .await
            .with_context(|| format!("cannot copy the objects of the bucket {bucket}"))?;
        copied.push((bucket.to_owned(), count));
    }
    Ok(copied)
}

fn client(config: &SdkConfig, by_path: bool) -> Client {
    Client::from_conf(Builder::from(config).force_path_style(by_path).build())
}

async fn copy_bucket(here: &Client, there: &Client, bucket: &str) -> Result<usize> {
    let found = there.head_bucket().bucket(bucket).send().await;
    found.context("the account has no such bucket: make it first")?;
    let mut pages = here.list_objects_v2().bucket(bucket).into_paginator().send();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        let page = page?;
        for key in page.contents().iter().filter_map(|object| object.key()) {
            copy_object(here, there, bucket, key)
                .await
                .with_context(|| format!("cannot copy {key}"))?;
            count += 1;
        }
    }
    Ok(count)
}

async fn copy_object(here: &Client, there: &Client, bucket: &str, key: &str) -> Result<()> {
    let got = here.get_object().bucket(bucket).key(key).send().await?;
    let put = there
        .put_object()
        .bucket(bucket)
        .key(key)
        .set_content_type(got.content_type)
        .set_content_encoding(got.content_encoding)
        .set_content_language(got.content_language)
        .set_content_disposition(got.content_disposition)
        .set_cache_control(got.cache_control)
        .set_metadata(got.metadata);
    // Whole, so that it can be sent again: objects are attachments, of some MiB at most.
    let body = got.body.collect().await?;
    put.body(body.into_bytes().into()).send().await?;
    Ok(())
}
