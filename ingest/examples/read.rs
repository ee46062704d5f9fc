//! Reads one file without a log and counts what it says: `cargo run --release -p ingest --example read -- FILE`

use std::{fs::File, path::Path};

use ingest::Hints;

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).ok_or("usage: read FILE")?;
    let (mut records, mut events) = (0_u64, 0_u64);
    ingest::read(
        &mut File::open(Path::new(&name))?,
        &name,
        &Hints::default(),
        store::Timestamp::now(),
        &mut |line, said| match said {
            Ok(said) => {
                records += 1;
                events += said.len() as u64;
            }
            Err(why) => println!("{name}:{line}: {why}"),
        },
    );
    println!("{records} records say {events} events");
    Ok(())
}
