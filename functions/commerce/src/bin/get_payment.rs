//! Written by `cargo xtask codegen`: GET /api/v1/payments/{id}.

fn main() -> std::process::ExitCode {
    runtime::serve(&commerce::get_payment::endpoint())
}
