//! Measures the write side on the server of `DATABASE_URL`: `bench [append|append-single]...`.
#![allow(clippy::print_stdout, reason = "prints what it measured")]

use std::str::FromStr;

use ingest::bench;
use sqlx::postgres::PgConnectOptions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = PgConnectOptions::from_str(&std::env::var("DATABASE_URL")?)?;
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |work: &str| asked.is_empty() || asked.iter().any(|name| name == work);
    if wanted("append") {
        println!("{}", serde_json::to_string(&bench::append(&server).await?)?);
    }
    if wanted("append-single") {
        println!("{}", serde_json::to_string(&bench::append_single(&server).await?)?);
    }
    Ok(())
}
