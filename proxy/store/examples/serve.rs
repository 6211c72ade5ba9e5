//! Serves a store: `cargo run -p store --example serve -- DIR ADDR`, with the keys in the
//! environment as `AK` and `SK`, and the region (default `us-east-1`) as `REGION`.

use std::env;
use std::error::Error;
use std::path::PathBuf;

use store::Credentials;
use store::Region;
use store::Store;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("DIR is missing")?);
    let address = arguments.next().and_then(|text| text.into_string().ok());
    let listener = TcpListener::bind(address.ok_or("ADDR is missing")?).await?;
    let credentials = Credentials::new(env::var("AK")?, env::var("SK")?);
    let region: Region = env::var("REGION")
        .as_deref()
        .unwrap_or("us-east-1")
        .parse()?;
    let store = Store::open(&folder)?;
    println!(
        "serving {} on http://{}",
        folder.display(),
        listener.local_addr()?
    );
    let interrupted = async {
        // Without signals the store serves until it is killed, which loses nothing.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    store::serve(listener, store, credentials, region, interrupted).await?;
    Ok(())
}
