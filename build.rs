//! Compiles the contract without protoc: protox reads the `.proto` files, tonic-prost-build writes the Rust code.

use prost::Message as _;
use prost_types::FileDescriptorSet;
use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

/// Every file of the contract; what they import is found by itself.
const SERVICES: &[&str] = &[
    "profitscore/v1/activity_service.proto",
    "profitscore/v1/advice_service.proto",
    "profitscore/v1/closing_service.proto",
    "profitscore/v1/cost_model_service.proto",
    "profitscore/v1/customer_service.proto",
    "profitscore/v1/customer_value_service.proto",
    "profitscore/v1/exchange_rate_service.proto",
    "profitscore/v1/price_terms_service.proto",
    "profitscore/v1/prospect_service.proto",
    "profitscore/v1/ranking_service.proto",
    "profitscore/v1/receivables_service.proto",
    "profitscore/v1/report_service.proto",
    "profitscore/v1/watch_service.proto",
];

/// The server of activities once more, for requests that stay bytes until they are read.
fn activity_server(mut api: FileDescriptorSet, out: &Path) -> Result<(), Box<dyn Error>> {
    for file in &mut api.file {
        let file_name = file.name().to_owned();
        if file_name != SERVICES[0] {
            file.service.clear();
        }
    }
    let folder = out.join("activity_server");
    fs::create_dir_all(&folder)?;
    tonic_prost_build::configure()
        .out_dir(folder)
        .build_client(false)
        .codec_path("crate::api::wire::WireCodec")
        .extern_path(
            ".profitscore.v1.SubmitActivitiesRequest",
            "crate::api::wire::activity::SubmitActivities",
        )
        .extern_path(
            ".profitscore.v1.StreamActivitiesRequest",
            "crate::api::wire::activity::ActivityChunk",
        )
        .extern_path(".profitscore.v1", "crate::api::pb")
        .extern_path(".google", "crate::api::pb::google")
        .compile_fds(api)?;
    Ok(())
}

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
        .compile_fds_with_config(api.clone(), config)?;
    activity_server(api, &out)
}
