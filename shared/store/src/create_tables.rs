//! Creating the tables where no template does it: at home and in tests.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use domain::{Error, Result};

use crate::dynamo::{Store, aws_error};
use crate::table::{EXPIRES_AT, INDEX, INDEX_PARTITION_KEY, INDEX_SORT_KEY, PARTITION_KEY, SORT_KEY, Table};

impl Store {
    /// Creates the tables that are not there yet.
    pub async fn create_tables(&self) -> Result<()> {
        for table in Table::ALL {
            if self.create_table(*table).await? {
                self.enable_expiry(*table).await?;
            }
        }
        Ok(())
    }

    /// False: it is there already.
    async fn create_table(&self, table: Table) -> Result<bool> {
        let mut create = self
            .client()
            .create_table()
            .table_name(self.name(table))
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(string(PARTITION_KEY)?)
            .attribute_definitions(string(SORT_KEY)?)
            .set_key_schema(Some(key_schema(PARTITION_KEY, SORT_KEY)?));
        if table.has_index() {
            let index = GlobalSecondaryIndex::builder()
                .index_name(INDEX)
                .set_key_schema(Some(key_schema(INDEX_PARTITION_KEY, INDEX_SORT_KEY)?))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .map_err(invalid)?;
            create = create
                .attribute_definitions(string(INDEX_PARTITION_KEY)?)
                .attribute_definitions(string(INDEX_SORT_KEY)?)
                .global_secondary_indexes(index);
        }
        if table.has_stream() {
            let stream = StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .map_err(invalid)?;
            create = create.stream_specification(stream);
        }
        match create.send().await {
            Ok(_) => Ok(true),
            Err(e) if e.code() == Some("ResourceInUseException") => Ok(false),
            Err(e) => Err(aws_error("create a table", e)),
        }
    }

    async fn enable_expiry(&self, table: Table) -> Result<()> {
        let specification = TimeToLiveSpecification::builder()
            .attribute_name(EXPIRES_AT)
            .enabled(true)
            .build()
            .map_err(invalid)?;
        let update = self.client().update_time_to_live().table_name(self.name(table));
        let sent = update.time_to_live_specification(specification).send().await;
        sent.map(|_| ())
            .map_err(|e| aws_error("let items of a table expire", e))
    }
}

fn string(name: &str) -> Result<AttributeDefinition> {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .map_err(invalid)
}

fn key_schema(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .map_err(invalid)
        })
        .collect()
}

fn invalid(error: aws_sdk_dynamodb::error::BuildError) -> Error {
    Error::internal("describe a table", error)
}
