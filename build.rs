//! Compiles the contract without protoc: protox reads the `.proto` files, tonic-prost-build writes the Rust code.

use prost::Message as _;
use std::{env, error::Error, fs, path::PathBuf};

/// Every file of the contract; what they import is found by itself.
const SERVICES: &[&str] = &[
    "profitscore/v1/activity_service.proto",
    "profitscore/v1/cost_model_service.proto",
    "profitscore/v1/customer_service.proto",
    "profitscore/v1/prospect_service.proto",
    "profitscore/v1/ranking_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(SERVICES)?;
    let mut api = compiler.file_descriptor_set();
    // Google's comments hold indented text, which would be taken for examples in Rust and tried as such.
    for file in &mut api.file {
        if file.name().starts_with("google/") {
            file.source_code_info = None;
        }
    }

    // Reflection and JSON output need the details of errors too, although no message of the contract imports them.
    compiler.open_files(["google/rpc/error_details.proto"])?;
    let mut described = compiler.file_descriptor_set();
    for file in &mut described.file {
        file.source_code_info = None;
    }
    fs::write(out.join("api.bin"), described.encode_to_vec())?;

    // Page tokens and JSON output ask a message for its name.
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .include_file("api.rs")
        .compile_fds_with_config(api, config)?;
    Ok(())
}
